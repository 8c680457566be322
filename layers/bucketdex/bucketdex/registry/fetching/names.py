"""Which files of a package can be files of a folder: no name leads out of it, and each means one file everywhere."""

import os
import tempfile
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from bucketdex.registry.errors import PackageError
from bucketdex.registry.logical_keys import fault_on_disk

# What to do with names that some system has no file for: refuse, leave those out, or take what this system can.
Names = Literal["portable", "skip", "here"]
LISTED = 10  # names that an error spells out


class Chosen(msgspec.Struct, frozen=True):
    """The logical keys that become files, those left out, and those that differ only by case or accents' form."""

    keys: list[str]
    left_out: dict[str, str]  # logical key -> why
    alike: list[list[str]]


def choose(keys: Iterable[str], root: Path, names: Names) -> Chosen:
    """Choose the files; raises `PackageError` that lists those that cannot be, and says what can be done."""
    windows = names != "here" or os.name == "nt"
    taken: list[str] = []
    left_out: dict[str, str] = {}
    for key in keys:
        if reason := fault_on_disk(key, windows=windows):
            left_out[key] = reason
        else:
            taken.append(key)
    if left_out and names != "skip":
        hint = "or take what this system can name (here)" if names == "portable" else ""
        raise PackageError(_refusal(left_out, f"leave them out (skip) {hint}".strip()))
    alike = _alike(taken)
    if alike and not _tells_case(root):
        reason = "another file has that name on this disk, which does not tell case"
        twice = {key: reason for group in alike for key in group[1:]}
        if names != "skip":
            raise PackageError(_refusal(twice, "leave them out (skip), or install on another disk"))
        left_out |= twice
        taken = [key for key in taken if key not in twice]
    return Chosen(taken, left_out, alike)


def _refusal(left_out: dict[str, str], hint: str) -> str:
    shown = "; ".join(f"{key[:200]!r}: {reason}" for key, reason in list(left_out.items())[:LISTED])
    more = f"; and {len(left_out) - LISTED} more" if len(left_out) > LISTED else ""
    return f"{len(left_out)} files of the package cannot be files here: {shown}{more}. Nothing was fetched: {hint}"


def _alike(keys: Sequence[str]) -> list[list[str]]:
    """Return the groups of keys that are one on a disk which does not tell case."""
    groups: dict[str, list[str]] = {}
    for key in keys:
        name = key if key.isascii() else unicodedata.normalize("NFC", key)
        groups.setdefault(name.casefold(), []).append(key)
    if len(groups) == len(keys):
        return []
    return [group for group in groups.values() if len(group) > 1]


def _tells_case(root: Path) -> bool:
    with tempfile.NamedTemporaryFile(dir=root, prefix=".bucketdex-a") as file:
        path = Path(file.name)
        return not path.with_name(path.name.upper()).exists()
