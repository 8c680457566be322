"""What `bucketdex search` prints for people: packages, entries and objects, each in a table of their own."""

import html
import re
from typing import TYPE_CHECKING, Any

import typer

from bucketdex.cli.output import console, joined, moment, printable, size, table

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

MARK = re.compile(r"<mark>(.*?)</mark>", re.DOTALL)
FRAGMENTS = 2  # of a hit that people are shown
PACKAGES = 2  # that an object is in
HASH_CHARACTERS = 12  # of a top hash; six or more find it
LONGEST_MESSAGE = 120  # characters
WARNING = "bold red"
NOUNS = {"package": ("package", "packages"), "entry": ("entry", "entries"), "object": ("object", "objects")}


def print_found(answer: dict[str, Any], *, more: bool) -> None:
    """Print the hits of a search, how many there are in all, and where there are `more` how one gets to see them."""
    hits, totals = answer["hits"], answer["totals"]
    print_hits(hits)
    counts = [_count(kind, totals[kind]) for kind in NOUNS if totals.get(kind)]
    shown = ""
    if hits and more:
        shown = f", the best {len(hits)} of them above; --all shows them all"
    elif 0 < len(hits) < answer["total"]:  # an object and the entries that it is are one hit
        shown = f", in {len(hits)} hit{'s' if len(hits) > 1 else ''}"
    typer.echo(f"{joined(counts) if counts else 'Nothing'} found{shown}.")
    unseen = [kind for kind in totals if totals[kind] and not any(hit["kind"] == kind for hit in hits)]
    if unseen and hits:
        typer.echo(f"Only {joined(NOUNS[kind][1] for kind in unseen)}: {' '.join(f'--kind {kind}' for kind in unseen)}")


def print_hits(hits: list[dict[str, Any]]) -> None:
    """Print hits, each kind in a table of its own."""
    out = console()
    for kind, made in (("package", _packages), ("entry", _entries), ("object", _objects)):
        found = [hit for hit in hits if hit["kind"] == kind]
        if found:
            out.print(made(found))


def print_containing(answer: dict[str, Any], address: str) -> None:
    """Print the packages that contain an object."""
    _print_containing(answer["packages"], answer["total"], address)
    if number := answer.get("unsearched"):
        revisions = "revision" if number == 1 else "revisions"
        typer.echo(
            f"Not looked at: {number:,} {revisions} whose files are not searchable, mostly older ones; "
            "bucketdex bucket set NAME --entries all keeps them so."
        )


def _print_containing(packages: list[dict[str, Any]], total: int, address: str) -> None:
    if not packages:
        typer.echo(f"No package contains {printable(address)}.")
        return
    found = table("package", "registry", "top hash", "as", "version")
    for it in packages:
        found.add_row(
            _handles(it), printable(f"s3://{it['registry']}"), it["top_hash"][:HASH_CHARACTERS],
            printable(it["logical_key"]), printable(it["version_id"] or "any"),
        )  # fmt: skip
    console().print(found)
    shown = f", {len(packages)} of them above" if len(packages) < total else ""
    if shown:
        typer.echo(f"{_count('entry', total)} of packages have {printable(address)}{shown}.")
        return
    number = len({(it["registry"], it["top_hash"]) for it in packages})
    typer.echo(f"{_count('package', number)} {'contains' if number == 1 else 'contain'} {printable(address)}.")


def print_duplicates(answer: dict[str, Any], address: str) -> None:
    """Print the objects with the same bytes as one."""
    objects = answer["objects"]
    if not answer["digests"]:
        typer.echo(f"{printable(address)} is not indexed, or has no digest yet; bucketdex show tells what is known.")
        return
    if not objects:
        compared = " or ".join(answer["digests"])
        typer.echo(f"No other object is known to have the {compared} of {printable(address)}.")
        return
    found = table("object", "#size", "modified (UTC)")
    for it in objects:
        found.add_row(printable(f"s3://{it['bucket']}/{it['key']}"), size(it.get("size")), moment(it.get("modified")))
    console().print(found)
    shown = f", {len(objects)} of them above" if len(objects) < answer["total"] else ""
    have = "has" if answer["total"] == 1 else "have"
    typer.echo(f"{_count('object', answer['total'])} {have} the same bytes{shown}.")


