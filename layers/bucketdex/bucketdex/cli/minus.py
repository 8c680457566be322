"""Queries that begin with a minus, which a command line takes for options: the error says how they are typed."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand

from bucketdex.cli.called import as_called

if TYPE_CHECKING:
    from typer import Context

OF_MINUS = f"{__name__}.word"  # in the context


class OfQuery(TyperCommand):
    """A command whose arguments are a query; `-draft` in it leaves out what has the word, but only behind `--`."""

    def parse_args(self, ctx: "Context", args: list[str]) -> list[str]:  # type: ignore[override]
        """Read the arguments."""
        ctx.meta[OF_MINUS] = self._word(args)
        with _hinted(ctx):
            return super().parse_args(ctx, args)

    def invoke(self, ctx: "Context") -> Any:  # type: ignore[override]
        """Run the command."""
        from bucketdex.client.errors import SearchError

        try:
            with _hinted(ctx):
                return super().invoke(ctx)
        except SearchError as error:
            # `-bio` is read as the bucket `io`, which is hardly meant where the API refuses that by its name.
            if ctx.meta[OF_MINUS][2:] in re.split(r"[\s,;]+", error.args[0]):
                error.args = (f"{error.args[0]}{_hint(ctx)}",)
            raise

    def _word(self, args: list[str]) -> str:
        """Return the first argument that may be a word with a minus, `-draft` or `-x`, but no `-n5`."""
        short = {name for option in self.params for name in option.opts if len(name) == 2}
        may_be = (it for it in takewhile(lambda it: it != "--", args) if it[:1] == "-" and it[1:2].isalpha())
        return next((it for it in may_be if it not in short and not it[2:3].isdigit()), "")


def _hint(ctx: "Context") -> str:
    from shlex import quote

    if not ctx.meta[OF_MINUS]:
        return ""
    typed = as_called(f"bucketdex {ctx.command.name} -- {quote(ctx.meta[OF_MINUS])}")
    return f". A query that begins with a minus stands behind --, and options before that: {typed}"


@contextmanager
def _hinted(ctx: "Context") -> Iterator[None]:
    try:
        yield
    except typer.TyperException as error:
        if (hint := _hint(ctx)) not in error.message:
            error.message = error.message.removesuffix(".") + hint
        raise
