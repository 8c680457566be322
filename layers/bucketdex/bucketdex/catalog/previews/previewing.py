"""Which preview a file gets. First bytes and name decide; what S3 was told about its type is only a hint for text."""

import json
from typing import TYPE_CHECKING

from bucketdex.catalog.markdown import Links, Place
from bucketdex.catalog.previews import bounds
from bucketdex.catalog.previews.archives import tar_preview, unpacked_head, zip_preview
from bucketdex.catalog.previews.decoding import decoded, whole_characters
from bucketdex.catalog.previews.dumps import dump_preview, hex_lines
from bucketdex.catalog.previews.errors import CannotReadError, NotAsNamedError
from bucketdex.catalog.previews.images import image_preview
from bucketdex.catalog.previews.kinds import Nothing, Preview, with_notes
from bucketdex.catalog.previews.notebooks import notebook_preview
from bucketdex.catalog.previews.readers import read_in_child
from bucketdex.catalog.previews.reading.talk import Job
from bucketdex.catalog.previews.sources import BytesSource, Metered, S3Source, Source
from bucketdex.catalog.previews.tables import csv_preview
from bucketdex.catalog.previews.texts import markdown_preview, text_preview
from bucketdex.catalog.previews.trees import json_lines_preview, json_preview

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MAGIC_BYTES = 64 * 1024
TAR_AT = 257
TABLES = (".csv", ".tsv", ".tab")
MARKDOWN = (".md", ".markdown", ".mdown")
JSON = (".json", ".geojson", ".topojson", ".jsonld", ".webmanifest", ".vg", ".vl")
JSON_LINES = (".jsonl", ".ndjson", ".jsonlines")
HINTS = {
    "text/csv": ".csv", "text/tab-separated-values": ".tsv", "application/json": ".json", "text/markdown": ".md",
    "application/x-ndjson": ".jsonl", "application/x-ipynb+json": ".ipynb",
}  # fmt: skip


def preview_of(
    s3: "S3Client",
    bucket: str,
    key: str,
    version_id: str | None = None,
    *,
    etag: str | None = None,
    name: str | None = None,
    links: Links | None = None,
) -> Preview:
    """Return the preview of an object, or of a version of it; what S3 refuses has none, and says why."""
    try:
        source = S3Source(s3, bucket, key, version_id, etag)
    except CannotReadError as error:
        return Nothing(reason=f"There is no preview: {error}.")
    return preview(source, name or key, source.content_type, links=links)


def text_of(s3: "S3Client", bucket: str, key: str, version_id: str | None = None, limit: int = 256 * bounds.KB) -> str:
    """Return the text of a small file; raises `CannotReadError` where it is absent, refused, larger, or no text."""
    source = S3Source(s3, bucket, key, version_id)
    if source.size > limit:
        raise CannotReadError(f"it is larger than {limit // bounds.KB} KiB")
    text = decoded(source.read(0, source.size), cut=False)
    if text is None:
        raise CannotReadError("it is no text")
    return text[0]


def preview(
    source: Source, name: str, content_type: str = "", *, links: Links | None = None, document: str = ""
) -> Preview:
    """Return the preview of what a source holds. `links` makes the addresses of relative links in Markdown.

    `document` tells the ids of its headings from those of other documents on a page.
    """
    metered = source if isinstance(source, Metered) else Metered(source)
    try:
        return _preview(metered, name, content_type, Place(links, document))
    except CannotReadError as error:
        return Nothing(reason=f"There is no preview: {error}.")


def _preview(source: Metered, name: str, content_type: str, place: Place) -> Preview:
    if not source.size:
        return Nothing(reason="This file is empty.")
    head = source.head(MAGIC_BYTES)
    lower = name.lower()
    try:
        found = _by_magic(source, head, lower, name, place)
    except NotAsNamedError as error:
        return Nothing(reason=f"There is no preview: {error}.", dump=hex_lines(head[:256]))
    if found is not None:
        return found
    return _text(source, name, content_type, place) or dump_preview(head)


