"""The index of a million documents: bulk-written once, ready-made, and kept in a folder for the next run."""

import http.client
import time
from collections.abc import Iterator
from itertools import batched
from typing import TYPE_CHECKING

from benchmarks.million_documents import Made, documents
from benchmarks.million_names import Names
from bucketdex.index.generations import ALIASES, ENTRIES_ALIAS, NOT_DELETED, OBJECTS_ALIAS, PACKAGES_ALIAS, READS_ALIAS
from bucketdex.index.mappings import entries_index, objects_index, packages_index, reads_index

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

BODIES = {
    OBJECTS_ALIAS: objects_index, PACKAGES_ALIAS: packages_index, ENTRIES_ALIAS: entries_index,
    READS_ALIAS: reads_index,
}  # fmt: skip
SUFFIX = "-million"
CHUNK = 1_000  # documents a request
WRITING = {"refresh_interval": "-1", "translog": {"durability": "async", "flush_threshold_size": "1gb"}}
READING = {"refresh_interval": "1s", "translog": {"durability": "request"}}


def filled(client: "OpenSearch", url: str, count: int, names: Names) -> str:
    """Make sure that the index holds so many documents; return what was done."""
    if (there := _there(client)) == count:
        return f"the index was there, {_size(client)}"
    started = time.perf_counter()
    for alias in ALIASES:
        client.indices.delete(index=alias + SUFFIX, params={"ignore_unavailable": "true"})
        body = BODIES[alias](1, 0)
        body["settings"] |= WRITING
        client.indices.create(index=alias + SUFFIX, body=body | {"aliases": {alias: {"filter": NOT_DELETED}}})
    _send(url, documents(count, names))
    every = ",".join(alias + SUFFIX for alias in ALIASES)
    client.indices.put_settings(index=every, body=READING)
    client.indices.refresh(index=every, params={"request_timeout": 300})
    client.indices.flush(index=every, params={"request_timeout": 300})
    if (there := _there(client)) != count:
        raise RuntimeError(f"{there} documents are there, not {count}")
    return f"written in {time.perf_counter() - started:.0f} s, {_size(client)}"


def _send(url: str, made: Iterator[Made]) -> None:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=300)
    for some in batched(made, CHUNK, strict=False):
        body = b"".join(
            b'{"create":{"_index":"%b%b","_id":"%b"}}\n%b\n' % (alias.encode(), SUFFIX.encode(), it.encode(), document)
            for alias, it, document in some
        )
        connection.request("POST", "/_bulk?filter_path=errors", body, {"Content-Type": "application/x-ndjson"})
        answer = connection.getresponse().read()
        if b'"errors":false' not in answer:
            raise RuntimeError(f"not all was written: {answer[:500]!r}")


def _there(client: "OpenSearch") -> int:
    every = ",".join(alias + SUFFIX for alias in (OBJECTS_ALIAS, PACKAGES_ALIAS, ENTRIES_ALIAS))
    return int(client.count(index=every, params={"ignore_unavailable": "true"})["count"])


def _size(client: "OpenSearch") -> str:
    told = client.indices.stats(index=f"*{SUFFIX}", metric="store,segments")["_all"]["total"]
    return f"{told['store']['size_in_bytes'] / 1e9:.2f} GB in {told['segments']['count']} segments"
