"""Digests of objects: what S3 keeps of them, what is read, within which policy, at most once."""
