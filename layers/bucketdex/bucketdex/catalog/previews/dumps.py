"""Bytes that are no text: what they are, as far as their first bytes tell, and a short hex dump."""

from bucketdex.catalog.previews.kinds import HexLine, Nothing

DUMPED_BYTES = 256
WIDTH = 16
# First bytes -> what people call it. What is told by none of them is "binary".
FORMATS = (
    (b"\x89HDF\r\n\x1a\n", "HDF5"), (b"CDF\x01", "NetCDF"), (b"CDF\x02", "NetCDF"),
    (b"SQLite format 3\0", "an SQLite database"), (b"BZh", "compressed with bzip2"),
    (b"\xfd7zXZ\0", "compressed with xz"), (b"\x28\xb5\x2f\xfd", "compressed with Zstandard"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"), (b"Rar!\x1a\x07", "a RAR archive"), (b"\x93NUMPY", "a NumPy array"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Office document of the old format (.xls, .doc)"),
    (b"ARROW1\0\0", "an Arrow file"), (b"Obj\x01", "Avro"), (b"ORC", "ORC"),
    (b"II*\0", "a TIFF image, which browsers do not show"), (b"MM\0*", "a TIFF image, which browsers do not show"),
    (b"II+\0", "a BigTIFF image, which browsers do not show"), (b"BAM\x01", "BAM"), (b"CRAM", "CRAM"),
    (b"RDX2", "R data"), (b"RDX3", "R data"), (b"\x7fELF", "a program"), (b"MZ", "a program"),
    (b"OggS", "Ogg audio or video"), (b"ID3", "MP3 audio"), (b"fLaC", "FLAC audio"),
    (b"\x1aE\xdf\xa3", "Matroska or WebM video"), (b"\x80\x04\x95", "a Python pickle, which is not safe to open"),
    (b"wOFF", "a font"), (b"wOF2", "a font"), (b"SIMPLE  =", "FITS"),
)  # fmt: skip


def dump_preview(head: bytes, *, compressed: bool = False) -> Nothing:
    """Return why bytes have no preview, and the first of them."""
    told = next((name for magic, name in FORMATS if head.startswith(magic)), "")
    if not told and head[4:8] == b"ftyp":
        told = "MP4 or a like video"
    what = "What is compressed in it" if compressed else "This file"
    reason = f"{what} is {told}: there is no preview of that." if told else f"{what} is binary: it is no text."
    return Nothing(reason=reason, dump=hex_lines(head[:DUMPED_BYTES]))


def hex_lines(content: bytes) -> tuple[HexLine, ...]:
    """Return bytes as lines of a hex dump."""
    lines = []
    for at in range(0, len(content), WIDTH):
        piece = content[at : at + WIDTH]
        text = "".join(chr(code) if 32 <= code < 127 else "." for code in piece)
        lines.append(HexLine(f"{at:08x}", piece.hex(" "), text))
    return tuple(lines)
