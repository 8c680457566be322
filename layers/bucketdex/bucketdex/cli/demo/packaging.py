"""The demo's package: pushed to the bucket by the Python API, and found with what is in it."""

import time

from bucketdex.cli.demo.plan import Packaging, Search
from bucketdex.cli.demo.screen import Screen
from bucketdex.cli.demo.steps import Answer, Stack, follow, names, show
from bucketdex.cli.output import plural, size
from bucketdex.hashing import CHUNKED, hash_file
from bucketdex.registry.package import Package
from bucketdex.registry.pushing.push import Pushed

HASH_CHARACTERS = 12  # of a top hash; six or more find it


def push(screen: Screen, bucket: str, wanted: Packaging) -> Pushed:
    """Push the package as anyone would; where the bucket has it already, nothing is new."""
    package = Package().set_meta(wanted.metadata)
    for it in wanted.files:
        package.set(it.logical_key, it.file.path, it.metadata)
    pushed = package.push(wanted.handle, f"s3://{bucket}", message=wanted.message)
    total = sum(it.file.path.stat().st_size for it in wanted.files)
    screen.say(f"{plural(len(wanted.files), 'file')}, {size(total)}: {wanted.message}")
    if pushed.unchanged:
        told = "it is there already, and nothing is new"
    else:
        told = f"{pushed.uploaded:,} uploaded" + (f", {pushed.skipped:,} there already" if pushed.skipped else "")
    screen.say(f"top hash {pushed.top_hash[:HASH_CHARACTERS]}; {told}")
    screen.told["package"] = pushed
    return pushed


def find(screen: Screen, stack: Stack, bucket: str, wanted: Packaging, pushed: Pushed) -> None:
    """Search until this revision of the package is found, and a file of it."""

    def found(answer: Answer) -> bool:
        of_it = [hit for hit in answer["hits"] if hit.get("top_hash", pushed.top_hash) == pushed.top_hash]
        return names({"hits": of_it}).issuperset(search.expected)

    begun = time.monotonic()
    for search in wanted.searches:
        answer, took = follow(stack, bucket, search, found)
        since = f"in {took * 1000:.0f} ms" if pushed.unchanged else f"{time.monotonic() - begun:.1f} s after the push"
        show(screen, search, answer, since)


def same_bytes(screen: Screen, stack: Stack, bucket: str, wanted: Packaging) -> None:
    """Search by the digest of a file of the package: it finds the object, the package's copy, and the entry."""
    it = wanted.files[0]
    screen.say(f"by the digest of {it.file.path.name}, as `bucketdex hash` prints it")
    search = Search(
        f"{CHUNKED}:{hash_file(it.file.path)}", "digest", (it.file.key, it.logical_key), ("object", "entry")
    )
    answer, took = follow(stack, bucket, search, lambda answer: names(answer).issuperset(search.expected))
    show(screen, search, answer, f"in {took * 1000:.0f} ms")
