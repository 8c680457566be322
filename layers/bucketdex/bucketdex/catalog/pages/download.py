"""The way to an object's bytes: an address of S3 that is good for a few minutes, and saves them under their name."""

from urllib.parse import quote

from bucketdex.catalog.edges import Edges
from bucketdex.catalog.stored import errors_told, of_object
from bucketdex.http import Answer, Request

GOOD_SECONDS = 300  # enough to follow a link; a download that has begun goes on
# What browsers would take for the end of a name, or for a folder.
NOT_IN_NAMES = dict.fromkeys(map(ord, '/\\:*?"<>|'), "_") | dict.fromkeys(range(32), "_")


def page(request: Request, edges: Edges, bucket: str, key: str) -> Answer:
    """Lead to an object, or to a version of it."""
    edges.bucket(bucket)
    version = request.one("version")
    named = of_object(bucket, key, version)
    with errors_told(bucket, key, version):
        edges.s3.head_object(**named)
        url = edges.s3.generate_presigned_url(
            "get_object",
            Params=named | {"ResponseContentDisposition": f"attachment; filename*=UTF-8''{saved_as(key)}"},
            ExpiresIn=GOOD_SECONDS,
        )
    return Answer(
        302, headers={"Location": url, "Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer"}
    )


def saved_as(key: str) -> str:
    """Return the name of the file that is saved, as a header has it."""
    name = key.rstrip("/").rsplit("/", 1)[-1].translate(NOT_IN_NAMES).strip(". ") or "file"
    return quote(name.encode("utf-8", "replace"), safe="")
