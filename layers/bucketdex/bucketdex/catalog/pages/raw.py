"""The bytes of an image, to be shown inside a page; of anything else, the way to save it."""

from bucketdex.catalog import links
from bucketdex.catalog.edges import Edges
from bucketdex.catalog.previews.bounds import SERVED_BYTES
from bucketdex.catalog.previews.images import media_type_of
from bucketdex.catalog.security import raw_headers
from bucketdex.catalog.stored import errors_told, of_object
from bucketdex.http import Answer, Request, redirect

FOR_GOOD = "private, max-age=86400, immutable"  # a version never changes, but for that without an id
AGAIN = "private, no-cache"


def page(request: Request, edges: Edges, bucket: str, key: str) -> Answer:
    """Return an image by what its bytes are, whatever its name or type say."""
    edges.bucket(bucket)
    version = request.one("version")
    named = of_object(bucket, key, version)
    with errors_told(bucket, key, version):
        if edges.s3.head_object(**named)["ContentLength"] > SERVED_BYTES:
            return redirect(links.download(bucket, key, version or None))
        body = edges.s3.get_object(**named)["Body"].read(SERVED_BYTES + 1)
    media_type = media_type_of(body)
    if not media_type or len(body) > SERVED_BYTES:
        return redirect(links.download(bucket, key, version or None))
    kept = FOR_GOOD if version not in ("", "null") else AGAIN
    return Answer(200, body, media_type, {"Cache-Control": kept, **raw_headers()})
