"""In which order hits come. It is total, so that a page can go on where the one before ended."""

from collections.abc import Sequence
from typing import Any

from bucketdex.searching.question import Sort

Field = tuple[str, str, str]  # name, type, order
BY: dict[Sort, tuple[Field, ...]] = {
    "relevance": (),
    "newest": (("modified", "date", "desc"),),
    "oldest": (("modified", "date", "asc"),),
    # Of a package the size of all that is in it counts; `size` is that of a small file.
    "largest": (("total_bytes", "long", "desc"), ("size", "long", "desc")),
    "smallest": (("total_bytes", "long", "asc"), ("size", "long", "asc")),
    "name": (("name", "keyword", "asc"),),
}
ALIKE: tuple[Field, ...] = (
    ("latest", "boolean", "desc"), ("modified", "date", "desc"), ("key", "keyword", "asc"),
    ("logical_key", "keyword", "asc"), ("bucket", "keyword", "asc"), ("top_hash", "keyword", "asc"),
)  # fmt: skip
SCORE: Field = ("_score", "float", "desc")

Place = Sequence[Any]  # what a hit has for each field of the order


def order_of(sort: Sort, *, has_words: bool) -> tuple[Field, ...]:
    """Return the fields that hits are sorted by; without words none is better, so the newest come first."""
    first = (SCORE,) if has_words else BY["newest"]
    before = BY[sort] or first
    named = {name for name, _, _ in before}
    return (*before, *(field for field in ALIKE if field[0] not in named))


def sorted_by(order: Sequence[Field]) -> list[dict[str, Any]]:
    """Return the order as OpenSearch takes it. Each kind lacks fields of the others."""
    return [
        {name: {"order": way} if name == SCORE[0] else {"order": way, "unmapped_type": kind, "missing": "_last"}}
        for name, kind, way in order
    ]


def comes_before(one: Place, other: Place, order: Sequence[Field]) -> bool:
    """Tell whether a hit comes before another."""
    for (_, _, way), mine, its in zip(order, one, other, strict=True):
        if mine == its:
            continue
        if mine is None or its is None:  # what has no such field comes last
            return its is None
        return bool(mine > its) if way == "desc" else bool(mine < its)
    return False
