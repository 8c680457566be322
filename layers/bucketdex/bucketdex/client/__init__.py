"""Asking a stack's API from Python: typed hits, page by page, as tables, and their bytes."""
