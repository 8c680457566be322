"""How text is cut into words, the same for every kind of document.

Names are split so that `RNAseq_sample-042.counts.csv.gz` is found by `rnaseq`, `sample 042`, `042`, `counts`, `csv`,
`.csv.gz` and by a prefix of each.
"""

from typing import Any

ANALYSIS: dict[str, Any] = {
    "filter": {
        # Each level is a token that repeats all those above it.
        "not_too_deep": {"type": "limit", "max_token_count": 64},
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
        "folders": {"type": "custom", "tokenizer": "path_hierarchy", "filter": ["not_too_deep"]},
    },
    "normalizer": {"lowercase": {"type": "custom", "filter": ["lowercase", "asciifolding"]}},
}
