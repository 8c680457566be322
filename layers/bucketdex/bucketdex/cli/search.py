"""`bucketdex search`: ask the search API."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bucketdex.cli.called import as_called
from bucketdex.cli.failures import epilog, usage
from bucketdex.cli.options import Json, bucket_name

if TYPE_CHECKING:
    from bucketdex.manifest.layout import Physical

HITS = 10
EPILOG = epilog(
    """bucketdex search sample 042
    bucketdex search '"emperor penguins"' --bucket my-data --size 50
    bucketdex search .csv.gz --kind object --json | jq -r '.hits[].key'
    bucketdex search penguins --kind package
    bucketdex search 4b62086319480e07
    bucketdex search --containing s3://my-data/raw/sample-042.csv""",
    _1="the API does not answer, or refuses the search",
)


def search(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="WORD", help='Words of a name, key, content, tag...; "in quotes": together.'),
    ] = None,
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
    size: Annotated[int, typer.Option("--size", "-n", min=0, max=100, help="How many hits.")] = HITS,
    containing: Annotated[
        str | None,
        typer.Option(help="Instead: the packages that contain this object.", metavar="s3://BUCKET/KEY"),
    ] = None,
    duplicates_of: Annotated[
        str | None,
        typer.Option(help="Instead: the objects with the same bytes as this one.", metavar="s3://BUCKET/KEY"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Find packages, their entries, and objects. The last word may be the beginning of one.

    Packages are found by handle, message, metadata (words, or name=value) and by six or more characters of a top hash;
    entries by logical key, metadata, digest and s3:// address; objects by name, content, metadata, tags and digest.
    Without a word everything is found, the newest first. KIND is package, entry or object.

    With --json: total, totals (of each kind) and hits (each with its kind, bucket, score, highlights and more). With
    --containing: total, and packages (registry, handles, top_hash, logical_key, version_id, latest); with
    --duplicates-of: total, digests, and objects (bucket, key, size, modified, version_id, etag, checksums).
    """
    from bucketdex.cli.asking import api_address
    from bucketdex.cli.asking import search as ask
    from bucketdex.cli.found import print_found
    from bucketdex.cli.output import json_line

    kinds = [_kind(each) for each in kind or []]
    if containing is not None or duplicates_of is not None:
        if words or kinds or bucket or size != HITS or (containing is not None and duplicates_of is not None):
            usage("--containing and --duplicates-of are asked alone: they find by an object, not by words")
        if containing is not None:
            _containing(containing, as_json)
        else:
            _duplicates(str(duplicates_of), as_json)
        return
    answer = ask(api_address(), " ".join(words or ()), bucket or [], size, kinds)
    if as_json:
        json_line(answer)
        return
    print_found(answer)
    if not answer["total"]:
        for name in _not_connected(bucket or []):
            typer.echo(as_called(f"No bucket {name} is connected; those that are: bucketdex bucket list"))


def _kind(given: str) -> str:
    """Return a kind, also of its plural."""
    kind = {"packages": "package", "entries": "entry", "objects": "object"}.get(given, given)
    if kind not in ("package", "entry", "object"):
        usage(f"--kind is package, entry or object, not {given!r}")
    return kind


def _containing(address: str, as_json: bool) -> None:
    from bucketdex.cli.asking import api_address
    from bucketdex.cli.asking import containing as ask
    from bucketdex.cli.found import print_containing
    from bucketdex.cli.output import json_line

    url = api_address()
    for meant in _meant(address, "--containing"):
        answer: dict[str, Any] = ask(url, meant.bucket, meant.key, meant.version_id)
        if answer["total"]:
            break
    if as_json:
        json_line(answer)
    else:
        print_containing(answer, address)


def _duplicates(address: str, as_json: bool) -> None:
    from bucketdex.cli.asking import api_address
    from bucketdex.cli.asking import duplicates as ask
    from bucketdex.cli.found import print_duplicates
    from bucketdex.cli.output import json_line

    url = api_address()
    for meant in _meant(address, "--duplicates-of"):
        answer: dict[str, Any] = ask(url, meant.bucket, meant.key)
        if answer["digests"]:
            break
    if as_json:
        json_line(answer)
    else:
        print_duplicates(answer, address)


def _meant(address: str, option: str) -> "tuple[Physical, ...]":
    """Return what an address may mean: quoted and with a version, as manifests have it, or a key as it is."""
    from bucketdex.searching.query.words import addresses

    return addresses(address) or usage(f"{option} takes the address of an object, s3://bucket/key: {address!r}")


def _not_connected(buckets: list[str]) -> list[str]:
    """Return those of the buckets that are not connected, as far as this machine can know."""
    from botocore.exceptions import BotoCoreError

    from bucketdex.aws import clients, settings
    from bucketdex.control import ControlTable
    from bucketdex.errors import Transient
    from bucketdex.index.generations import OBJECTS

    try:
        table = settings.control().table
        connected = ControlTable(clients.dynamodb(), table).view(OBJECTS, set(buckets)).buckets if buckets else ()
    except (settings.SettingsError, Transient, BotoCoreError):  # who may search need not have access to the table
        return []
    return [name for name in buckets if name not in connected]
