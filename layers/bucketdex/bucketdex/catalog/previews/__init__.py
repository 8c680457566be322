"""Previews of files: bounded in bytes and time, and nothing of a file becomes markup but what was sanitised.

What is here is imported when it is first used: the child process needs but a part of it, and most pages none.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bucketdex.catalog.previews.kinds import Preview
    from bucketdex.catalog.previews.previewing import preview, preview_of, text_of
    from bucketdex.catalog.previews.sources import BytesSource, Source

__all__ = ["BytesSource", "Preview", "Source", "preview", "preview_of", "text_of"]

_PLACES = {
    "Preview": "kinds", "preview": "previewing", "preview_of": "previewing", "text_of": "previewing",
    "BytesSource": "sources", "Source": "sources",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
