"""The edge to AWS: settings, clients, queues."""
