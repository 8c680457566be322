"""What is said about a query that cannot be read: where, what was found, what was expected, and a likely correction."""

from bucketdex.errors import Permanent

# What can stand at the beginning of a query, after OR, NOT or `(`.
PARTS = ("a word", 'a phrase in quotes, "like this"', "a qualifier, as in ext:.csv", "a parenthesis, ( )")


class QuerySyntaxError(Permanent):
    """A query cannot be read from `column` (from 1) on; `suggestion` is the whole query corrected, if one is likely.

    `unknown` is what stands there, if that looks like a qualifier that there is none of, `weight:>3`.
    """

    def __init__(
        self,
        message: str,
        *,
        column: int,
        length: int = 1,
        expected: tuple[str, ...] = (),
        suggestion: str | None = None,
        unknown: str | None = None,
    ) -> None:
        super().__init__(f"column {column}: {message}")
        self.message = message
        self.column = column
        self.length = length
        self.expected = expected
        self.suggestion = suggestion
        self.unknown = unknown


class Misread(ValueError):
    """A value cannot be read; `better` is one that can be, or None."""

    def __init__(self, message: str, expected: tuple[str, ...] = (), better: str | None = None) -> None:
        super().__init__(message)
        self.expected = expected
        self.better = better


def shown(text: str, most: int = 40) -> str:
    """Return what was typed, as a message quotes it."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def in_quotes(text: str) -> str:
    """Return a text in quotes, as the grammar reads it; a quote within is doubled."""
    return '"' + text.replace('"', '""') + '"'
