"""What the API answers the Python client with: a page of objects, or a hit of each kind."""

import json

import bucketdex
from recorded_api import Api

TOP_HASH = "ab12cd34ef56" + 52 * "0"
PLACES = [{"registry": "lab", "handle": "bio/x", "logical_key": it} for it in "ab"]
OBJECT = {
    "kind": "object", "bucket": "lab", "key": "a b/c+.csv", "score": 2.5, "size": 2**53 + 1, "version_id": "v1",
    "modified": "2026-01-01T00:00:00Z", "metadata": ["plate=7"], "highlights": {},
    "written_by": {"name": "lab", "of tomorrow": 1}, "packages": PLACES, "of tomorrow": {"a": 1},
}  # fmt: skip
PACKAGE = {
    "kind": "package", "bucket": "lab", "handle": "bio/penguins", "top_hash": TOP_HASH, "score": 1.5, "highlights": {},
    "entries": 2, "total_bytes": 5, "verified": True, "latest": True,
}  # fmt: skip
ENTRY = {
    "kind": "entry", "bucket": "lab", "logical_key": "images/7.png", "top_hash": TOP_HASH, "score": 1.0,
    "handles": ["bio/penguins"], "latest": True, "physical_key": "s3://raw/a%20b/7.png?versionId=v2", "size": 3,
    "hash": {"type": "SHA256", "value": "ff"}, "highlights": {},
}  # fmt: skip


def page(keys: list[str], total: int, cursor: str | None = None) -> dict:
    hits = [OBJECT | {"key": key} for key in keys]
    return {"total": total, "totals": {"object": total}, "hits": hits} | ({"cursor": cursor} if cursor else {})


def all_kinds(api: Api) -> bucketdex.search:
    totals = {"object": 1, "package": 1, "entry": 1}
    api.body = json.dumps({"total": 3, "totals": totals, "hits": [PACKAGE, ENTRY, OBJECT], "of tomorrow": 1})
    return bucketdex.search("penguins")
