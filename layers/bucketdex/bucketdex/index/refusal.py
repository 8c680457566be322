"""A document that OpenSearch refused, without the part that it refused: half a document is found, none is not."""

import re
from collections.abc import Mapping

import msgspec

FIELD = re.compile(r"(?:field(?:=\"|\s+(?:name\s+)?\[|\s+\")|within \[)([a-z_]+)")


def without_refused[D: msgspec.Struct](document: D, reasons: list[str], empty: Mapping[str, object]) -> D:
    """Return the document less the fields that the reasons name; less all that can go if the last names none.

    `reasons` are the refusals of this document so far, the first first. `empty` holds the fields that can go, each with
    what it is then. `problem` then tells what was left out and why.
    """
    left_out: set[str] = set()
    for reason in reasons:
        of_it = {name for name in FIELD.findall(reason) if name in empty} - left_out
        left_out |= of_it or set(empty)
    said = f"indexed without {', '.join(sorted(left_out))}, which OpenSearch refused: {'; '.join(reasons)}"[:1000]
    before = getattr(document, "problem", None)
    problem = f"{before}; {said}" if before else said
    return msgspec.structs.replace(document, problem=problem, **{name: empty[name] for name in left_out})
