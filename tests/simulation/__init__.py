"""A simulation that drives the real handler code through random interleavings, against models of what it talks to.

Each world is small and has its own seed: a few keys, several writers, events that are duplicated, reordered, late or
dropped, handlers that run at once, stall, crash and meet faults. When its queues are empty the index must equal the
buckets. There are worlds of objects, of packages, and of a trail, where notifications go missing. `python -m simulation
--help` tells how to run many worlds, or to replay one with a trace of its steps.
"""
