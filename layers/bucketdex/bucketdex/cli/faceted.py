"""What `bucketdex search --facets` prints for people: how what was found is distributed."""

from typing import TYPE_CHECKING, Any

import typer

from bucketdex.cli.called import as_called
from bucketdex.cli.output import console, printable, table

if TYPE_CHECKING:
    from bucketdex.client.asking import Answer

VALUES = 8  # of each facet that people are shown


def print_facets(answer: "Answer") -> None:
    """Print the values of each facet, the most frequent first, and a query that is narrowed to one."""
    shown = [facet for facet in answer["facets"] if facet["values"]]
    for facet in shown:
        found = table(printable(facet["title"]), "#found")
        values = facet["values"][:VALUES] if facet["form"] == "values" else facet["values"]
        for value in values:
            label = printable(value["label"])
            found.add_row(f"{label} ✓" if value.get("selected") else label, f"{value['count']:,}")
        others = facet.get("other", 0) + sum(it["count"] for it in facet["values"][len(values) :])
        if others:
            found.add_row("(others)", f"{others:,}")
        console().print(found)
    typer.echo(f"{answer['total']:,} found." if answer["total"] else "Nothing found.")
    if narrower := _narrower(shown):
        typer.echo(f"Narrow it so: {as_called('bucketdex search')} {_quoted(printable(narrower))}")


def _narrower(facets: "list[dict[str, Any]]") -> str | None:
    """Return the query that takes the most frequent value of the first facet in which there is a choice."""
    for facet in facets:
        left = [it for it in facet["values"] if not it.get("selected")]
        if len(facet["values"]) > 1 and left:
            return str(max(left, key=lambda it: int(it["count"]))["query"])
    return None


def _quoted(query: str) -> str:
    from shlex import quote

    return quote(query)
