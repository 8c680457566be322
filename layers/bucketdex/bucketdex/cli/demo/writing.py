"""Writing the demo's files, and watching what becomes of them: written, queued, indexed."""

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import msgspec

from bucketdex.cli.demo.files import DemoFile
from bucketdex.cli.failures import RefusedError
from bucketdex.index.generations import OBJECTS_ALIAS
from bucketdex.index.ids import object_id
from bucketdex.local.stack import QueueDepth

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from opensearchpy import OpenSearch

WRITERS = 8  # more do not make the emulated S3 faster
LOOK_AGAIN = 0.25  # seconds between two looks
PATIENCE = 120.0  # seconds in which something must have moved


class Stuck(RefusedError):
    """What was written does not get into the index."""


class Counts(msgspec.Struct, frozen=True):
    """How far it is: objects written and indexed, events that wait or are being worked on."""

    of: int
    written: int
    queued: int
    in_flight: int
    indexed: int


@dataclass(frozen=True)
class Edges:
    """What writing and watching touches."""

    s3: "S3Client"
    opensearch: "OpenSearch"
    queues: Callable[[], dict[str, QueueDepth]]


def put(s3: "S3Client", bucket: str, file: DemoFile, body: bytes) -> None:
    """Write an object as the file has it, with this content."""
    s3.put_object(
        Bucket=bucket,
        Key=file.key,
        Body=body,
        ContentType=file.content_type,
        Metadata=file.metadata,
        Tagging=urlencode(file.tags),
    )


def changed(s3: "S3Client", bucket: str, files: Sequence[DemoFile]) -> list[DemoFile]:
    """Return the files that the bucket does not hold so; those with tags always, as a listing tells none."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    etags = {found["Key"]: found["ETag"].strip('"') for page in pages for found in page.get("Contents", [])}
    return [file for file in files if file.tags or etags.get(file.key) != _digest(file)]


def _digest(file: DemoFile) -> str:
    with file.path.open("rb") as opened:
        return hashlib.file_digest(opened, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def kinds(files: Iterable[DemoFile]) -> Counter[str]:
    """Return how many files there are of each extension."""
    return Counter(file.path.suffix.lower() or "without extension" for file in files)


def write(edges: Edges, bucket: str, files: Sequence[DemoFile]) -> Iterator[Counts]:
    """Write the files and yield how far it is until all is indexed and no event is left; raises `Stuck`."""
    since = datetime.now(UTC)
    ids = [object_id(bucket, file.key) for file in files]
    with ThreadPoolExecutor(WRITERS) as pool:
        writing = [pool.submit(lambda it: put(edges.s3, bucket, it, it.path.read_bytes()), file) for file in files]
        try:
            yield from _watch(edges, writing, ids, since)
        finally:
            pool.shutdown(cancel_futures=True)


def _watch(edges: Edges, writing: Sequence[Future[None]], ids: Sequence[str], since: datetime) -> Iterator[Counts]:
    before, moved, empty = None, time.monotonic(), 0
    while True:
        for future in writing:
            if future.done():
                future.result()  # raises what writing raised
        counts = _counts(edges, writing, ids, since)
        yield counts
        done = counts.written == counts.indexed == counts.of
        empty = empty + 1 if done and not counts.queued and not counts.in_flight else 0
        if empty == 2:
            return
        if counts != before:
            before, moved = counts, time.monotonic()
        elif time.monotonic() - moved > PATIENCE:
            raise Stuck(
                f"nothing has moved for {PATIENCE:.0f} s: {counts.written} of {counts.of} files are written,"
                f" {counts.indexed} indexed, {counts.queued} events wait, {counts.in_flight} are being worked on"
            )
        time.sleep(LOOK_AGAIN)


def _counts(edges: Edges, writing: Sequence[Future[None]], ids: Sequence[str], since: datetime) -> Counts:
    depths = edges.queues().values()
    return Counts(
        of=len(writing),
        written=sum(1 for future in writing if future.done()),
        queued=sum(depth.visible + depth.delayed for depth in depths),
        in_flight=sum(depth.in_flight for depth in depths),
        indexed=_indexed(edges.opensearch, ids, since) if ids else 0,
    )


def _indexed(opensearch: "OpenSearch", ids: Sequence[str], since: datetime) -> int:
    """Return how many of these documents tell what was seen after `since`."""
    seen = {"range": {"observed_at": {"gte": since.isoformat()}}}
    query = {"bool": {"filter": [{"ids": {"values": list(ids)}}, seen]}}
    return int(opensearch.count(index=OBJECTS_ALIAS, body={"query": query})["count"])
