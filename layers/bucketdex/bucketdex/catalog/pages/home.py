"""The first page: what is here, the newest of it, and queries that find something."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import msgspec

from bucketdex.catalog import links
from bucketdex.catalog.answers import Page
from bucketdex.catalog.cards import card
from bucketdex.catalog.edges import Edges
from bucketdex.catalog.objects.snippets import narrowed
from bucketdex.errors import Fault
from bucketdex.health.lag import Documents, lag_and_documents
from bucketdex.http import Request
from bucketdex.searching.answering import search
from bucketdex.searching.facets import Facets, Growth, facets, growth
from bucketdex.searching.hits import Answer, ObjectHit, PackageHit
from bucketdex.searching.language.mistakes import QuerySyntaxError
from bucketdex.searching.language.parsing import parse
from bucketdex.searching.question import Kind, Question

NEWEST = 6
MOST_BUCKETS = 12  # whose size and growth are shown; of others, how many objects
AT_ONCE = 6
MONTHS = 18  # of a bucket's growth
EXAMPLES = 6
WANTED = ("ext", "size", "tag", "meta")


class Held(msgspec.Struct, frozen=True):
    """A bucket, what the index has of it, and how much was added in each month."""

    name: str
    documents: Documents
    bytes: int | None = None
    added: tuple[int, ...] = ()


def page(_request: Request, edges: Edges) -> Page:
    """Tell what is here."""
    client, viewer = edges.opensearch, edges.viewer
    names = [bucket.name for bucket in edges.buckets]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        packages = pool.submit(newest, edges, "package")
        objects = pool.submit(newest, edges, "object")
        counting = pool.submit(facets, client, viewer, "", wanted=WANTED, size=2)
        grown = {name: pool.submit(growth, client, viewer, name) for name in names[:MOST_BUCKETS]}
        _, documents = lag_and_documents(client, viewer, edges.clock())
        try:
            counted = counting.result()
        except Fault:
            counted = None
        held = [
            Held(name, documents.get(name, Documents()), *(summed(grown[name].result()) if name in grown else ()))
            for name in names
        ]
        found, files = packages.result(), objects.result()
    return Page(
        "home.html",
        {
            "title": "Catalog",
            "held": held,
            "objects": sum(it.documents.objects for it in held),
            "packages": sum(it.documents.packages for it in held),
            "newest_packages": [card(hit, viewer.buckets) for hit in found.hits],
            "newest_objects": [card(hit, viewer.buckets) for hit in files.hits],
            "examples": examples(counted, found, files),
            "all_packages": links.packages(),
            "all_objects": links.search("type:object", "newest"),
        },
    )


def newest(edges: Edges, kind: Kind) -> Answer:
    """Return the newest documents of a kind."""
    question = Question(size=NEWEST, kinds=(kind,), sort="newest", highlights=False)
    return search(edges.opensearch, edges.viewer, question)


def summed(of: Growth) -> tuple[int, tuple[int, ...]]:
    """Return the bytes of a bucket, and how many objects the last months added."""
    counts = [0, *(month.count for month in of.months)]
    return of.bytes, tuple(after - before for before, after in pairwise(counts))[-MONTHS:]


def examples(counted: Facets | None, packages: Answer, objects: Answer) -> list[str]:
    """Return queries that find something here, each of another form."""
    told: list[str | None] = []
    for hit in objects.hits[:1]:
        if isinstance(hit, ObjectHit) and (words := hit.key.rsplit("/", 1)[-1].split(".")[0].split("_")[0].split("-")):
            told += [words[0]] if words[0].isalnum() and _is_query(words[0]) else []
    for facet in counted.facets if counted else ():
        values = [value for value in facet.values if value.count]
        if values and facet.name != "meta":
            told.append((values[-1] if facet.form == "ranges" else values[0]).query)
        elif values:
            told.append(narrowed("meta", "*", values[0].value))
    for hit in packages.hits[:1]:
        if isinstance(hit, PackageHit) and hit.handle:
            told.append(narrowed("package", hit.handle))
    return list(dict.fromkeys(filter(None, told)))[:EXAMPLES]


def _is_query(word: str) -> bool:
    """Tell whether a word can be searched for as it is: `OR` cannot."""
    try:
        return bool(parse(word).all.nodes)
    except QuerySyntaxError:
        return False
