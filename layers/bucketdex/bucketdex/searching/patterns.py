"""Regular expressions of Lucene, for the values of an aggregation that begin with what was typed."""

import re

MARKS = re.compile(r'[.?+*|{}\[\]()"\\#@&<>~^$-]')  # that mean something there
LONGEST = 1_000  # characters of one that OpenSearch takes


def beginning(text: str) -> dict[str, str]:
    """Return what an aggregation of terms includes so that it has those that begin so, in capitals or not.

    Nothing, if that is too long; so its answer is to be looked through all the same.
    """
    pattern = "".join(map(_letter, text)) + ".*"
    return {"include": pattern} if text and len(pattern) <= LONGEST else {}


def _letter(letter: str) -> str:
    cases = {letter, letter.lower(), letter.upper()}
    if len(cases) > 1 and all(len(it) == 1 for it in cases):
        return f"[{''.join(sorted(cases))}]"
    return MARKS.sub(r"\\\g<0>", letter)
