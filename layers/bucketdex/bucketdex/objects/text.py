"""The text of an object, told by its bytes and not by what it claims to be."""

import codecs

EXCERPT_BYTES = 65_536  # read for search; more would make documents heavy, not more findable
SAMPLE_BYTES = 4_096
MOST_CONTROLS = 0.02  # share of control characters above which bytes are no text, whatever they decode to
CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\x1b"))

BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
TEXT_EXTENSIONS = frozenset({
    ".txt", ".md", ".rst", ".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".xml", ".html", ".yaml", ".yml", ".toml",
    ".ini", ".py", ".r", ".sql", ".ipynb", ".log", ".svg",
})  # fmt: skip


def excerpt(body: bytes) -> tuple[str, str] | None:
    """Return the text at the head of `body` and how it was obtained, or None where it is no text.

    Up to `EXCERPT_BYTES` are decoded; a character that this cuts in half is left out.
    """
    head = body[:EXCERPT_BYTES]
    if not head:
        return None
    encoding = next((name for bom, name in BOMS if head.startswith(bom)), None)
    if encoding is None and b"\0" in head:
        return None
    decoder = codecs.getincrementaldecoder(encoding or "utf-8")()
    try:
        text = decoder.decode(head, final=len(body) <= EXCERPT_BYTES)
    except UnicodeDecodeError:
        return None
    sample = text[:SAMPLE_BYTES]
    encoded = sample.encode()
    controls = len(encoded) - len(encoded.translate(None, CONTROLS))
    if controls > MOST_CONTROLS * len(sample):
        return None
    cut = "" if len(body) <= EXCERPT_BYTES else f", the first {EXCERPT_BYTES} bytes"
    return text.removeprefix("\ufeff").replace("\0", ""), f"{encoding or 'utf-8'} text{cut}"


def claims_text(content_type: str | None, extension: str) -> bool:
    """Whether an object says of itself that it is text."""
    return extension in TEXT_EXTENSIONS or (content_type or "").startswith("text/")
