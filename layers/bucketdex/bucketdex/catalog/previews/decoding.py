"""The characters of a text file, whatever its encoding."""

import codecs
import re

from bucketdex.objects.text import BOMS, CONTROLS

MOST_CONTROLS = 0.02  # share of control characters above which bytes are no text, whatever they decode to
SAMPLE_BYTES = 16 * 1024
# Half of a character, which JSON writes as two escapes, and before it what looks alike: both halves, and backslashes.
HALF = re.compile(
    r"((?:\\\\)++|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)
# Controls that say nothing in a browser, or turn the direction of what follows, as in file names that lie.
UNSEEN = dict.fromkeys([*range(9), 11, *range(14, 32), 127, *range(0x202A, 0x202F), *range(0x2066, 0x206A)], "\ufffd")


def decoded(head: bytes, *, cut: bool) -> tuple[str, str] | None:
    """Return the text and its encoding, None where the bytes are no text. `cut`: so may the last character be."""
    encoding = next((name for bom, name in BOMS if head.startswith(bom)), None)
    if encoding is None:
        sample = head[:SAMPLE_BYTES]
        if b"\0" in sample or len(sample) - len(sample.translate(None, CONTROLS)) > MOST_CONTROLS * len(sample):
            return None
    text = _strictly(head, encoding or "utf-8", cut=cut)
    if text is None and encoding is None:
        # What Windows wrote, and most of what is not UTF-8. Python leaves five of its bytes undefined.
        text, encoding = head.decode("cp1252", "replace"), "Windows-1252"
    if text is None:
        return None
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").translate(UNSEEN), encoding or "UTF-8"


def whole_characters(text: str) -> str:
    """Return JSON whose strings can be written as UTF-8: half of a character, alone, is a sign that it is unknown."""
    if "\\ud" not in text and "\\uD" not in text:
        return text
    return HALF.sub(lambda it: it[1] or "\\ufffd", text)


def _strictly(head: bytes, encoding: str, *, cut: bool) -> str | None:
    try:
        return codecs.getincrementaldecoder(encoding)().decode(head, final=not cut)
    except UnicodeDecodeError:
        return None
