"""The objects of the judged set: real files of data packages and of this project, under keys as people make them.

A rule takes files of a folder to a place in a bucket; a copy is a second place of one file, as every bucket has them:
old revisions, exports, somebody's scratch folder. Nothing is drawn by chance, so each run judges the same corpus.
"""

import csv
import importlib.metadata
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import msgspec

FIELD, REFERENCE, TEACHING, HANDBOOK, REGISTRY = "field-data", "reference", "teaching", "handbook", "registry"
BUCKETS = (FIELD, REFERENCE, TEACHING, HANDBOOK, REGISTRY)
PROJECT = Path(__file__).parents[2]
KINDS = frozenset({
    "", ".csv", ".db", ".gif", ".html", ".ipynb", ".json", ".md", ".png", ".rst", ".txt", ".yml", ".zip",
})  # fmt: skip
TYPES = {".csv": "text/csv", ".json": "application/json", ".png": "image/png", ".md": "text/markdown"}
OLDEST, DAYS = datetime(2023, 1, 1, 8, tzinfo=UTC), 1000  # what has no date of its own is spread over these


class Kept(msgspec.Struct, frozen=True):
    """An object: where it is, its bytes, and what is said of it."""

    bucket: str
    key: str
    body: bytes
    modified: datetime
    author: str
    metadata: dict[str, str] = {}
    tags: dict[str, str] = {}
    storage_class: str = "STANDARD"


class Rule(msgspec.Struct, frozen=True):
    """Files in `root` of an installed package (or of this project, `""`) go to `folder` of a bucket."""

    package: str
    root: str
    pattern: str
    bucket: str
    folder: str
    author: str
    metadata: dict[str, str] = {}
    tags: dict[str, str] = {}
    modified: str | None = None
    storage_class: str = "STANDARD"
    name: str | None = None  # where it is one file that is called otherwise here


