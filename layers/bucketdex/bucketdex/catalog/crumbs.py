"""The folders on the way to where a page is.

Of a path that is very deep only its ends are told: each link repeats what is above it, so that all would weigh a lot.
"""

from collections.abc import Callable

FIRST, LAST = 2, 8  # folders

type Crumb = tuple[str, str | None]  # what it is called, and its address


def folders(path: str, link: Callable[[str], str]) -> list[Crumb]:
    """Return the folders of a path, with or without a slash at its end, each with what `link` makes of its prefix."""
    parts = path.removesuffix("/").split("/") if path else []
    told = [(part or "(no name)", at) for at, part in enumerate(parts, 1)]
    shown = told if len(told) <= FIRST + LAST + 1 else [*told[:FIRST], ("…", 0), *told[-LAST:]]
    return [(name, link("/".join(parts[:at]) + "/") if at else None) for name, at in shown]
