"""How the stack is: what waits, what was set aside and why, how far the index is behind, when it was compared."""
