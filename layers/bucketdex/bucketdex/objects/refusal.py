"""A document that OpenSearch refused, without the part that it refused: half a document is found, none is not."""

import re

import msgspec

from bucketdex.objects.document import ObjectDocument

FIELD = re.compile(r"(?:field(?:=\"|\s+(?:name\s+)?\[|\s+\")|within \[)([a-z_]+)")
EMPTY: dict[str, object] = {
    "content": None, "content_from": None, "metadata": (), "tags": (), "pairs": (), "checksums": (),
    "encryption": None, "content_type": None, "content_encoding": None, "written_by": None, "extensions": (),
}  # fmt: skip


def without_refused(document: ObjectDocument, reasons: list[str]) -> ObjectDocument:
    """Return the document less the fields that the reasons name; less all that can go if the last names none.

    `reasons` are the refusals of this document so far, the first first. `problem` then tells what was left out and why.
    """
    left_out: set[str] = set()
    for reason in reasons:
        named = {name for name in FIELD.findall(reason) if name in EMPTY} - left_out
        left_out |= named or set(EMPTY)
    said = f"indexed without {', '.join(sorted(left_out))}, which OpenSearch refused: {'; '.join(reasons)}"[:1000]
    problem = f"{document.problem}; {said}" if document.problem else said
    return msgspec.structs.replace(document, problem=problem, **{name: EMPTY[name] for name in left_out})
