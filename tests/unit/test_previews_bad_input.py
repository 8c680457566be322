"""Bad input to previews: each has a preview or a reason, within the bounds, never an exception."""

import base64
import gzip
import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import preview_files as files
from bucketdex.catalog.previews import BytesSource, preview
from bucketdex.catalog.previews.kinds import Preview
from bucketdex.catalog.previews.sources import Metered
from bucketdex.http import LARGEST_BODY

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
MOST_HTML = 900_000  # of the load balancer's 1 MB; most of it is packed well
REST_OF_PAGE = 40_000  # bytes, packed


def told(name: str, content: bytes, content_type: str = "") -> Preview:
    made = preview(Metered(BytesSource(content), seconds=120), name, content_type, links=files.links)
    html = files.rendered(made).encode()
    assert len(html) < MOST_HTML and len(gzip.compress(html)) < LARGEST_BODY - REST_OF_PAGE
    return made


ENCODED = base64.b64encode(PNG + bytes(5_000_000)).decode()
UNPACKABLE = [base64.b64encode(random.Random(at).randbytes(370)).decode() for at in range(2_000)]
RANDOM = base64.b64encode(PNG + random.Random(1).randbytes(20_000)).decode()
HUGE = files.shown(image_png=base64.b64encode(PNG[:16] + b"\0\0\xb0\0" * 2 + bytes(99)).decode())
ODD_CELLS = b'{"cells": [1, null, {}, {"cell_type": "code", "outputs": {"a": 1}, "source": 3}]}'


def put_out(text: str) -> bytes:
    return files.notebook(files.code({"output_type": "stream", "text": text}))


BAD = {
    "nothing": ("a", b"", "none"),
    "JSON 100,000 deep": ("a.json", b"[" * 100_000 + b"]" * 100_000, "json"),
    "objects 100,000 deep": ("a.json", b'{"a":' * 100_000, "json"),
    "lines 100,000 deep": ("a.jsonl", b"[" * 100_000, "text"),
    "a notebook 100,000 deep": ("a.ipynb", b'{"cells":' + b"[" * 100_000, "json"),
    "a line of 10 MB": ("a.txt", b"a" * 10_000_000, "text"),
    "a line of 10 MB of CSV": ("a.csv", b"a," * 5_000_000, "table"),
    "a line of 10 MB of JSON": ("a.json", b"[" + b"1," * 5_000_000 + b"1]", "json"),
    "10 MB in a string of JSON": ("a.json", b'["' + b"a" * 10_000_000 + b'"]', "json"),
    "10 MB of code": ("a.py", b"x = " + b"(" * 10_000_000, "text"),
    "1 MB of strings that do not pack": ("a.json", json.dumps([UNPACKABLE[at::50] for at in range(50)]).encode(),
                                         "json"),
    "names that do not pack": ("a.jsonl", "\n".join(json.dumps({it: it}) for it in UNPACKABLE[:250]).encode(), "json"),
    "a number of 10,000 digits": ("a.json", b"1" * 10_000, "json"),
    "a lexer that is quadratic": ("a.xml", (b"&" * 1900 + b"\n") * 30, "text"),
    "tokens without number": ("a.js", b"{};" * 19_000, "text"),
    "a cell of 200 kB": ("a.csv", b'a,b\n"' + b"x" * 200_000 + b'",2\n', "text"),
    "an open quote": ("a.csv", b'a,b\n"1,2\n3,4\n', "table"),
    "a bomb of zeros": ("a.csv.gz", gzip.compress(bytes(50_000_000)), "none"),
    "a bomb of rows": ("a.csv.gz", gzip.compress(b"a,b\n" * 10_000_000, 1), "table"),
    "a bomb of a tar": ("a.tgz", gzip.compress(files.tarred(["a", "b"], bytes(20_000_000)), 1), "archive"),
    "gzip that is cut": ("a.csv.gz", gzip.compress(b"a,b\n" + b"1,2\n" * 10_000)[:40], "table"),
    "gzip of nothing": ("a.csv.gz", gzip.compress(b""), "none"),
    "no gzip at all": ("a.gz", b"\x1f\x8b" + bytes(range(200)), "none"),
    "a zip that is cut": ("a.zip", files.zipped("abc")[:100], "none"),
    "a zip that lies": ("a.zip", b"PK\5\6" + b"\0" * 6 + b"\xff" * 6 + bytes(6), "none"),
    "a tar that is cut": ("a.tar", files.tarred(["a", "b"])[:700], "archive"),
    "a tar of garbage": ("a.tar", bytes(257) + b"ustar\0" + b"\xff" * 900, "none"),
    "a notebook that is a list": ("a.ipynb", b"[1]", "json"),
    "a notebook of nonsense": ("a.ipynb", ODD_CELLS, "notebook"),
    "an image of 5 MB in a notebook": (
        "a.ipynb", files.notebook(files.code(files.shown(image_png=ENCODED))), "notebook",
    ),
    "60 images in a notebook": (
        "a.ipynb", files.notebook(*[files.code(files.shown(image_png=RANDOM))] * 60),
        "notebook",
    ),
    "an output of 6 MB": ("a.ipynb", put_out("<" * 6_000_000), "notebook"),
    "a notebook of 9 MB": ("a.ipynb", put_out("<" * 9_000_000), "json"),
    "many cells": ("a.ipynb", files.notebook(*[files.code(source="x")] * 5000), "notebook"),
    "many columns": ("a.csv", b",".join([b"c"] * 5000) + b"\n" + b",".join([b"<" * 20] * 5000), "table"),
    "comments that could be cut in many ways": ("a.svg", b"<!---->" * 600, "text"),
    "an image of a billion pixels": ("a.png", b"\x89PNG\r\n\x1a\n" + bytes(8) + b"\0\1\0\0" * 2 + bytes(99), "none"),
    "two gigapixels of one colour in a notebook": ("a.ipynb", files.notebook(files.code(HUGE)), "notebook"),
    "many markdown images": ("a.md", b"![](a.png)" * 3_000, "markdown"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_has_a_preview_or_a_reason(case: str) -> None:
    name, content, kind = BAD[case]
    made = told(name, content)
    assert made.kind == kind
    said = files.checked(made)
    assert ("too many pixels" in said) == ("gigapixels" in case)


@settings(max_examples=50)
@given(
    st.binary(max_size=300),
    st.sampled_from(["csv", "json", "ipynb", "md", "zip", "tar", "gz", "png", "txt", "py", "jsonl"]),
)
def test_any_bytes_have_a_preview(content: bytes, extension: str) -> None:
    for magic in (b"", b"\x1f\x8b\x08\0\0\0\0\0\0\3", b"PK\3\4", b"PK\5\6", b"<svg ", b"\xff\xd8\xff"):
        files.checked(told(f"a.{extension}", magic + content))