VEGA, PENGUINS, COUNTRIES, COURSE = "vega-datasets", "palmerpenguins", "countryinfo", "nbgrader"
V, P, C, N = "vega_datasets/_data", "palmerpenguins/data", "countryinfo/data", "nbgrader/docs/source"
BIRDS = {"project": "penguins", "license": "CC0"}
CALIPERS = {"station": "Palmer Station, Antarctica", "instrument": "dial calipers", "lter": "PAL"}
FOLDERS = {
    "source": "prof.granger", "release": "prof.granger", "submitted": "exchange-robot", "autograded": "grader-robot",
    "feedback": "grader-robot", "downloaded": "exchange-robot",
}  # fmt: skip
RULES = (
    # Penguins: what was measured, what was cleaned, and what lies around of it.
    Rule(PENGUINS, P, "penguins-raw.csv", FIELD, "penguins/raw", "k.gorman", CALIPERS | {"rows": "344"},
         BIRDS | {"stage": "raw"}, "2024-02-11"),
    Rule(PENGUINS, P, "penguins.csv", FIELD, "penguins/clean", "a.horst", CALIPERS | {"rows": "344"},
         BIRDS | {"stage": "clean"}, "2025-06-18"),
    Rule(PENGUINS, P, "penguins.csv", FIELD, "penguins/archive/2023", "a.horst", {}, BIRDS | {"stage": "superseded"},
         "2023-03-02", "GLACIER_IR"),
    Rule(PENGUINS, P, "penguins.csv", FIELD, "scratch/jt", "j.tanaka", {}, {}, "2025-01-09",
         name="penguins (copy).csv"),
    Rule(PENGUINS, P, "penguins.csv", FIELD, "field notes", "k.gorman", {}, {}, "2024-03-20",
         name="Adélie + Gentoo 🐧.csv"),
    # Weather.
    Rule(VEGA, V, "seattle-weather.csv", FIELD, "weather/seattle", "m.kovacs", {"source": "NOAA", "station": "SEA"},
         {"project": "weather", "stage": "clean"}, "2025-04-30"),
    Rule(VEGA, V, "seattle-temps.csv", FIELD, "weather/seattle/hourly", "m.kovacs",
         {"source": "NOAA", "station": "SEA", "unit": "fahrenheit"}, {"project": "weather", "stage": "raw"},
         "2024-11-02"),
    Rule(VEGA, V, "sf-temps.csv", FIELD, "weather/san-francisco/hourly", "m.kovacs",
         {"source": "NOAA", "station": "SFO", "unit": "fahrenheit"}, {"project": "weather", "stage": "raw"},
         "2024-11-02"),
    Rule(VEGA, V, "seattle-weather.csv", FIELD, "scratch/jt", "j.tanaka", {}, {}, "2025-02-14",
         name="seattle-weather_v2_FINAL.csv"),
    # Crops, flowers, germs.
    Rule(VEGA, V, "barley.json", FIELD, "agronomy/barley", "a.diallo", {"trial": "Immer 1934", "unit": "bushels/acre"},
         {"project": "yields"}, "2024-07-08"),
    Rule(VEGA, V, "wheat.json", FIELD, "agronomy/wheat", "a.diallo", {"source": "Playfair 1822"},
         {"project": "yields"}, "2024-07-09"),
    Rule(VEGA, V, "iris.json", FIELD, "botany/iris", "a.diallo", {"collector": "E. Anderson", "n": "150"},
         {"project": "iris", "stage": "clean"}, "2024-05-21"),
    Rule(VEGA, V, "iris.json", FIELD, "botany/iris/backup", "backup-robot", {}, {}, "2024-06-01",
         name="iris_2024-06-01.json"),
    Rule(VEGA, V, "burtin.json", FIELD, "microbiology", "s.okafor", {"assay": "MIC", "plate": "B7"},
         {"project": "antibiotics"}, "2024-09-15", name="burtin-antibiotics.json"),
    # What others publish.
    Rule(COUNTRIES, C, "*.json", REFERENCE, "countries", "reference-loader", {"source": "countryinfo"},
         {"theme": "geography"}),
    Rule(COUNTRIES, "countryinfo/data_no_iso", "*.json", REFERENCE, "countries/no-iso", "reference-loader",
         {"source": "countryinfo"}, {"theme": "geography"}),
    Rule(VEGA, V, "airports.csv", REFERENCE, "transport", "reference-loader", {"source": "FAA"},
         {"theme": "transport"}, "2024-01-15"),
    Rule(VEGA, V, "driving.json", REFERENCE, "transport", "reference-loader", {}, {"theme": "transport"},
         "2024-01-15"),
    Rule(VEGA, V, "cars.json", REFERENCE, "transport", "reference-loader", {"source": "StatLib"},
         {"theme": "transport"}, "2024-01-16"),
    Rule(VEGA, V, "stocks.csv", REFERENCE, "finance", "reference-loader", {}, {"theme": "finance"}, "2024-01-17"),
    Rule(VEGA, V, "ohlc.json", REFERENCE, "finance", "reference-loader", {"index": "VIX", "exchange": "CBOE"},
         {"theme": "finance"}, "2024-01-17"),
    Rule(VEGA, V, "us-employment.csv", REFERENCE, "economy", "reference-loader", {"source": "BLS"},
         {"theme": "economy"}, "2024-01-18"),
    Rule(VEGA, V, "iowa-electricity.csv", REFERENCE, "energy", "reference-loader", {"source": "EIA"},
         {"theme": "energy"}, "2024-01-18"),
    Rule(VEGA, V, "crimea.json", REFERENCE, "history", "reference-loader", {"source": "Nightingale 1858"},
         {"theme": "history"}, "2024-01-19"),
    Rule(VEGA, V, "la-riots.csv", REFERENCE, "history", "reference-loader", {"source": "Los Angeles Times"},
         {"theme": "history"}, "2024-01-19"),
    Rule(VEGA, V, "anscombe.json", REFERENCE, "statistics", "reference-loader", {"source": "Anscombe 1973"},
         {"theme": "statistics"}, "2024-01-20"),
    Rule(VEGA, "vega_datasets", "*datasets.json", REFERENCE, "vega", "reference-loader", {}, {}, "2024-01-20"),
    Rule(VEGA, "vega_datasets", "dataset_info.json", REFERENCE, "vega", "reference-loader", {}, {}, "2024-01-20"),
    # A course and its guide.
    *(Rule(COURSE, f"{N}/user_guide/{folder}", "**/*", TEACHING, f"cs101/{folder}", author, {"term": "spring"},
           {"course": "cs101"}) for folder, author in FOLDERS.items()),
    Rule(COURSE, f"{N}/user_guide", "*.csv", TEACHING, "cs101", "grader-robot", {}, {"course": "cs101"}, "2025-05-30"),
    Rule(COURSE, f"{N}/user_guide", "*.[riy]*", TEACHING, "guide", "docs-robot", {}, {"kind": "documentation"}),
    Rule(COURSE, f"{N}/user_guide/images", "*", TEACHING, "guide/images", "docs-robot"),
    Rule(COURSE, N, "[!u]*/**/*.rst", TEACHING, "guide", "docs-robot", {}, {"kind": "documentation"}),
    Rule(COURSE, f"{N}/configuration/images", "*", TEACHING, "guide/configuration/images", "docs-robot"),
    Rule(COURSE, "nbgrader/tests/apps/files", "*", TEACHING, "fixtures/apps", "docs-robot"),
    Rule(COURSE, "nbgrader/tests/preprocessors/files", "*", TEACHING, "fixtures/preprocessors", "docs-robot"),
    # This project's own pages, of those that change little.
    Rule("", "docs/decisions", "*.md", HANDBOOK, "decisions", "p.lindqvist", {}, {"kind": "decision"}),
    *(Rule("", "docs", f"{name}.md", HANDBOOK, "manual", "p.lindqvist", {}, {"kind": "manual"})
      for name in ("digests", "operations", "packages", "trail")),
    Rule("", ".", "LICENSE", HANDBOOK, "", "p.lindqvist", {}, {}, "2023-01-02"),
)  # fmt: skip


