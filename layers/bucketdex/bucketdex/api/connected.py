"""Buckets that a search is narrowed to: one that is not connected is a mistake, as nothing is ever found in it."""

from collections.abc import Sequence

from bucketdex.errors import Permanent
from bucketdex.searching.language.mistakes import shown
from bucketdex.searching.viewer import Viewer

MOST_NAMED = 10  # buckets
LONGEST_NAME = 63  # characters


def having(viewer: Viewer, buckets: Sequence[str]) -> Viewer:
    """Return the viewer, who has these buckets; raises `Permanent` where not all of them, and names those that are."""
    unknown = [name for name in dict.fromkeys(buckets) if name not in viewer.buckets]
    if unknown:
        them = f"bucket {_named(unknown)} is" if len(unknown) == 1 else f"buckets {_named(unknown)} are"
        raise Permanent(f"the {them} not connected; those that are: {_named(sorted(viewer.buckets)) or 'none yet'}")
    return viewer


def _named(names: Sequence[str]) -> str:
    others = [f"and {len(names) - MOST_NAMED:,} others"] if len(names) > MOST_NAMED else []
    return ", ".join([*(shown(it, LONGEST_NAME) or "''" for it in names[:MOST_NAMED]), *others])
