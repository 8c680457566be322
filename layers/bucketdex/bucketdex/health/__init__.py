"""How the stack is: what waits, what was set aside, how far behind the index is, what checks found. See `told.py`."""