def _by_magic(source: Metered, head: bytes, lower: str, name: str, place: Place) -> Preview | None:
    zipped = head.startswith((b"PK\3\4", b"PK\5\6"))
    job: Job | None = "parquet" if head.startswith(b"PAR1") else "pdf" if _is_pdf(head, lower) else None
    job = "excel" if zipped and lower.endswith((".xlsx", ".xlsm", ".xltx")) else job
    if job:
        return read_in_child(job, source)
    if zipped:
        return zip_preview(source)
    if head.startswith(b"\x1f\x8b"):
        return _gzip(source, lower, name, place)
    if head[TAR_AT : TAR_AT + 5] == b"ustar":
        return tar_preview(source, packed=False)
    return image_preview(head, source.size)


def _is_pdf(head: bytes, lower: str) -> bool:
    """Whether this is a PDF: some begin with other bytes, but text may speak of PDFs."""
    return head.startswith(b"%PDF-") or (lower.endswith(".pdf") and b"%PDF-" in head[:1024])


def _gzip(source: Metered, lower: str, name: str, place: Place) -> Preview:
    content, cut = unpacked_head(source)
    if not content:
        return Nothing(reason="What is compressed in it is empty.")
    if content[TAR_AT : TAR_AT + 5] == b"ustar":
        return tar_preview(source, packed=True)
    inner = name[:-3] if lower.endswith((".gz", ".gzip")) else name
    # A page loads images by their address, where they stand packed; large formats are not read from the middle.
    shown = _text(Metered(BytesSource(content, cut=cut), seconds=source.seconds_left), inner, "", place)
    if shown is None:
        return dump_preview(content, compressed=True)
    return with_notes(shown, "It is compressed (gzip), and shown unpacked.")


def _text(source: Metered, name: str, content_type: str, place: Place) -> Preview | None:
    """Return the preview of text, or None where the bytes are none."""
    form = _form(name, content_type)
    wanted = {".ipynb": bounds.NOTEBOOK_BYTES, ".json": bounds.JSON_WHOLE_BYTES}.get(form, bounds.HEAD_BYTES)
    if decoded(source.head(MAGIC_BYTES), cut=True) is None:
        return None
    # Of JSON that is too large to be parsed as a whole, a head is enough.
    head = source.head(wanted if source.size <= wanted else bounds.HEAD_BYTES)
    cut = source.cut or len(head) < source.size
    told = decoded(head, cut=cut)
    if told is None:
        return None
    text, encoding = told
    shown = _structured(text, form, name, cut=cut, place=place) or text_preview(text, name, cut=cut)
    if encoding == "UTF-8":
        return shown
    return with_notes(shown, f"The encoding is taken to be {encoding.replace('utf', 'UTF')}.")


def _form(name: str, content_type: str) -> str:
    """Return an extension that stands for all of its form; the content type is asked where the name has none."""
    lower = name.lower()
    last = lower.rpartition("/")[2]
    if "." not in last:
        return HINTS.get(content_type.partition(";")[0].strip().lower(), "")
    for extensions in (TABLES, MARKDOWN, JSON, JSON_LINES, (".ipynb",)):
        if lower.endswith(extensions):
            return extensions[0]
    return ""


def _structured(text: str, form: str, name: str, *, cut: bool, place: Place) -> Preview | None:
    """Return the preview of text that has a form; None where it is not what its name says: then it is text."""
    if form == TABLES[0]:
        return csv_preview(text, name, cut=cut)
    if form == MARKDOWN[0]:
        return markdown_preview(text, cut=cut, place=place)
    text = whole_characters(text)
    if form == JSON_LINES[0]:
        return json_lines_preview(text, cut=cut)
    if form == ".ipynb" and not cut:
        try:
            found = notebook_preview(json.loads(text), place=place)
        except (ValueError, RecursionError):
            found = None
        if found is not None:
            return found
    if form in (JSON[0], ".ipynb"):
        return json_preview(text, cut=cut) or (json_lines_preview(text, cut=cut) if form == JSON[0] else None)
    return None
