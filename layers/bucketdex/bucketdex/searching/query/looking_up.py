"""What has to be asked before a query can be: what the beginnings of top hashes name, and the manifests of packages."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from bucketdex.index.generations import PACKAGES_ALIAS
from bucketdex.searching import revisions
from bucketdex.searching.language.syntax import MOST_WORDS, All, Node, Not, Phrase, Qualifier, Query, Word
from bucketdex.searching.language.syntax import Any as AnyOf
from bucketdex.searching.manifests import by_registry, each_manifest, manifests_told
from bucketdex.searching.query.clauses import Clause, alike, all_of
from bucketdex.searching.query.forms import forms_of
from bucketdex.searching.query.kinds import Known
from bucketdex.searching.query.packages import LATEST, handled
from bucketdex.searching.query.qualifying import text_of
from bucketdex.searching.query.words import hash_prefix, parts, revision
from bucketdex.searching.question import Kind
from bucketdex.searching.viewer import Viewer, ask_many

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

MOST_MANIFESTS = 2_000  # whose entries `author:` or `package:` finds; of more, those of the first top hashes


def looked_up(client: "OpenSearch", viewer: Viewer, query: Query, kinds: Sequence[Kind]) -> Known:
    """Return what a query needs to know, by one request if it needs any; raises `Transient`."""
    prefixes = hash_prefixes(query) if "package" in kinds else ()
    named = _naming_packages(query) if "entry" in kinds else ()
    bodies = [*([revisions.body(prefixes)] if prefixes else []), *(_manifests_body(it) for it in named)]
    answers = iter(ask_many(client, [((PACKAGES_ALIAS,), body) for body in bodies], viewer))
    of_prefixes = revisions.named(next(answers), prefixes) if prefixes else {}
    manifests = {asked: by_registry(manifests_told(answer)) for asked, answer in zip(named, answers, strict=True)}
    return Known(of_prefixes, manifests, _words(query) <= MOST_WORDS)


def hash_prefixes(query: Query) -> tuple[str, ...]:
    """Return what may begin a top hash, in lower case: words, values of `hash:`, of `package:` what is behind `@`."""
    found: list[str | None] = []
    for leaf in _leaves(query.all):
        match leaf:
            case Word(text, prefix=False):
                named = revision(text)
                found.append(named[1] if named else hash_prefix(text))
            case Qualifier("hash"):
                found.append(hash_prefix(text_of(leaf)))
    # Behind a minus it names nothing that is to be shown besides latest revisions.
    wanted = (it for it in _leaves(query.all, denied=False) if isinstance(it, Qualifier) and it.name == "package")
    found += [named[1] for it in wanted if (named := revision(text_of(it)))]
    return tuple(dict.fromkeys(prefix for prefix in found if prefix))


def _words(query: Query) -> int:
    """Return how many words are looked for in all their forms."""
    return sum(parts(leaf.text) for leaf in _leaves(query.all) if isinstance(leaf, Word | Phrase))


def _naming_packages(query: Query) -> tuple[Qualifier, ...]:
    named = (it for it in _leaves(query.all) if isinstance(it, Qualifier) and it.name in ("author", "package"))
    return tuple(dict.fromkeys(named))


def _leaves(node: Node, *, denied: bool = True) -> Iterator[Node]:
    """The words, phrases and qualifiers, in all their forms; those behind a minus if they are wanted."""
    match node:
        case All(nodes) | AnyOf(nodes):
            for inner in nodes:
                yield from _leaves(inner, denied=denied)
        case Not(inner):
            if denied:
                yield from _leaves(inner)
        case _:
            yield from forms_of(node)


def _manifests_body(asked: Qualifier) -> dict[str, Any]:
    value = text_of(asked)
    wanted = alike("author", value) if asked.name == "author" else handled(value)
    # A revision that is asked for may be an older one.
    pointers: Clause = {"term": {"type": "pointer"}} if asked.name == "package" and revision(value) else LATEST
    return each_manifest(all_of(wanted, pointers), MOST_MANIFESTS)
