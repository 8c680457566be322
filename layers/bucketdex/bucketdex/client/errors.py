"""What can go wrong with a search, told so that its reader knows what to do next."""

import re
import unicodedata

from bucketdex.errors import Permanent

UNSHOWN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")  # each would shift the caret


class SearchError(Permanent):
    """A search could not be answered, or what it found cannot be opened; `status` is that of HTTP, where it had one."""

    status: int | None = None


class NoStackError(SearchError):
    """It is not known which stack to ask."""


class NoAnswerError(SearchError):
    """The stack does not answer."""


class ChangedError(SearchError):
    """The search went on for longer than the stack keeps its state: search again."""


class QueryError(SearchError):
    """A query is not of the query language; `str()` shows it with a caret under the column.

    `column` counts from 1. `expected` tells what could stand there, `suggestion` is a query that may have been meant.
    """

    def __init__(
        self, message: str, query: str, column: int, expected: tuple[str, ...] = (), suggestion: str | None = None
    ) -> None:
        super().__init__(message)
        self.message, self.query, self.column = message, query, column
        self.expected, self.suggestion = expected, suggestion

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.message, self.query, self.column, self.expected, self.suggestion)

    def __str__(self) -> str:
        before = _width(self.query[: max(0, self.column - 1)])
        lines = [self.message, f"  {UNSHOWN.sub(' ', self.query)}", f"  {' ' * before}^"]
        if self.expected:
            lines.append(f"expected: {', '.join(self.expected)}")
        if self.suggestion:
            lines.append(f"did you mean: {UNSHOWN.sub(' ', self.suggestion)}")
        return "\n".join(lines)


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    wide = sum(unicodedata.east_asian_width(it) in "WF" for it in text)
    return len(text) + wide - sum(unicodedata.combining(it) > 0 for it in text)
