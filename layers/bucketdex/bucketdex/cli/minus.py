"""Queries that begin with a minus, which a command line takes for options: the error says how they are typed."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand

from bucketdex.cli.called import as_called

if TYPE_CHECKING:
    from typer import Context

OF_MINUS = f"{__name__}.hint"  # in the context


class OfQuery(TyperCommand):
    """A command whose arguments are a query; `-draft` in it leaves out what has the word, but only behind `--`."""

    def parse_args(self, ctx: "Context", args: list[str]) -> list[str]:  # type: ignore[override]
        """Read the arguments."""
        ctx.meta[OF_MINUS] = self._hint(args)
        with _hinted(ctx):
            return super().parse_args(ctx, args)

    def invoke(self, ctx: "Context") -> Any:  # type: ignore[override]
        """Run the command."""
        with _hinted(ctx):
            return super().invoke(ctx)

    def _hint(self, args: list[str]) -> str:
        """Return what to say of the first argument that may be a word with a minus, `-draft` or `-x`, but no `-n5`."""
        from shlex import quote

        short = {name for option in self.params for name in option.opts if len(name) == 2}
        for it in takewhile(lambda it: it != "--", args):
            if it[:1] == "-" and it[1:2].isalpha() and it not in short and not it[2:3].isdigit():
                typed = as_called(f"bucketdex {self.name} -- {quote(it)}")
                return f". A query that begins with a minus stands behind --, and options before that: {typed}"
        return ""


@contextmanager
def _hinted(ctx: "Context") -> Iterator[None]:
    try:
        yield
    except typer.TyperException as error:
        if ctx.meta[OF_MINUS] and ctx.meta[OF_MINUS] not in error.message:
            error.message = error.message.removesuffix(".") + ctx.meta[OF_MINUS]
        raise
