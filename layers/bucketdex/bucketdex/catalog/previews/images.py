"""Images: what browsers show, told by the first bytes. They are not decoded here."""

import re
import struct

from bucketdex.catalog.previews import bounds
from bucketdex.catalog.previews.kinds import Image, Nothing

PNG = b"\x89PNG\r\n\x1a\n"
JPEG_SIZES = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
# Nothing that was matched is tried again in another way (`?>`, `++`): comments could be cut in a billion ways.
SVG = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*+(?:<\?xml[^>]{0,200}\?>\s*+)?"
    rb"(?>(?:(?><!--.{0,2000}?-->)|<!DOCTYPE\s+svg[^>\[]{0,300}+>)\s*+){0,3}+<svg[\s>]",
    re.DOTALL,
)


# Media type -> what its first bytes are.
MAGIC = {
    "image/png": re.compile(re.escape(PNG)),
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/gif": re.compile(rb"GIF8[79]a"),
    "image/webp": re.compile(rb"RIFF.{4}WEBP", re.DOTALL),
    "image/avif": re.compile(rb".{4}ftypavi[fs]", re.DOTALL),
    "image/bmp": re.compile(rb"BM.{4}\x00{4}.{16}", re.DOTALL),
    "image/x-icon": re.compile(rb"\x00\x00\x01\x00.{5}\x00.{12}", re.DOTALL),
    "image/svg+xml": SVG,
}


def media_type_of(head: bytes) -> str:
    """Return the media type of an image that browsers show, or "". `/raw/` serves nothing else as an image."""
    return next((name for name, magic in MAGIC.items() if magic.match(head[:4096])), "")


def image_preview(head: bytes, size: int) -> Image | Nothing | None:
    """Return the preview of an image, or None where it is none; what would weigh down a browser is not shown."""
    media_type = media_type_of(head)
    if not media_type:
        return None
    width, height = size_of(head, media_type) or (None, None)
    if size > bounds.LOADED_BYTES or too_many_pixels(head, media_type):
        return Nothing(reason="This image is too large to be shown in a page.")
    return Image(media_type=media_type, size=size, small=size <= bounds.SERVED_BYTES, width=width, height=height)


def too_many_pixels(head: bytes, media_type: str) -> bool:
    """Whether a browser would unpack it to more than it should, however few bytes it has."""
    width, height = size_of(head, media_type) or (0, 0)
    return width * height > bounds.PIXELS


def size_of(head: bytes, media_type: str) -> tuple[int, int] | None:
    """Return width and height where the first bytes tell them."""
    try:
        if media_type == "image/png":
            return struct.unpack_from(">II", head, 16)
        if media_type == "image/gif":
            return struct.unpack_from("<HH", head, 6)
        return _jpeg_size(head) if media_type == "image/jpeg" else None
    except struct.error:
        return None


def _jpeg_size(head: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(head) and head[at] == 0xFF:
        marker, length = head[at + 1], struct.unpack_from(">H", head, at + 2)[0]
        if marker in JPEG_SIZES:
            height, width = struct.unpack_from(">HH", head, at + 5)
            return width, height
        at += 2 + length
    return None
