"""The web catalog: pages rendered on the server, which work without JavaScript."""
