"""Searches as they are typed, so that what a command offers can be pasted."""

from typing import TYPE_CHECKING

from bucketdex.cli.called import as_called
from bucketdex.cli.output import printable

if TYPE_CHECKING:
    from bucketdex.client.asking import Question


def retyped(question: "Question", query: str) -> str:
    """Return the command that asks another query, narrowed and sorted as the question is."""
    from shlex import quote

    buckets = [f"-b {quote(it)}" for it in question.buckets]
    kinds = [f"-k {it}" for it in question.kinds]
    order = [] if question.sort == "relevance" else [f"-s {question.sort}"]
    behind = ["--"] if query.startswith("-") else []
    return printable(" ".join([as_called("bucketdex search"), *buckets, *kinds, *order, *behind, quote(query)]))
