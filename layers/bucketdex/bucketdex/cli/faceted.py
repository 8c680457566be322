"""What `bucketdex search --facets` prints for people: how what was found is distributed."""

from typing import TYPE_CHECKING, Any

import typer

from bucketdex.cli.output import console, printable, table
from bucketdex.cli.retyped import retyped

if TYPE_CHECKING:
    from bucketdex.client.asking import Answer, Question


def print_facets(answer: "Answer", question: "Question") -> None:
    """Print the values of each facet, the most frequent first, and a query that is narrowed to one."""
    shown = [facet for facet in answer["facets"] if facet["values"]]
    for facet in shown:
        found = table(printable(facet["title"]), "#found")
        for value in facet["values"]:
            label = printable(value["label"])
            found.add_row(f"{label} ✓" if value.get("selected") else label, f"{value['count']:,}")
        if others := facet.get("other", 0):
            found.add_row("(others)", f"{others:,}")
        console().print(found)
    typer.echo(f"{answer['total']:,} found." if answer["total"] else "Nothing found.")
    if narrower := _narrower(shown):
        typer.echo(f"Narrow it so: {retyped(question, narrower)}")


def _narrower(facets: "list[dict[str, Any]]") -> str | None:
    """Return the query that takes the most frequent value of the first facet in which there is a choice."""
    for facet in facets:
        left = [it for it in facet["values"] if not it.get("selected")]
        if len(facet["values"]) > 1 and left:
            return str(max(left, key=lambda it: int(it["count"]))["query"])
    return None
