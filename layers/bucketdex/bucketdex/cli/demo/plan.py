"""What the demo searches for and what it changes: planned from the files, so that each step knows what must be seen."""

import re

import msgspec

from bucketdex.cli.demo.files import DemoFile
from bucketdex.cli.demo.packages import packaged


class Search(msgspec.Struct, frozen=True):
    """A query, by what it should find objects, and the keys that must be among the hits."""

    query: str
    by: str
    expected: tuple[str, ...]


class Overwriting(msgspec.Struct, frozen=True):
    """Each `old` in an object becomes `new`; then `new` finds it and `old` does not."""

    file: DemoFile
    old: str
    new: str

    def body(self) -> bytes:
        """Return what the object holds afterwards."""
        text = self.file.path.read_bytes().decode(errors="surrogateescape")
        return re.sub(re.escape(self.old), self.new, text, flags=re.IGNORECASE).encode(errors="surrogateescape")


class Plan(msgspec.Struct, frozen=True):
    """The whole demo: files, three searches, an object that is overwritten and one that is deleted."""

    files: tuple[DemoFile, ...]
    searches: tuple[Search, Search, Search]
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
        Overwriting(iceland, "Reykjavik", "Þingvellir"),
        Search("penguins raw", "name", ("palmerpenguins/penguins-raw.csv",)),
    )
