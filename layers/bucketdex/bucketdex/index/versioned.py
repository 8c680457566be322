"""Writing many documents that carry an epoch: the newest epoch wins, whoever comes last.

The epoch is OpenSearch's external version, so a write of an older one never replaces what a newer one wrote.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from bucketdex.errors import Transient
from bucketdex.index.requests import REQUEST_SECONDS, post, said

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

NEWER = 409  # a newer epoch has written there: benign


type Versioned = tuple[bytes, bytes]  # the id of a document, and the document


class _Item(msgspec.Struct):
    status: int
    error: object = None


class _Answer(msgspec.Struct):
    errors: bool
    items: list[dict[str, _Item]] = []


def put(
    client: "OpenSearch", index: str, epoch: int, documents: Sequence[Versioned], seconds: float = REQUEST_SECONDS
) -> list[tuple[int, str]]:
    """Write the documents, 5 MB of them at most, and return the place and reason of each that is refused.

    Raises `Transient` when any of them could not be written now. Writing them again does no harm.
    """
    action = b'{"index":{"_index":"%b","version":%d,"version_type":"external_gte","_id":"' % (index.encode(), epoch)
    body = b"".join([b'%b%b"}}\n%b\n' % (action, identity, document) for identity, document in documents])
    # That all went well is all there is to know, mostly. Else the same is sent again, to hear it of each.
    if not msgspec.convert(post(client, "/_bulk", body, seconds, filter_path="errors"), _Answer).errors:
        return []
    wanted = "errors,items.*.status,items.*.error"
    answer = msgspec.convert(post(client, "/_bulk", body, seconds, filter_path=wanted), _Answer)
    refused: list[tuple[int, str]] = []
    for place, item in enumerate(answer.items):
        [written] = item.values()
        if written.status == 400:
            refused.append((place, said(written.error)))
        elif written.status >= 300 and written.status != NEWER:
            raise Transient(f"OpenSearch cannot write to {index} now: {said(written.error)}")
    return refused