def kept() -> dict[tuple[str, str], Kept]:
    """Return all objects by bucket and key."""
    found = [it for rule in RULES for it in _of(rule)]
    found += _months(next(it for it in found if it.key == "weather/seattle/seattle-weather.csv"))
    found += _islands(next(it for it in found if it.key == "penguins/clean/penguins.csv"))
    return {(it.bucket, it.key): it for it in found}


def _of(rule: Rule) -> Iterator[Kept]:
    root = home(rule.package) / rule.root
    paths = [path for path in sorted(root.glob(rule.pattern)) if path.is_file() and path.suffix in KINDS]
    if not paths:
        raise FileNotFoundError(f"{root} has no {rule.pattern}: the packages of requirements/demo.txt are not here")
    for path in paths:
        key = f"{rule.folder}/{rule.name or path.relative_to(root).as_posix()}".removeprefix("/")
        yield Kept(
            rule.bucket, key, path.read_bytes(), _date(rule.bucket, key, rule.modified), rule.author, rule.metadata,
            rule.tags, rule.storage_class,
        )  # fmt: skip


def home(package: str) -> Path:
    """Return where the files of an installed package are."""
    if not package:
        return PROJECT
    return Path(str(importlib.metadata.distribution(package).locate_file("")))


def _date(bucket: str, key: str, told: str | None) -> datetime:
    if told:
        return datetime.fromisoformat(f"{told}T09:30:00+00:00")
    minutes = int(sha256(f"{bucket}/{key}".encode()).hexdigest(), 16) % (DAYS * 1440)
    return OLDEST + timedelta(minutes=minutes)


def _months(whole: Kept) -> list[Kept]:
    """Return a file for each month of the weather, as a station sends them."""
    parts = _parts(whole.body, lambda row: row["date"][:7].replace("/", "-"))
    return [
        msgspec.structs.replace(
            whole, key=f"weather/seattle/monthly/{month[:4]}/seattle-weather-{month}.csv", body=body,
            author="weather-robot", tags={"project": "weather", "stage": "raw"},
            modified=datetime.fromisoformat(f"{month}-28T23:00:00+00:00") + timedelta(days=3900),
        )
        for month, body in parts.items()
    ]  # fmt: skip


def _islands(whole: Kept) -> list[Kept]:
    """Return a file for each island on which penguins were measured."""
    parts = _parts(whole.body, lambda row: row["island"].lower())
    return [
        msgspec.structs.replace(whole, key=f"penguins/by-island/{island}.csv", body=body, author="j.tanaka",
                                metadata={"island": island.title()}, modified=_date(whole.bucket, island, "2025-07-01"))
        for island, body in parts.items()
    ]  # fmt: skip


def _parts(body: bytes, name: Callable[[dict[str, str]], str]) -> dict[str, bytes]:
    rows = csv.DictReader(io.StringIO(body.decode()))
    found: dict[str, io.StringIO] = {}
    for row in rows:
        part = name(row)
        if part not in found:
            found[part] = io.StringIO()
            csv.DictWriter(found[part], list(row), lineterminator="\n").writeheader()
        csv.DictWriter(found[part], list(row), lineterminator="\n").writerow(row)
    return {part: it.getvalue().encode() for part, it in found.items()}
