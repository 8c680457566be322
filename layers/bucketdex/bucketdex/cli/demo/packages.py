"""Real files that stand in data packages (the dependency group `demo`): countries, a course, penguins, classic tables.

Only files are taken from these packages; their code is never imported, so what it needs is not installed.
"""

import importlib.metadata
from email.header import Header
from pathlib import Path, PurePosixPath

import msgspec

from bucketdex.cli.demo.files import DemoFile
from bucketdex.cli.failures import RefusedError


class Package(msgspec.Struct, frozen=True):
    """A package, the folder of its data, and under which licence they are."""

    name: str
    folder: str
    licence: str
    tags: dict[str, str] = {}
    metadata: dict[str, str] = {}


KINDS = frozenset({".csv", ".gif", ".ipynb", ".json", ".md", ".png", ".rst", ".txt"})
PACKAGES = (
    Package("countryinfo", "countryinfo/data", "MIT"),
    Package("nbgrader", "nbgrader/docs/source", "BSD-3-Clause"),
    Package(
        "palmerpenguins",
        "palmerpenguins/data",
        "CC0-1.0",
        tags={"project": "penguins", "region": "Antártida"},
        # S3 keeps ASCII only in metadata, and encodes what is not as mails do; so does who sends it.
        metadata={"rows": "344", "station": Header("Estación Palmer, Antártida", "utf-8").encode()},
    ),
    Package("vega-datasets", "vega_datasets/_data", "MIT"),
)

# Keys as people make them, and as systems get them wrong: spaces, `+`, `%`, what is not ASCII. Copies of real files.
COPIES = {
    "field notes/Adélie + Gentoo 🐧.csv": "palmerpenguins/penguins.csv",
    "field notes/100% of the raw data (v2).csv": "palmerpenguins/penguins-raw.csv",
}


class PackageMissing(RefusedError):
    """A data package is not installed."""


def packaged() -> tuple[DemoFile, ...]:
    """Return the files of all packages, under keys that begin with the package's name; raises PackageMissing."""
    files = {file.key: file for package in PACKAGES for file in _of(package)}
    copies = [msgspec.structs.replace(files[original], key=key) for key, original in COPIES.items()]
    return (*files.values(), *copies)


def _of(package: Package) -> list[DemoFile]:
    try:
        distribution = importlib.metadata.distribution(package.name)
    except importlib.metadata.PackageNotFoundError as error:
        raise PackageMissing(
            f"the data package {package.name} is not installed: run `make setup`,"
            " or take files of your own with `--data FOLDER`"
        ) from error
    said = {"source": f"{package.name} {distribution.version}", "licence": package.licence, **package.metadata}
    folder = PurePosixPath(package.folder)
    return [
        DemoFile(f"{package.name}/{file.relative_to(folder)}", path, said, package.tags)
        for file in sorted(distribution.files or [])
        if file.is_relative_to(folder) and file.suffix in KINDS
        if (path := Path(str(file.locate()))).is_file()
    ]
