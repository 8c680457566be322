"""The bytes of an image, to be shown inside a page; of anything else, the way to save it."""

from bucketdex.catalog import links
from bucketdex.catalog.edges import Edges
from bucketdex.catalog.previews.bounds import SERVED_BYTES
from bucketdex.catalog.previews.images import image_preview
from bucketdex.catalog.previews.kinds import Image, Nothing
from bucketdex.catalog.security import raw_headers
from bucketdex.catalog.stored import errors_told, of_object
from bucketdex.errors import Permanent
from bucketdex.http import Answer, Request, redirect

HEAD_BYTES = 64 * 1024  # of what is not served here: what it is, and of how many pixels
FOR_GOOD = "private, max-age=86400, immutable"  # a version never changes, but for that without an id
AGAIN = "private, no-cache"


def page(request: Request, edges: Edges, bucket: str, key: str) -> Answer:
    """Return an image by what its bytes are, whatever its name or type say; a larger one, S3 serves.

    One that a page should not show is refused: a README can name any.
    """
    edges.bucket(bucket)
    version = request.one("version")
    named = of_object(bucket, key, version)
    with errors_told(bucket, key, version):
        size = edges.s3.head_object(**named)["ContentLength"]
        if size > SERVED_BYTES:
            named["Range"] = f"bytes=0-{HEAD_BYTES - 1}"
        body = edges.s3.get_object(**named)["Body"].read(SERVED_BYTES + 1)
    found = image_preview(body, size)
    if isinstance(found, Nothing):
        raise Permanent(found.reason)
    if not isinstance(found, Image) or not found.small or len(body) > SERVED_BYTES:
        return redirect(links.download(bucket, key, version or None))
    kept = FOR_GOOD if version not in ("", "null") else AGAIN
    return Answer(200, body, found.media_type, {"Cache-Control": kept, **raw_headers()})
