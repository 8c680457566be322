"""The query language: what can be typed, each with an example that can be tried, and the table of qualifiers."""

from bucketdex.catalog.answers import Page
from bucketdex.catalog.edges import Edges
from bucketdex.http import Request
from bucketdex.objects.text import EXCERPT_BYTES
from bucketdex.searching.language.qualifiers import EVERYTHING, QUALIFIERS, QualifierKind
from bucketdex.searching.language.syntax import DEEPEST, MOST_CHARACTERS, MOST_QUALIFIERS, MOST_WORDS

WORDS: tuple[tuple[str, str], ...] = (
    ("penguins bill", "every word has to be found somewhere: in a name, a key, a handle, text, metadata, tags"),
    ('"bill length"', "words that stand together"),
    ("peng*", "what begins so; the last word does that by itself while you type"),
    ("penguins -raw", "without a word; NOT raw says the same, and stands before anything else, too"),
    ("csv OR json", "one of them; OR binds tighter than standing side by side"),
    ("(penguins OR seals) ext:.csv", "parentheses hold together what belongs together"),
    (
        "s3://my-data/raw/042.csv",
        "an address, also with a version; digests, etags and handles are found as they are",
    ),
    ("plate.well=B7", "metadata or a tag with its value"),
)
COMPARED: tuple[tuple[str, str], ...] = (
    ("size:>10MB", "also >= < <=, with B, kB, MB, GB, TB, or KiB, MiB, GiB"),
    ("size:1MB..10MB", "a range; from 1 MB on is 1MB.."),
    ("modified:2024-01", "in a year, a month, a day, an hour"),
    ("modified:>2024-01-15", "after it; a time in UTC is 2024-01-15T10:00"),
    ("modified:7d", "since 7 days ago; w, m and y are weeks, months and years"),
    ("meta.weight:>3.5", "numbers and dates in metadata and tags, by their name"),
    ("meta.licence:*", "has it, whatever it is"),
    ("key:runs/*.csv", "in a key or a name * stands for anything"),
)
KIND_NAMES = {"object": "files", "package": "packages", "entry": "entries"}


def page(_request: Request, _edges: Edges) -> Page:
    """Tell what can be typed."""
    return Page(
        "help.html",
        {
            "title": "Query language",
            "words": WORDS,
            "compared": COMPARED,
            "excerpt": EXCERPT_BYTES // 1024,
            "qualifiers": [(kind, found(kind)) for kind in QUALIFIERS.values()],
            "limits": (MOST_CHARACTERS, MOST_WORDS, MOST_QUALIFIERS, DEEPEST),
        },
    )


def found(kind: QualifierKind) -> str:
    """Return what a qualifier finds, as people call it."""
    return "everything" if kind.kinds == EVERYTHING else ", ".join(KIND_NAMES[it] for it in kind.kinds)
