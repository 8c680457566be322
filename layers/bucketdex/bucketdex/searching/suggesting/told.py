"""What is suggested, as programs and pages get it."""

from typing import Literal

import msgspec

KindOfSuggestion = Literal["qualifier", "value", "object", "package", "folder"]


class Suggestion(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the word at the end may become: `text` is shown, with `detail` beside it, and `query` is the text after it
    was taken.

    An object or a folder has its `bucket` and `key`, a package the `bucket` of its registry and its `handle`. A folder
    that is in several buckets has none.
    """

    text: str
    kind: KindOfSuggestion
    query: str
    detail: str = ""
    bucket: str | None = None
    key: str | None = None
    handle: str | None = None


class Suggestions(msgspec.Struct, frozen=True):
    """What is suggested, the likeliest first."""

    suggestions: list[Suggestion]
