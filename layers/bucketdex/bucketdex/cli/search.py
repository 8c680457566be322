"""`bucketdex search`: ask the search API."""

import contextlib
import html
import os
import re
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from bucketdex.cli.called import as_called
from bucketdex.cli.failures import NoAnswerError, RefusedError, epilog
from bucketdex.cli.options import Json, bucket_name

if TYPE_CHECKING:
    from rich.text import Text

API = "BUCKETDEX_API_URL"
TIMEOUT_SECONDS = 35.0  # the function has 30
MARK = re.compile(r"<mark>(.*?)</mark>", re.DOTALL)
FRAGMENTS = 2  # of a hit that people are shown
EPILOG = epilog(
    """bucketdex search sample 042
    bucketdex search '"emperor penguins"' --bucket my-data --size 50
    bucketdex search .csv.gz --json | jq -r '.hits[].key'""",
    _1="the API does not answer, or refuses the search",
)


def search(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="WORD", help='Words of a name, key, content, tag...; "in quotes": together.'),
    ] = None,
    bucket: Annotated[
        list[str] | None,
        typer.Option("--bucket", "-b", help="Only in this bucket (repeatable).", parser=bucket_name, metavar="NAME"),
    ] = None,
    size: Annotated[int, typer.Option("--size", "-n", min=0, max=100, help="How many hits.")] = 10,
    as_json: Json = False,
) -> None:
    """Find objects by their name, content, metadata and tags. The last word may be the beginning of one.

    Without a word everything is found, the newest first.

    With --json: total and hits (kind, bucket, key, score, highlights and more).
    """
    from bucketdex.cli.here import adopt
    from bucketdex.cli.output import json_line

    adopt(API)
    answer = ask(_address(os.environ[API]), " ".join(words or ()), bucket or [], size)
    if as_json:
        json_line(answer)
        return
    _print(answer)
    if not answer["total"]:
        for name in _not_connected(bucket or []):
            typer.echo(as_called(f"No bucket {name} is connected; those that are: bucketdex bucket list"))


def _address(url: str) -> str:
    """Return the address, if it is one; raises `SettingsError`."""
    from bucketdex.aws.settings import SettingsError

    with contextlib.suppress(ValueError):
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return url
    raise SettingsError(f"{API} is not an address such as http://127.0.0.1:8000: {url!r}")


def ask(api_url: str, query: str, buckets: list[str], size: int) -> dict[str, Any]:
    """Return the API's answer; raises `RefusedError`."""
    import urllib3  # as AWS's clients do; the standard library would ask the environment's proxy

    fields = [("q", query), *(("bucket", bucket) for bucket in buckets), ("size", str(size))]
    timeout = urllib3.Timeout(connect=5, read=TIMEOUT_SECONDS)
    try:
        answer = urllib3.request("GET", f"{api_url.rstrip('/')}/api/search", fields=fields, timeout=timeout, retries=0)
        told: dict[str, Any] = answer.json()
    except urllib3.exceptions.HTTPError as error:
        reason = getattr(error, "reason", error)
        raise NoAnswerError(f"the search API at {api_url} does not answer: {reason}") from error
    except ValueError as error:
        raise RefusedError(f"the search API at {api_url} answers {answer.status}, and no JSON") from error
    if answer.status != 200:
        raise RefusedError(f"the search API answers {answer.status}: {told.get('detail') or told.get('title') or told}")
    return told


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


def _print(answer: dict[str, Any]) -> None:
    from rich.text import Text

    from bucketdex.cli.output import console, moment, plural, printable, size, table

    hits = answer["hits"]
    out = console()
    if hits:
        found = table("object", "#size", "modified (UTC)", "found in")
        for hit in hits:
            name = Text(printable(f"s3://{hit['bucket']}/{hit['key']}"))
            found.add_row(name, size(hit.get("size")), moment(hit.get("modified")), _highlights(hit["highlights"]))
        out.print(found)
    shown = f", the best {len(hits)} of them above" if 0 < len(hits) < answer["total"] else ""
    out.print(f"{plural(answer['total'], 'object')} found{shown}.")


def _highlights(highlights: dict[str, list[str]]) -> "Text":
    """Return the fragments that matched, each with its field; those of the key are told by the key itself."""
    from rich.text import Text

    lines = [
        Text.assemble((f"{field}: ", "dim"), marked(fragment))
        for field, fragments in highlights.items()
        for fragment in fragments[:FRAGMENTS]
        if field != "key" or len(highlights) == 1
    ]
    return Text("\n").join(lines)


def marked(fragment: str) -> "Text":
    """Return safe HTML with `<mark>` as text in which the marked is bold."""
    from rich.text import Text

    from bucketdex.cli.output import printable

    text = Text()
    # Every second piece is what stood in a mark.
    for number, piece in enumerate(MARK.split(fragment)):
        plain = " ".join(html.unescape(piece).split("\n"))
        text.append(printable(plain), "bold yellow" if number % 2 else "")
    return text
