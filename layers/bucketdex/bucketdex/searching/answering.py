"""Answering a question: what its hashes name, the search itself, and the packages of the entries that it finds."""

from typing import TYPE_CHECKING

from bucketdex.searching.handles import standing
from bucketdex.searching.hits import Answer, answer, manifests
from bucketdex.searching.query import hash_prefixes, search_body
from bucketdex.searching.question import ALIASES, Question
from bucketdex.searching.revisions import revisions
from bucketdex.searching.viewer import Viewer, ask

if TYPE_CHECKING:
    from opensearchpy import OpenSearch


def search(client: "OpenSearch", viewer: Viewer, question: Question) -> Answer:
    """Return what the viewer finds; raises `Transient`, and `Permanent` for what OpenSearch refuses."""
    if not viewer.buckets:
        return Answer(0, dict.fromkeys(question.kinds, 0), [])
    named = revisions(client, viewer, hash_prefixes(question.text)) if "package" in question.kinds else {}
    found = ask(client, [ALIASES[kind] for kind in question.kinds], search_body(question, named), viewer)
    return answer(found, question.kinds, standing(client, viewer, manifests(found)))
