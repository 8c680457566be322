"""Where this program keeps what it has to remember between two commands: the user's own state folder."""

import os
import sys
from hashlib import sha256
from pathlib import Path

NAME_BYTES = 16  # of a digest that names a file: enough that no two are the same


def state_folder() -> Path:
    """Return the folder: `BUCKETDEX_STATE`, or the one that the system has for it."""
    if named := os.environ.get("BUCKETDEX_STATE"):
        return Path(named).expanduser()
    if sys.platform == "win32":
        above = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local")
    elif sys.platform == "darwin":
        above = Path.home() / "Library/Application Support"
    else:
        above = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state")
    return above / "bucketdex"


def state_file(kind: str, *about: str) -> Path:
    """Return the file that remembers something of a kind (`pushes`, `installs`) about what is named."""
    name = sha256("\0".join(about).encode("utf-8", "surrogatepass")).hexdigest()[: NAME_BYTES * 2]
    return state_folder() / kind / f"{name}.jsonl"
