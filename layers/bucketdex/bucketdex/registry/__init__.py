"""Data packages from Python: build, browse, compare and verify them, in registries on disk or in S3."""
