"""An object, or a version of it: what S3 and the index know of it, and how it looks."""

import posixpath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from bucketdex.catalog import links
from bucketdex.catalog.answers import NotFound, Page
from bucketdex.catalog.beside import beside
from bucketdex.catalog.edges import Edges
from bucketdex.catalog.markdown import Links
from bucketdex.catalog.objects import shown, snippets
from bucketdex.catalog.objects.now import agree, as_indexed, now
from bucketdex.catalog.objects.sparkline import DAYS, sparkline
from bucketdex.catalog.pages.download import GOOD_SECONDS
from bucketdex.catalog.pages.folder import steps
from bucketdex.catalog.previews import Preview, preview_of
from bucketdex.catalog.previews.kinds import Document, Image, Notebook
from bucketdex.catalog.stored import of_object, origin, origin_of
from bucketdex.http import Request
from bucketdex.searching.containing import Containers, containing
from bucketdex.searching.details import object_told, versions
from bucketdex.searching.duplicates import duplicates
from bucketdex.searching.reads import Asked, reads

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

VERSIONS = 20  # of a page
FEW = 10  # packages and duplicates that are listed


def page(request: Request, edges: Edges, bucket: str, key: str) -> Page:
    """Show an object; one of which neither S3 nor the index knows is not found."""
    edges.bucket(bucket)
    if not key:
        raise NotFound("An object has a name.")
    version, cursor = request.one("version"), request.one("versions")
    client, s3, viewer, today = edges.opensearch, edges.s3, edges.viewer, edges.clock().date()
    with beside() as requests:
        asked_now = requests.begin(now, s3, bucket, key, version)
        asked_told = requests.begin(object_told, client, viewer, bucket, key)
        asked_versions = requests.begin(versions, s3, bucket, key, cursor or None, VERSIONS)
        asked_reads = requests.begin(reads, client, viewer, Asked(bucket, key, days=DAYS), today)
        asked_same = requests.begin(duplicates, client, viewer, bucket, key)
        # Here, and not beside: only the main thread can end a preview that takes too long.
        preview = preview_of(s3, bucket, key, version or None, links=relative(bucket, key))
        it, told = asked_now.result(), requests.told(asked_told)
        contained = told.packages if told else Containers(0, [])
        if told is None and not requests.missing:  # an index that just did not answer is not waited for again
            contained = requests.told(requests.begin(containing, client, viewer, bucket, key)) or contained
        listed, readings = requests.told(asked_versions), requests.told(asked_reads)
        same = requests.told(asked_same)
    if it.state == "absent" and told is None and not (listed and listed.versions):
        raise NotFound(f"There is no s3://{bucket}/{key}")
    facts = as_indexed(told) if it.state in ("refused", "unknown") and told and not version else it
    agrees = bool(told and agree(facts, told))
    alerts = shown.alerts(bucket, key, version, it, told, agrees=agrees)
    if asked_told.exception():  # whether the index has it is not known then
        alerts = [alert for alert in alerts if alert.title != shown.NOT_INDEXED]
    indexed = told if agrees else None
    image, origins = picture(s3, preview, bucket, key, version)
    gone = it.state in ("deleted", "absent")
    named = version or (facts.version_id if indexed is None else None)
    query = snippets.narrowed("hash", indexed.checksums[0].value) if indexed and indexed.checksums else None
    return Page(
        "object.html",
        {
            "title": key.rstrip("/").rsplit("/", 1)[-1] or key,
            "bucket": bucket,
            "key": key,
            "version": version,
            "steps": [*steps(bucket, key[: key.rstrip("/").rfind("/") + 1]), (title(key), None)],
            "alerts": alerts,
            "missing": requests.missing,
            "gone": gone,
            "facts": facts,
            "there": it.state == "there",
            "preview": None if gone else preview,
            "image": image,
            "download": links.download(bucket, key, version or None) if it.state == "there" and not it.archived else "",
            "searched": shown.searched(indexed),
            "author": shown.author(indexed),
            "written_at": indexed.written_at if indexed else None,
            "observed_at": told.observed_at if told else None,
            "reads": readings,
            "sparkline": sparkline(readings, today) if readings and readings.since else None,
            "metadata": shown.metadata(facts, indexed),
            "tags": shown.tags(indexed),
            "columns": shown.columns(indexed),
            "digests": shown.digests(indexed.checksums) if indexed else (),
            "digest_note": indexed.digest_note if indexed else None,
            "versions": shown.versions(listed, it, version) if listed else None,
            "first_versions": links.object(bucket, key, version or None) if cursor else "",
            "more_versions": links.object(bucket, key, version or None, listed.cursor)
            if listed and listed.cursor
            else "",
            "packages": shown.containers(contained.packages, viewer.buckets, facts.version_id)[:FEW]
            if contained
            else (),
            "package_entries": contained.total,
            "same": same.objects[:FEW] if same and indexed else (),
            "same_total": same.total if same and indexed else 0,
            "same_href": links.search(query) if query else "",
            "address": snippets.address(bucket, key, version or None),
            "command_line": snippets.command_line(bucket, key, version or None),
            "python": snippets.python(bucket, key, version or None),
            "searching": snippets.searching(bucket, key) if told and not gone else None,
            "pinned": snippets.address(bucket, key, named) if named else "",
        },
        status=404 if gone else 200,
        image_origins=origins,
    )


def title(key: str) -> str:
    """Return the last part of a key, with the slash that it may end with."""
    return key[key.rstrip("/").rfind("/") + 1 :] or "(no name)"


def relative(bucket: str, key: str) -> Links:
    """Return what makes addresses of the relative links in a file of a bucket."""

    def link(target: str, image: bool) -> str | None:
        path = unquote(urlsplit(target).path)
        if not path or urlsplit(target).scheme:
            return None
        found = path[1:] if path.startswith("/") else posixpath.normpath(posixpath.join(posixpath.dirname(key), path))
        if found.startswith("..") or found == ".":
            return None
        if image:
            return links.raw(bucket, found)
        return links.folder(bucket, f"{found}/") if path.endswith("/") else links.object(bucket, found)

    return link


def picture(s3: "S3Client", preview: Preview, bucket: str, key: str, version: str) -> tuple[str, tuple[str, ...]]:
    """Return where an image's bytes come from, and the origin of images where it is not, or not only, the catalog."""
    if isinstance(preview, Document | Notebook):  # they show images of this bucket, of which S3 serves the larger ones
        return "", (origin_of(s3, bucket),)
    if not isinstance(preview, Image):
        return "", ()
    if preview.small:
        return links.raw(bucket, key, version or None), ()
    named = of_object(bucket, key, version)
    url = s3.generate_presigned_url("get_object", Params=named, ExpiresIn=GOOD_SECONDS)
    return url, (origin(url),)
