"""What a process gives up before a file, or beside a child that reads one, could turn its reader against us.

Linux has more to give up than others: what is missing elsewhere is passed over.
"""

import codecs
import ctypes
import resource
import sys
from importlib.machinery import PathFinder

PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 4, 38  # of linux/prctl.h
# Whatever is decoded later has its table loaded now: names in archives, XML.
ENCODINGS = ("ascii", "latin-1", "cp437", "cp1252", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be")


def hide() -> None:
    """Keep our environment and memory, which may hold credentials, from all other processes but root's."""
    _prctl(PR_SET_DUMPABLE, 0)


def shut() -> None:
    """From here on open nothing, no file and no socket, and start nothing that may do more than we may."""
    for name in ENCODINGS:
        codecs.lookup(name)
    # What is not loaded by now is not there, which libraries are prepared for.
    sys.meta_path[:] = [it for it in sys.meta_path if it is not PathFinder]
    hide()
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