def marked(fragment: str) -> "Text":
    """Return safe HTML with `<mark>` as text in which the marked is bold."""
    from rich.text import Text

    text = Text()
    # Every second piece is what stood in a mark.
    for number, piece in enumerate(MARK.split(fragment)):
        plain = " ".join(html.unescape(piece).split("\n"))
        text.append(printable(plain), "bold yellow" if number % 2 else "")
    return text


def _packages(hits: list[dict[str, Any]]) -> "Table":
    from rich.text import Text

    found = table("package", "registry", "top hash", "#entries", "#size", "modified (UTC)", "found in")
    for hit in hits:
        handle = Text(printable(hit.get("handle") or "(no handle)"))
        if hit.get("handle") and not hit["latest"]:
            handle.append(" (older)", "dim")
        warning = _warning(hit)
        told = [warning] if warning else []
        if hit.get("message") and "message" not in hit["highlights"]:
            told.append(Text(printable(" ".join(hit["message"].split())[:LONGEST_MESSAGE]), "dim"))
        highlights = _highlights(hit["highlights"], "handle")
        entries = f"{hit['entries']:,}" if "entries" in hit else ""
        top_hash = (hit.get("top_hash") or "")[:HASH_CHARACTERS]
        found.add_row(
            handle, printable(f"s3://{hit['bucket']}"), top_hash, entries, size(hit.get("total_bytes")),
            moment(hit.get("modified")), Text("\n").join(told + highlights),
        )  # fmt: skip
    return found


def _warning(hit: dict[str, Any]) -> "Text | None":
    """Return that a package is not what its top hash says, or what else is wrong with it."""
    from rich.text import Text

    told = [hit["problem"]] if hit.get("problem") else []
    if hit.get("verified") is False:
        return Text(printable(": ".join(["not verified", *told])), WARNING)
    return Text(printable(told[0]), WARNING) if told else None


def _entries(hits: list[dict[str, Any]]) -> "Table":
    from rich.text import Text

    found = table("entry", "in package", "registry", "#size", "found in")
    for hit in hits:
        name = Text(printable(hit["logical_key"]))
        if hit.get("physical_key"):
            name.append(f"\n{printable(hit['physical_key'])}", "dim")
        highlights = Text("\n").join(_highlights(hit["highlights"], "logical_key"))
        found.add_row(name, _handles(hit), printable(f"s3://{hit['bucket']}"), size(hit.get("size")), highlights)
    return found


def _objects(hits: list[dict[str, Any]]) -> "Table":
    from rich.text import Text

    found = table("object", "#size", "modified (UTC)", "found in")
    for hit in hits:
        name = Text(printable(f"s3://{hit['bucket']}/{hit['key']}"))
        for handle in list(dict.fromkeys(it["handle"] for it in hit.get("packages", ())))[:PACKAGES]:
            name.append(f"\nin {printable(handle)}", "dim")
        highlights = Text("\n").join(_highlights(hit["highlights"], "key"))
        found.add_row(name, size(hit.get("size")), moment(hit.get("modified")), highlights)
    return found


def _handles(hit: dict[str, Any]) -> "Text":
    """Return the packages of a manifest, one a line; the manifest itself where it is in none."""
    from rich.text import Text

    if not hit["handles"]:
        return Text(f"{hit['top_hash'][:HASH_CHARACTERS]} (no handle)", "dim")
    handles = Text("\n").join(Text(printable(handle)) for handle in hit["handles"])
    return handles if hit["latest"] else handles.append("\n(an older revision)", "dim")


def _highlights(highlights: dict[str, list[str]], own: str) -> "list[Text]":
    """Return the fragments that matched, each with its field; those of its `own` name are told by the hit itself."""
    from rich.text import Text

    return [
        Text.assemble((f"{field}: ", "dim"), marked(fragment))
        for field, fragments in highlights.items()
        for fragment in fragments[:FRAGMENTS]
        if field != own or len(highlights) == 1
    ]


def _count(kind: str, number: int) -> str:
    return f"{number:,} {NOUNS[kind][number != 1]}"
