"""The routes, by topic: what each takes, whom it asks, and what it answers."""
