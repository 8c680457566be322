"""The functions as processes, and what invokes them: pollers of queues and the load balancer."""
