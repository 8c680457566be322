"""The answers of the API that are its own, the types of all of them, and an example of each."""

from datetime import datetime
from typing import Any

import msgspec

from bucketdex.changes import Author, Checksum
from bucketdex.health.buckets import BucketHealth, Checked
from bucketdex.health.lag import Documents, Lag
from bucketdex.health.queues import QueueHealth, SetAside
from bucketdex.health.told import GenerationHealth, Health
from bucketdex.index.pairs import Pair
from bucketdex.searching.containing import Containers, Containing
from bucketdex.searching.details import (
    EntryDetail,
    EntryList,
    File,
    Folder,
    ObjectDetail,
    ObjectVersion,
    ObjectVersions,
    PackageDetail,
    PackageList,
    Revision,
    Subfolder,
)
from bucketdex.searching.duplicates import Duplicates, Known
from bucketdex.searching.facets import Facet, Facets, FacetValue
from bucketdex.searching.hits import Hit, ObjectHit, PackageHit
from bucketdex.searching.question import Kind
from bucketdex.searching.reads import Day, OfObject, Readings
from bucketdex.searching.suggesting.told import Suggestion, Suggestions


class Found(msgspec.Struct, frozen=True, omit_defaults=True):
    """How many documents match in all and of each kind, and the best of them; `cursor` brings those after them.

    `did_you_mean` is another query, where this one finds nothing.
    """

    total: int
    totals: dict[Kind, int]
    hits: list[Hit]
    cursor: str | None = None
    did_you_mean: str | None = None


class KnownObjects(msgspec.Struct, frozen=True):
    """What is indexed of the objects that were asked for, of those that are."""

    objects: list[Known]


class Package(msgspec.Struct, frozen=True):
    """The latest revision of a package, and all that it had, the newest first."""

    package: PackageDetail
    total: int
    revisions: list[Revision]
    cursor: str | None = None


ANSWERS: tuple[type, ...] = (
    Found, Suggestions, Facets, ObjectDetail, ObjectVersions, Containers, Duplicates, KnownObjects, Readings,
    PackageList, Package, PackageDetail, EntryList, Folder, Health,
)  # fmt: skip

TOP_HASH = "4f2a9d1c0f0c6d6b9a1d3f4b5c6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f80"
SHA256 = "4b62086319480e0739ef390d04084515defb9c213ff13605a036061e33314317"
VERSION = "UtzkAN8FP4irtroeN9bfYP1yKzX7ko3G"
MODIFIED = "2026-01-31T09:26:53+00:00"
AT = datetime.fromisoformat(MODIFIED)
OBJECT = ObjectHit(
    "my-data", 12.5, {"key": ["raw/<mark>penguins</mark>.csv"]}, key="raw/penguins.csv", name="penguins.csv",
    size=13478, modified=MODIFIED, version_id=VERSION, content_type="text/csv", tags=["stage=raw"],
)  # fmt: skip
PACKAGE = PackageHit(
    "my-data", 10.0, {}, latest=True, handle="bio/penguins", top_hash=TOP_HASH, revision="latest",
    message="Three species, three islands", entries=12, total_bytes=91865115, verified=True, modified=MODIFIED,
)  # fmt: skip
KNOWN = Known(
    "my-data", "raw/penguins.csv", 13478, MODIFIED, VERSION, "0a1b2c", (Checksum("SHA256", SHA256, "computed"),)
)
DETAIL = PackageDetail(
    registry="my-data", registries=("my-data",), handle="bio/penguins", top_hash=TOP_HASH,
    manifest=f".quilt/packages/{TOP_HASH}", latest=True, latest_top_hash=TOP_HASH, revisions=("1769851613",),
    created=MODIFIED, message="Three species, three islands", metadata=("license=CC0",),
    pairs=(Pair("metadata", "license", "CC0"),), entries=12, directories=0, total_bytes=91865115, verified=True,
    computed_top_hash=TOP_HASH, searchable="complete",
)  # fmt: skip
REVISION = Revision(
    revision="1769851613", latest=True, top_hash=TOP_HASH, created=MODIFIED, message="Three species, three islands",
    entries=12, total_bytes=91865115, verified=True,
)  # fmt: skip
ENTRY = EntryDetail(
    logical_key="penguins.csv", physical_key=f"s3://my-data/raw/penguins.csv?versionId={VERSION}", size=13478,
    hash={"type": "SHA256", "value": SHA256},
)  # fmt: skip
# By the name of the operation.
EXAMPLES: dict[str, Any] = {
    "search": Found(2, {"object": 1, "package": 1, "entry": 0}, [PACKAGE, OBJECT], "WyJhIl0"),
    "suggest": Suggestions([Suggestion(
        text="ext:.csv", kind="value", query="penguins ext:.csv ", detail="1,204 objects", bucket=None, key=None,
        handle=None,
    )]),
    "facets": Facets(2, [Facet("ext", "Extension", "values", [FacetValue(".csv", ".csv", 1, "penguins ext:.csv")])]),
    "object": ObjectDetail(
        bucket="my-data", key="raw/penguins.csv", observed_at=MODIFIED, name="penguins.csv", extensions=(".csv",),
        size=13478, modified=MODIFIED, version_id=VERSION, etag="0a1b2c", storage_class="STANDARD",
        content_type="text/csv", checksums=KNOWN.checksums, tags=("stage=raw",), columns=("species", "island"),
        written_by=Author("AssumedRole", "lab-pipeline", "run-42"),
    ),
    "versions": ObjectVersions("my-data", "raw/penguins.csv", (
        ObjectVersion(version_id=VERSION, modified=MODIFIED, latest=True, size=13478, etag="0a1b2c"),
    )),
    "containing": Containers(1, [
        Containing("my-data", ["bio/penguins"], TOP_HASH, "penguins.csv", VERSION, latest=True)
    ], unsearched=3),
    "duplicates": Duplicates(1, {"SHA256": SHA256}, [KNOWN]),
    "digests": KnownObjects([KNOWN]),
    "reads": Readings(3, 2, "2026-01-30", [Day("2026-01-31", 3, 2)], [OfObject("raw/penguins.csv", 3)]),
    "packages": PackageList(1, [PACKAGE]),
    "package": Package(DETAIL, 1, [REVISION]),
    "revision": DETAIL,
    "entries": EntryList(1, 13478, [ENTRY], searchable="complete"),
    "folder": Folder("", (Subfolder("images", "images/", 11, 91851637),), (
        File(name="penguins.csv", logical_key="penguins.csv", size=13478),
    ), searchable="complete"),
    "status": Health(
        at=AT, settled=False, dead_letters=1, differing=0,
        queues=(QueueHealth(
            name="ObjectEvents", waiting=12, in_flight=4, delayed=0, dead_letters=1, set_aside=(SetAside(
                id="6d0d9b1e-0f0b-4a52-9d5c-1f6f2d0c8a11", kind="permanent", reason="the message is not JSON",
                sent=1769851613.0, receives=1, replay="bucketdex dead-letters replay 6d0d9b1e",
            ),),
        ),),
        lag=Lag(42, 1.8, 3.5, 6.1),
        buckets=(BucketHealth(
            bucket="my-data", connected=AT, events="notifications", documents=Documents(1204, 3, 96),
            checked=Checked(AT, 1204, {}), last_event=AT,
        ),),
        generations=(GenerationHealth("objects", "bucketdex-objects-v1-1", 4, read=True, behind=False),),
    ),
}  # fmt: skip
