"""The first page of a PDF as a PNG, which is written here: pypdfium2 leaves that to Pillow, needed for nothing else."""

import struct
import zlib
from typing import Any

from bucketdex.catalog.previews import bounds
from bucketdex.catalog.previews.files import RangedFile
from bucketdex.catalog.previews.images import PNG
from bucketdex.catalog.previews.reading.shutting import shut
from bucketdex.catalog.previews.reading.talk import Failed, ReadPage

SMALLER = (1.0, 0.66, 0.45, 0.3)  # tried until the PNG is small enough: photographs make large ones


def pdf_read(file: RangedFile) -> ReadPage | Failed:
    """Return the first page."""
    import pypdfium2  # noqa: PLC0415, only the child has it

    shut()  # fonts are built in
    document = pypdfium2.PdfDocument(file)
    pages = len(document)
    if not pages:
        return Failed("it has no pages")
    page = document[0]
    width, height = page.get_size()
    if not (0 < width < 1e6 and 0 < height < 1e6):
        return Failed("its first page has no size")
    fitting = min(bounds.PAGE_WIDTH / width, bounds.PAGE_HEIGHT / height)
    for smaller in SMALLER:
        scale = fitting * smaller
        if min(width, height) * scale < 1:
            break
        bitmap = page.render(scale=scale, rev_byteorder=True, may_draw_forms=False, prefer_bgrx=False)
        png = png_of(bitmap)
        if len(png) <= bounds.IMAGE_BYTES:
            return ReadPage(png, bitmap.width, bitmap.height, pages)
    return Failed("its first page is too rich to be shown in a small image")


def png_of(bitmap: Any) -> bytes:
    """Return a bitmap of pdfium, RGB or grey, as PNG."""
    channels, width, height, stride = bitmap.n_channels, bitmap.width, bitmap.height, bitmap.stride
    colour = {1: 0, 3: 2, 4: 6}[channels]
    pixels = bytes(bitmap.buffer)
    lines = []
    for at in range(height):
        line = pixels[at * stride : at * stride + width * channels]
        lines.append(b"\0" + line)
    return b"".join((
        PNG,
        _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)),
        _chunk(b"IDAT", zlib.compress(b"".join(lines), 6)),
        _chunk(b"IEND", b""),
    ))  # fmt: skip


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
