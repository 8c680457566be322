"""What parameters of several routes are."""

from typing import Annotated
from urllib.parse import unquote

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from bucketdex.errors import Permanent
from bucketdex.searching.paging import LONGEST as MOST_CURSOR

MOST_BUCKET, MOST_KEY = 255, 1024  # characters of the oldest buckets; bytes of a key
MOST_TEXT = 2_000  # of a query; what is a little too long is the parser's to say

Text = Annotated[str, Query(description="The query; empty finds everything", max_length=MOST_TEXT)]
Buckets = Annotated[list[str] | None, Query(description="Only in these buckets; of packages, these registries")]
Cursor = Annotated[str | None, Query(description="That of the answer before", max_length=MOST_CURSOR)]
Bucket = Annotated[str, Query(description="The object's bucket", min_length=1, max_length=MOST_BUCKET)]
Key = Annotated[str, Query(description="Its key", min_length=1, max_length=MOST_KEY)]
Registry = Annotated[
    str | None,
    Query(
        description="The bucket that is its registry; without one, where it was written last", max_length=MOST_BUCKET
    ),
]
BucketPart = Annotated[str, Path(description="The object's bucket, percent-encoded")]
KeyPart = Annotated[str, Path(description="Its key, percent-encoded with its slashes (`raw%2F042.csv`)")]
Author = Annotated[str, Path(description="The part of the handle before the slash")]
Name = Annotated[str, Path(description="The part of the handle after the slash")]
TopHash = Annotated[str, Path(description="`latest`, or how the top hash begins, with 6 characters or more")]


def part(encoded: str, most: int, what: str) -> str:
    """Return a part of a path as it is meant; raises `Permanent` for one that is too long."""
    text = unquote(encoded)
    if len(text.encode()) > most:
        raise Permanent(f"{what} has more than {most:,} bytes")
    return text


def handle(author: str, name: str) -> str:
    """Return the handle of a package that a path names."""
    return f"{part(author, MOST_BUCKET, 'the author')}/{part(name, MOST_BUCKET, 'the name')}"
