"""What OpenSearch knows of our documents: analysis and mappings, strict, with versioned names.

Names are split so that `RNAseq_sample-042.counts.csv.gz` is found by `rnaseq`, `sample 042`, `042`, `counts`, `csv`,
`.csv.gz` and by a prefix of each. What users can name freely (metadata, tags) never becomes a field: it is a list of
`name=value` keywords for exact matches and facets, and a nested list of typed pairs for ranges.
"""

from typing import Any

OBJECTS_VERSION = 1

ANALYSIS: dict[str, Any] = {
    "filter": {
        # `sampleCounts042` -> sample, counts, 042, and the whole of it; `RNAseq` stays whole, as only a rise to upper
        # case splits. Offsets stay right for highlights since the tokenizer has cut at every mark before.
        "parts_of_a_name": {
            "type": "word_delimiter_graph",
            "split_on_case_change": True,
            "split_on_numerics": True,
            "preserve_original": True,
            "stem_english_possessive": False,
        },
    },
    # Unicode's rules keep `BRCA1,5`, `gene_count` and `a.b` in one piece, which is not what a table or a program means.
    "char_filter": {"marks_apart": {"type": "mapping", "mappings": [f"{mark} => \\u0020" for mark in ",;:._'’·"]}},
    "tokenizer": {"between_marks": {"type": "pattern", "pattern": r"[^\p{L}\p{M}\p{N}]+"}},
    "analyzer": {
        "name_index": {
            "type": "custom",
            "tokenizer": "between_marks",
            "filter": ["parts_of_a_name", "flatten_graph", "lowercase", "asciifolding"],
        },
        # A query is not split inside a word: `042` finds `sample042`, but `sample042` does not find every `sample`.
        "name_search": {"type": "custom", "tokenizer": "between_marks", "filter": ["lowercase", "asciifolding"]},
        "prose": {
            "type": "custom",
            "char_filter": ["marks_apart"],
            "tokenizer": "standard",
            "filter": ["lowercase", "asciifolding"],
        },
        "folders": {"type": "custom", "tokenizer": "path_hierarchy"},
    },
    "normalizer": {"lowercase": {"type": "custom", "filter": ["lowercase", "asciifolding"]}},
}

KEYWORD = {"type": "keyword", "ignore_above": 1024}
LONG_KEYWORD = {"type": "keyword", "ignore_above": 8191}  # in characters; four bytes each still fit a term
STORED_ONLY = {"type": "keyword", "index": False, "doc_values": False}
NAME = {"type": "text", "analyzer": "name_index", "search_analyzer": "name_search"}

OBJECT: dict[str, Any] = {
    "dynamic": "strict",
    "properties": {
        "bucket": KEYWORD,
        "key": KEYWORD | {
            "fields": {
                "text": NAME,
                "folders": {"type": "text", "analyzer": "folders", "search_analyzer": "keyword"},
                "wildcard": {"type": "wildcard"},
            }
        },
        "name": KEYWORD | {"normalizer": "lowercase", "fields": {"text": NAME}},
        "extensions": KEYWORD | {"normalizer": "lowercase"},
        "size": {"type": "long"},
        "modified": {"type": "date"},
        "version_id": KEYWORD,
        "etag": KEYWORD,
        "storage_class": KEYWORD,
        "content_type": KEYWORD,
        "content_encoding": KEYWORD,
        "encryption": {"properties": {"type": KEYWORD, "key": KEYWORD}},
        "checksums": {"properties": {"type": KEYWORD, "value": KEYWORD, "origin": KEYWORD, "scope": KEYWORD}},
        "metadata": LONG_KEYWORD | {"fields": {"text": NAME}},
        "tags": LONG_KEYWORD | {"fields": {"text": NAME}},
        "pairs": {
            "type": "nested",
            "properties": {
                "of": KEYWORD,  # metadata or tag
                "name": KEYWORD,
                "keyword": LONG_KEYWORD,
                "number": {"type": "double"},
                "date": {"type": "date"},
                "boolean": {"type": "boolean"},
            },
        },
        "content": {"type": "text", "analyzer": "prose", "index_options": "offsets"},
        "content_from": STORED_ONLY,
        "written_by": {"properties": {"type": KEYWORD, "name": KEYWORD, "session": KEYWORD}},
        "observed_at": {"type": "date"},
        "problem": {"type": "keyword", "ignore_above": 1024, "fields": {"text": {"type": "text"}}},
        "deleted": {"type": "boolean"},
    },
}  # fmt: skip


def objects_index(shards: int, replicas: int) -> dict[str, Any]:
    """Return the body that creates a generation of the kind `objects`."""
    return {
        "settings": {
            "number_of_shards": shards,
            "number_of_replicas": replicas,
            "refresh_interval": "1s",
            "analysis": ANALYSIS,
        },
        "mappings": OBJECT | {"_meta": {"kind": "objects", "version": OBJECTS_VERSION}},
    }
