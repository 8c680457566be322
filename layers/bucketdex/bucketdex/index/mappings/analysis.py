"""How text is cut into words, the same for every kind of document.

Names are split so that `RNAseq_sample-042.counts.csv.gz` is found by `rnaseq`, `sample 042`, `042`, `counts`, `csv`,
`.csv.gz` and by a prefix of each.
"""

from typing import Any

EMOJI = r"\u2300-\u27bf\u2b00-\u2bff\x{1f000}-\x{1faff}"  # as Java writes it

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
    "char_filter": {
        "marks_apart": {"type": "mapping", "mappings": [f"{mark} => \\u0020" for mark in ",;:._'’·"]},
        # `asciifolding` knows an accented letter as one character only; macOS writes a letter and an accent.
        "accents_off": {"type": "pattern_replace", "pattern": r"(?<=\p{IsLatin})[\u0300-\u036f]+", "replacement": ""},
    },
    "tokenizer": {
        # What lies between marks; and each emoji, so that `plate🐧.csv` has three words. How one is drawn (U+FE0F), a
        # mark that no letter is before, is left out.
        "between_marks": {
            "type": "pattern",
            "pattern": rf"[{EMOJI}]|[\p{{L}}\p{{N}}][\p{{L}}\p{{M}}\p{{N}}]*",
            "group": 0,
        },
    },
    "analyzer": {
        "name_index": {
            "type": "custom",
            "char_filter": ["accents_off"],
            "tokenizer": "between_marks",
            "filter": ["parts_of_a_name", "flatten_graph", "lowercase", "asciifolding"],
        },
        # A query is not split inside a word: `042` finds `sample042`, but `sample042` does not find every `sample`.
        "name_search": {
            "type": "custom",
            "char_filter": ["accents_off"],
            "tokenizer": "between_marks",
            "filter": ["lowercase", "asciifolding"],
        },
        "prose": {
            "type": "custom",
            "char_filter": ["marks_apart", "accents_off"],
            "tokenizer": "standard",
            "filter": ["lowercase", "asciifolding"],
        },
        "folders": {"type": "custom", "tokenizer": "path_hierarchy", "filter": ["not_too_deep"]},
    },
    "normalizer": {
        "lowercase": {"type": "custom", "char_filter": ["accents_off"], "filter": ["lowercase", "asciifolding"]}
    },
}
