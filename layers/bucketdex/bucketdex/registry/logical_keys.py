"""Which logical keys a file of a package can have, and which of them can be files on a disk."""

import os
import re

from bucketdex.registry.errors import PackageError

RESERVED = re.compile(r"(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|CLOCK\$|(?:COM|LPT)[0-9¹²³])(?:\..*)?", re.IGNORECASE)
NOT_ON_WINDOWS = re.compile(r'[<>:"|?*\x00-\x1f]')
LONGEST_NAME = 255  # bytes of one part, on nearly all systems


def fault(key: str) -> str | None:
    """Return why no file of a package can have this logical key, or None."""
    if not key:
        return "it is empty"
    if "\0" in key or "\\" in key:
        return "it holds a NUL" if "\0" in key else "it holds a backslash; folders are told apart by /"
    if key.startswith("/") or key.endswith("/"):
        return "it begins with /" if key.startswith("/") else "it ends with /, as only a folder does"
    if not {"", ".", ".."}.isdisjoint(key.split("/")):
        return "a part of it is empty, . or .."
    try:
        key.encode()
    except UnicodeEncodeError:
        return "it is not valid Unicode"
    return None


def fault_on_disk(key: str, *, windows: bool = os.name == "nt") -> str | None:
    """Return why there can be no file of this name in a folder, or None.

    On Windows fewer names are possible: `a:b` would be written into another file, `aux.h` into a device.
    """
    if found := fault(key):
        return found
    for part in key.split("/"):
        if len(part.encode()) > LONGEST_NAME:
            return f"{part[:40]}... is longer than {LONGEST_NAME} bytes"
        if windows and (NOT_ON_WINDOWS.search(part) or part[-1] in ". " or RESERVED.fullmatch(part)):
            return f"Windows has no files named {part!r}"
    return None


def checked(key: str) -> str:
    """Return a logical key that a file can have; raises `PackageError`."""
    if found := fault(key):
        raise PackageError(f"{key!r} cannot be a logical key: {found}")
    return key
