"""Which files of a package can be files of a folder: no name leads out of it, and each means one file everywhere."""

import os
import tempfile
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from bucketdex.registry.errors import PackageError
from bucketdex.registry.logical_keys import fault_on_disk

# What to do with names that some system has no file for: refuse, leave those out, or take what this system can.
Names = Literal["portable", "skip", "here"]
LISTED = 10  # names that an error spells out


class NamesError(PackageError):
    """Some files cannot be on a disk: `fault` says which, `ways` what each choice of `Names` that helps does."""

    def __init__(self, fault: str, ways: Mapping[str, str]) -> None:
        self.fault, self.ways = fault, ways
        super().__init__(self.told('names="{}"'))

    def told(self, choice: str) -> str:
        """Return it with the choices as they are written where it is read."""
        return f"{self.fault}. Nothing was fetched. " + ", ".join(
            f"{choice.format(n)} {s}" for n, s in self.ways.items()
        )


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
        raise _refused(left_out)
    alike = _alike(taken)
    if alike and not _tells_case(root):
        reason = "another file has that name on this disk, which does not tell case; others do"
        twice = {key: reason for group in alike for key in group[1:]}
        if names != "skip":
            raise NamesError(*_refusal(twice))
        left_out |= twice
        taken = [key for key in taken if key not in twice]
    return Chosen(taken, left_out, alike)


def _refused(left_out: dict[str, str]) -> NamesError:
    if any(fault_on_disk(key, windows=os.name == "nt") for key in left_out):
        return NamesError(*_refusal(left_out))
    one = len(left_out) == 1
    fault = f"{'1 file has a name' if one else f'{len(left_out):,} files have names'} that Windows cannot have"
    it = "it" if one else "them"
    return NamesError(
        f"{fault}: {_listed([repr(key[:200]) for key in left_out])}",
        {"here": f"installs {it} on this machine", "skip": f"leaves {it} out"},
    )


def _refusal(left_out: dict[str, str]) -> tuple[str, dict[str, str]]:
    one = len(left_out) == 1
    fault = f"{'1 file of the package' if one else f'{len(left_out):,} files of the package'} cannot be "
    shown = _listed([f"{key[:200]!r}: {reason}" for key, reason in left_out.items()])
    return f"{fault}{'a file' if one else 'files'} here: {shown}", {"skip": f"leaves {'it' if one else 'them'} out"}


def _listed(said: Sequence[str]) -> str:
    more = f"; and {len(said) - LISTED} more" if len(said) > LISTED else ""
    return "; ".join(said[:LISTED]) + more


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
