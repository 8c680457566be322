"""Memory for pieces of what is digested."""

from mmap import mmap


def piece(length: int) -> memoryview:
    """Return zeroed memory of so many bytes, at least one, that goes back to the system as soon as it is let go.

    What `malloc` keeps of large pieces for each thread comes on top of them otherwise: half as much again.
    """
    return memoryview(mmap(-1, length))
