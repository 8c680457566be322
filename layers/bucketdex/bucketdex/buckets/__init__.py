"""Buckets: connected so that whatever happens in one is told and indexed, and disconnected without a trace."""
