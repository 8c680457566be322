"""What the demo searches for and what it changes: planned from the files, so that each step knows what must be seen."""

import re
from typing import Any

import msgspec

from bucketdex.cli.demo.files import DemoFile
from bucketdex.cli.demo.packages import packaged


class Search(msgspec.Struct, frozen=True):
    """A query, by what it should find something, and the names that must be among the hits.

    They are keys of objects, handles of packages, logical keys of entries.
    """

    query: str
    by: str
    expected: tuple[str, ...]
    kinds: tuple[str, ...] = ("object",)


class Overwriting(msgspec.Struct, frozen=True):
    """Each `old` in an object becomes `new`; then `new` finds it and `old` does not."""

    file: DemoFile
    old: str
    new: str

    def body(self) -> bytes:
        """Return what the object holds afterwards."""
        text = self.file.path.read_bytes().decode(errors="surrogateescape")
        return re.sub(re.escape(self.old), self.new, text, flags=re.IGNORECASE).encode(errors="surrogateescape")


class Packed(msgspec.Struct, frozen=True):
    """A file of the package: its name there, and what is said about it there."""

    logical_key: str
    file: DemoFile
    metadata: dict[str, Any] = {}


class Packaging(msgspec.Struct, frozen=True):
    """A package that is made of some of the files; a search for it and one for a file of it."""

    handle: str
    message: str
    metadata: dict[str, Any]
    files: tuple[Packed, ...]
    searches: tuple[Search, Search]


class Plan(msgspec.Struct, frozen=True):
    """The whole demo: files, three searches, a package, an object that is overwritten and one that is deleted."""

    files: tuple[DemoFile, ...]
    searches: tuple[Search, Search, Search]
    packaging: Packaging
    overwriting: Overwriting
    deletion: Search
    notes: tuple[str, ...] = ()
    own: bool = False  # the files are the user's


def plan_for_packages() -> Plan:
    """Return the plan for the files of the data packages; raises PackageMissing."""
    files = packaged()
    iceland = next(file for file in files if file.key == "countryinfo/iceland.json")
    lesson = "nbgrader/user_guide/creating_and_grading_assignments.ipynb"
    return Plan(
        files,
        (
            Search("reykjavik", "content", (iceland.key,)),
            Search("grading ipynb", "name and content", (lesson,)),
            Search("penguins antartida", "name and tags", tuple(file.key for file in files if file.tags)),
        ),
        _penguins(files),
        Overwriting(iceland, "Reykjavik", "Þingvellir"),
        Search("penguins raw", "name", ("palmerpenguins/penguins-raw.csv",)),
    )


def _penguins(files: tuple[DemoFile, ...]) -> Packaging:
    by_key = {file.key: file for file in files}
    handle, raw = "demo/penguins", "penguins-raw.csv"
    return Packaging(
        handle,
        "Penguins of three species, measured at Palmer Station",
        {"species": ["Adelie", "Chinstrap", "Gentoo"], "years": [2007, 2008, 2009], "licence": "CC0-1.0"},
        (
            Packed("penguins.csv", by_key["palmerpenguins/penguins.csv"], {"rows": 344, "state": "curated"}),
            Packed(raw, by_key[f"palmerpenguins/{raw}"], {"rows": 344, "state": "as measured"}),
        ),
        (
            Search("chinstrap measured", "message and metadata", (handle,), ("package", "entry", "object")),
            Search("penguins raw", "name", (raw, f"{handle}/{raw}"), ("package", "entry", "object")),
        ),
    )
