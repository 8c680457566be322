"""`bucketdex search`: ask the search API."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bucketdex.cli.failures import RefusedError, epilog, usage
from bucketdex.cli.options import Json, bucket_name

if TYPE_CHECKING:
    from bucketdex.client.asking import Answer, Question
    from bucketdex.client.connection import Connection
    from bucketdex.manifest.layout import Physical

HITS = 10
KINDS = ("package", "entry", "object")
EPILOG = epilog(
    """bucketdex search penguins
    bucketdex search 'ext:.csv size:>10kB modified:>2024-01' --sort newest
    bucketdex search 'meta.species:Gentoo OR meta.species:Adelie' --kind package
    bucketdex search '"jupyter notebook" NOT grading' --bucket bucketdex-demo --size 50
    bucketdex search -- '-penguins ext:csv'
    bucketdex search penguins --facets
    bucketdex search column:species --all --csv > found.csv
    bucketdex search 'key:countryinfo/*.json' --all --json | jq -r .key
    bucketdex search pitxjgQAUrM5C8HzODGTOovbvGO4QhgNrQOlLbex3D8=
    bucketdex search --containing s3://bucketdex-demo/demo/penguins/penguins.csv""",
    _1="the query cannot be understood, a bucket is not connected, or the API does not answer",
)


