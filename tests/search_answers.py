"""What the API answers a search with: a hit of each kind."""

HIT = {
    "kind": "object", "bucket": "lab", "key": "a b/[bold]+.csv", "score": 2.5, "size": 1234,
    "modified": "2026-01-01T00:00:00Z",
    "highlights": {"content": ["the <mark>quick</mark>\n&lt;b&gt;fox &amp;amp;", "x", "third"]},
}  # fmt: skip
ANSWER: dict = {"total": 7, "totals": {"object": 5, "package": 0, "entry": 2}, "hits": [HIT]}
PACKAGE = {
    "kind": "package", "bucket": "lab", "handle": "bio/penguins", "top_hash": "ab12cd34ef56" + 52 * "0", "score": 1.5,
    "highlights": {"handle": ["bio&#x2F;<mark>penguins</mark>"], "metadata": ["plate=<mark>penguins</mark>"]},
    "message": "First\nrelease", "entries": 1234, "total_bytes": 5_000_000, "verified": True, "latest": True,
    "modified": "2026-01-01T00:00:00Z",
}  # fmt: skip
ENTRY = {
    "kind": "entry", "bucket": "lab", "logical_key": "images/7.png", "top_hash": PACKAGE["top_hash"], "score": 1.0,
    "handles": ["bio/penguins", "bio/birds"], "latest": True, "physical_key": "s3://raw/a%20b/7.png", "size": 3,
    "highlights": {"logical_key": ["images&#x2F;<mark>7</mark>.png"]},
}  # fmt: skip
