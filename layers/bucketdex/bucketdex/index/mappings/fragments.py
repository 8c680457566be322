"""What the mappings of several kinds are made of, and the body that creates an index.

What users can name freely (metadata, tags) never becomes a field: it is a list of `name=value` keywords for exact
matches and facets, and a nested list of typed pairs for ranges.
"""

from typing import Any

from bucketdex.index.mappings.analysis import ANALYSIS

LONG, DATE, BOOLEAN = {"type": "long"}, {"type": "date"}, {"type": "boolean"}
KEYWORD: dict[str, Any] = {"type": "keyword", "ignore_above": 1024}
LONG_KEYWORD = {"type": "keyword", "ignore_above": 8191}  # in characters; four bytes each still fit a term
STORED_ONLY = {"type": "keyword", "index": False, "doc_values": False}
NAME = {"type": "text", "analyzer": "name_index", "search_analyzer": "name_search"}
PROSE = {"type": "text", "analyzer": "prose"}
FOLDERS = {"type": "text", "analyzer": "folders", "search_analyzer": "keyword"}

NAMED = KEYWORD | {"fields": {"text": NAME}}  # found whole, and by its parts
FILE_NAME = KEYWORD | {"normalizer": "lowercase", "fields": {"text": NAME}}
EXTENSIONS = KEYWORD | {"normalizer": "lowercase"}
METADATA = LONG_KEYWORD | {"fields": {"text": NAME}}  # each `name=value`
PROBLEM: dict[str, Any] = KEYWORD | {"fields": {"text": {"type": "text"}}}
PAIRS: dict[str, Any] = {
    "type": "nested",
    "properties": {
        "of": KEYWORD,  # metadata or tag
        "name": KEYWORD,
        "keyword": LONG_KEYWORD,
        "number": {"type": "double"},
        "date": DATE,
        "boolean": BOOLEAN,
    },
}


def strict(properties: dict[str, Any]) -> dict[str, Any]:
    """Return the mapping of a kind: no field that is not named here."""
    return {"dynamic": "strict", "properties": properties}


def index_body(kind: str, version: int, mapping: dict[str, Any], shards: int, replicas: int) -> dict[str, Any]:
    """Return the body that creates a generation of a kind."""
    return {
        "settings": {
            "number_of_shards": shards,
            "number_of_replicas": replicas,
            "refresh_interval": "1s",
            "analysis": ANALYSIS,
        },
        "mappings": mapping | {"_meta": {"kind": kind, "version": version}},
    }