class Order(StrEnum):
    """How hits are sorted."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    OLDEST = "oldest"
    LARGEST = "largest"
    SMALLEST = "smallest"
    NAME = "name"


def search(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="QUERY", help="Words of a name, key, content, tag..., and what narrows them."),
    ] = None,
    *,
    kind: Annotated[
        list[str] | None,
        typer.Option("--kind", "-k", help="Only packages, entries or objects (repeatable).", metavar="KIND"),
    ] = None,
    bucket: Annotated[
        list[str] | None,
        typer.Option(
            "--bucket", "-b", help="Only in this bucket or registry (repeatable).", parser=bucket_name, metavar="NAME"
        ),
    ] = None,
    size: Annotated[
        int, typer.Option("--size", "-n", min=0, max=100, help="How many hits, or values of a facet.")
    ] = HITS,
    sort: Annotated[Order, typer.Option("--sort", "-s", help="Which hits come first.")] = Order.RELEVANCE,
    every: Annotated[bool, typer.Option("--all", help="All hits, as they come, however many there are.")] = False,
    by_kind: Annotated[bool, typer.Option("--by-kind", help="So many hits of each kind.")] = False,
    facets: Annotated[bool, typer.Option("--facets", help="Instead: how what is found is distributed.")] = False,
    open_: Annotated[bool, typer.Option("--open", help="Instead: open the search in the web catalog.")] = False,
    containing: Annotated[
        str | None,
        typer.Option(help="Instead: the packages that contain this object.", metavar="s3://BUCKET/KEY"),
    ] = None,
    duplicates_of: Annotated[
        str | None,
        typer.Option(help="Instead: the objects with the same bytes as this one.", metavar="s3://BUCKET/KEY"),
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV for tables.")] = False,
    as_json: Json = False,
) -> None:
    """Find packages, their entries, and objects. The last word may be the beginning of one.

    Packages are found by handle, message, metadata (words, or name=value) and by six or more characters of a top hash;
    entries by logical key, metadata, digest and s3:// address; objects by name, content, metadata, tags and digest.
    Without a word everything is found, the newest first. KIND is package, entry or object.

    A query has words, "phrases", beginnings*, NOT, OR and parentheses, and bucket: key: name: ext: size: modified:
    type: author: package: hash: tag.NAME: meta.NAME: column: class: by:, with > < and ranges as in size:1MB..10MB. In a
    shell it stands in single quotes, and behind -- where it begins with a minus. The examples are of bucketdex demo.

    With --json: total, totals (of each kind), hits (each with its kind, bucket, score, highlights and more) and a
    cursor where there are more; with --all each hit in a line of its own. With --facets: total and facets. With
    --containing: total, and packages (registry, handles, top_hash, logical_key, version_id, latest); with
    --duplicates-of: total, digests, and objects (bucket, key, size, modified, version_id, etag, checksums). An error is
    a line of JSON on standard error: title, detail, and of a mistake in the query its column.
    """
    kinds = tuple(_kind(each) for each in kind or [])
    chosen = {"--csv": as_csv, "--json": as_json and as_csv, "--all": every, "--by-kind": by_kind}
    instead = {
        "--facets": facets, "--open": open_, "--containing": containing is not None,
        "--duplicates-of": duplicates_of is not None,
    }  # fmt: skip
    _check({name for name, given in instead.items() if given}, {name for name, given in chosen.items() if given})
    _check_size_and_order(size, sort, every=every, facets=facets, open_=open_)
    if containing is not None or duplicates_of is not None:
        if words or kinds or bucket or size != HITS or sort is not Order.RELEVANCE:
            usage("--containing and --duplicates-of are asked alone: they find by an object, not by words")
        if containing is not None:
            _containing(containing, as_json)
        else:
            _duplicates(str(duplicates_of), as_json)
        return

    from bucketdex.cli.asking import stack
    from bucketdex.client.asking import Question

    question = Question(" ".join(words or ()), kinds, tuple(bucket or ()), sort.value)
    if facets:
        _facets(stack(), question, size, as_json)
    elif open_:
        _open(stack(), question, as_json)
    elif every:
        _all(stack(), question, as_csv, as_json)
    else:
        _best(stack(), question, size, by_kind, as_csv, as_json)


def _check(instead: set[str], chosen: set[str]) -> None:
    """Refuse options that exclude each other."""
    if len(instead) > 1 or (instead and chosen):
        usage(f"{' and '.join(sorted(instead | chosen))} exclude each other")
    for these in ({"--csv", "--json"}, {"--all", "--by-kind"}):
        if these <= chosen:
            usage(f"{' and '.join(sorted(these))} exclude each other")


def _check_size_and_order(size: int, sort: Order, *, every: bool, facets: bool, open_: bool) -> None:
    """Refuse what would be passed over in silence."""
    if every and size != HITS:
        usage("--all has no --size: it is all hits")
    if open_ and size != HITS:
        usage("--open has no --size: the page of the catalog has its own")
    if facets and sort is not Order.RELEVANCE:
        usage("--facets has no --sort: values come as often as they are found, the most frequent first")
    if facets and not size:
        usage("--facets has a --size of 1 or more: how many values of each facet are told")


def _kind(given: str) -> str:
    """Return a kind, also of its plural."""
    kind = {"packages": "package", "entries": "entry", "objects": "object"}.get(given, given)
    if kind not in KINDS:
        usage(f"--kind is package, entry or object, not {given!r}")
    return kind


def _best(stack: "Connection", question: "Question", size: int, by_kind: bool, as_csv: bool, as_json: bool) -> None:
    from bucketdex.cli.found import print_found
    from bucketdex.cli.found_all import print_csv
    from bucketdex.cli.output import json_line
    from bucketdex.cli.retyped import retyped
    from bucketdex.client.asking import search as ask

    answers = _of_each_kind(stack, question, size) if by_kind else [ask(stack, question, size)]
    answer = _as_one(answers) if by_kind else answers[0]
    if as_json:
        json_line(answer)
        return
    if as_csv:
        print_csv([answer], question.kinds)
        return
    print_found(answer, more=any("cursor" in it for it in answers))
    if meant := answer.get("did_you_mean"):
        typer.echo(f"Did you mean: {retyped(question, meant)}")


def _of_each_kind(stack: "Connection", question: "Question", size: int) -> "list[Answer]":
    """Return the best hits of each kind."""
    from msgspec.structs import replace

    from bucketdex.client.asking import search as ask

    return [ask(stack, replace(question, kinds=(kind,)), size) for kind in question.kinds or KINDS]


def _as_one(answers: "list[Answer]") -> "Answer":
    """Return answers for one kind each as one for all of them."""
    one: Answer = {"total": 0, "totals": {}, "hits": []}
    for it in answers:
        one["total"] += it["total"]
        one["totals"] |= it["totals"]
        one["hits"] += it["hits"]
    meant = next((it["did_you_mean"] for it in answers if it.get("did_you_mean")), None)
    return one if one["total"] or meant is None else one | {"did_you_mean": meant}


def _all(stack: "Connection", question: "Question", as_csv: bool, as_json: bool) -> None:
    from bucketdex.cli.found import print_hits
    from bucketdex.cli.found_all import print_csv, print_json_lines
    from bucketdex.client.asking import pages

    answers = pages(stack, question)
    if as_json:
        print_json_lines(answers)
    elif as_csv:
        print_csv(answers, question.kinds)
    else:
        shown = 0
        for answer in answers:
            print_hits(answer["hits"])
            shown += len(answer["hits"])
        typer.echo(f"{shown:,} found." if shown else "Nothing found.")


def _facets(stack: "Connection", question: "Question", size: int, as_json: bool) -> None:
    from bucketdex.cli.faceted import print_facets
    from bucketdex.cli.output import json_line
    from bucketdex.client.asking import facets as ask

    answer = ask(stack, question, size)
    if as_json:
        json_line(answer)
    else:
        print_facets(answer, question)


def _open(stack: "Connection", question: "Question", as_json: bool) -> None:
    """Open the page of the search; its address says all, so that it can be passed on."""
    import webbrowser

    from bucketdex.cli.output import json_line
    from bucketdex.client.asking import page_of

    url = page_of(stack, question)
    if as_json:
        json_line({"url": url})
        return
    typer.echo(url)
    webbrowser.open(url)


def _containing(address: str, as_json: bool) -> None:
    from bucketdex.cli.asking import stack
    from bucketdex.cli.found import print_containing
    from bucketdex.cli.output import json_line
    from bucketdex.client.asking import containing as ask

    asked = stack()
    for meant in _meant(address, "--containing"):
        answer: dict[str, Any] = ask(asked, meant.bucket, meant.key, meant.version_id)
        if answer["total"]:
            break
    if as_json:
        json_line(answer)
    else:
        print_containing(answer, address)


def _duplicates(address: str, as_json: bool) -> None:
    from bucketdex.cli.asking import stack
    from bucketdex.cli.found import print_duplicates
    from bucketdex.cli.output import json_line
    from bucketdex.client.asking import duplicates as ask

    asked = stack()
    for meant in _meant(address, "--duplicates-of"):
        answer: dict[str, Any] = ask(asked, meant.bucket, meant.key)
        if answer["digests"]:
            _refuse_another_version(asked, meant)
            break
    if as_json:
        json_line(answer)
    else:
        print_duplicates(answer, address)


def _refuse_another_version(stack: "Connection", of: "Physical") -> None:
    """Refuse a version of which no digest is known: that of another would find what has other bytes."""
    from bucketdex.client.asking import version_of

    if of.version_id and of.version_id != (version_of(stack, of.bucket, of.key) or "null"):
        raise RefusedError(
            f"the index knows digests of the current version only, which is not {of.version_id}: "
            "leave ?versionId= out to ask for that one"
        )


def _meant(address: str, option: str) -> "tuple[Physical, ...]":
    """Return what an address may mean: quoted and with a version, as manifests have it, or a key as it is."""
    from bucketdex.searching.query.words import addresses

    return addresses(address) or usage(f"{option} takes the address of an object, s3://bucket/key: {address!r}")
