"""`bucketdex show`: what the index holds of an object, and whether S3 agrees."""

import functools
import re
import sys
from collections.abc import Collection, Iterable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from bucketdex.cli.called import as_called
from bucketdex.cli.failures import NO, epilog, usage
from bucketdex.cli.options import Json

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from bucketdex.changes.hint import ObjectName
    from bucketdex.check.agreement import Agreement

URI = re.compile(r"s3://([^/]+)/(.+)", re.DOTALL)
STDIN = "-"
type Standing = Literal["connected", "there", "absent"]  # of a bucket
THREADS = 16  # requests to S3 at once
CONTENT_CHARACTERS = 400  # of an object's text that people are shown
KILOBYTE = 1000
ORIGINS = {"computed": "computed from its bytes", "s3": "from S3", "combined": "combined from what S3 keeps"}
EPILOG = epilog(
    """bucketdex show s3://my-data/counts/sample-042.csv.gz
    aws s3api list-objects-v2 --bucket my-data --query 'Contents[].Key' --output text | tr '\\t' '\\n' > keys
    sed 's|^|s3://my-data/|' keys | bucketdex show - --json | jq 'select(.agrees | not)'""",
    _1="S3 and the index do not agree in each object",
)


def show(
    uris: Annotated[
        list[str],
        typer.Argument(help="Objects as s3://bucket/key, or - to read them from standard input, one a line."),
    ],
    as_json: Json = False,
) -> None:
    """Show what is indexed of an object, and whether S3 agrees in presence, version id, etag, size and tags.

    Of a pointer or manifest (under .quilt/) it is what is indexed of the package. Keys are taken as they are: nothing
    in them is decoded. With --json there is a line for each object, in their order: bucket, key, indexed (the document,
    or null), deleted (whether the index knows that it is gone), agrees, and differs (in what).
    """
    from concurrent.futures import ThreadPoolExecutor

    from bucketdex.aws import clients, settings
    from bucketdex.check.agreement import agreements
    from bucketdex.cli.here import adopt
    from bucketdex.cli.output import json_line
    from bucketdex.control import ControlTable
    from bucketdex.index.generations import OBJECTS

    names = list(_names(uris))
    adopt("BUCKETDEX_CONTROL_TABLE", "BUCKETDEX_OPENSEARCH_URL")
    control = ControlTable(clients.dynamodb(), settings.control().table)
    index = clients.opensearch(settings.opensearch())
    connected = control.view(OBJECTS, {bucket for bucket, _ in names}).buckets
    all_agree, s3 = True, clients.s3(THREADS)
    standing = functools.cache(lambda bucket: _standing(bucket, connected, s3))
    with ThreadPoolExecutor(THREADS) as threads:
        for agreement in agreements(names, control, index, s3, threads.map):
            all_agree = all_agree and agreement.agrees
            if as_json:
                json_line(agreement)
            else:
                _print(agreement, standing(agreement.bucket))
    if not all_agree:
        raise typer.Exit(NO)


def _names(uris: Iterable[str]) -> "Iterator[ObjectName]":
    for number, uri in enumerate(uris, 1):
        if uri != STDIN:
            yield _name(uri, f"argument {number}")
            continue
        # Only a newline ends a line: keys may hold whatever else Python takes for one.
        for line, raw in enumerate(sys.stdin.buffer.read().split(b"\n"), 1):
            if raw:
                try:
                    yield _name(raw.decode(), f"line {line}")
                except UnicodeDecodeError:
                    usage(f"line {line} is not UTF-8: {raw!r}")


def _name(uri: str, where: str) -> "ObjectName":
    match = URI.fullmatch(uri)
    if not match:
        usage(f"{where} is not an object as s3://bucket/key: {uri!r}")
    return match[1], match[2]


def _standing(name: str, connected: Collection[str], s3: "S3Client") -> "Standing":
    from botocore.exceptions import BotoCoreError, ClientError

    if name in connected:
        return "connected"
    try:
        s3.head_bucket(Bucket=name)
    except ClientError as error:
        return "absent" if error.response["ResponseMetadata"]["HTTPStatusCode"] == HTTPStatus.NOT_FOUND else "there"
    except BotoCoreError:  # what is no name of a bucket
        return "absent"
    return "there"


def _print(agreement: "Agreement", bucket_is: "Standing") -> None:
    from rich.text import Text

    from bucketdex.cli.output import console, joined, printable, table

    out, missing = console(), "bucket" if bucket_is == "absent" else "object"
    out.print(Text(printable(f"s3://{agreement.bucket}/{agreement.key}"), "bold"))
    if agreement.indexed:
        document = table("field", "indexed")
        for field, value in agreement.indexed.items():
            if field not in ("bucket", "key", "pairs"):
                document.add_row(field, _shown(field, value))
        out.print(document)
    else:
        out.print("Not indexed: it is known to be deleted." if agreement.deleted else "Not indexed.")
    if agreement.problem:
        out.print(Text(printable(agreement.problem), "yellow"))
    elif agreement.agrees:
        out.print(Text("S3 agrees." if agreement.indexed else f"S3 agrees: there is no such {missing}.", "green"))
    elif "presence" in agreement.differs:
        there = f"there is no such {missing}" if agreement.indexed else "the object is there"
        out.print(Text(f"S3 does not agree: {there}.", "red"))
    else:
        out.print(Text(f"S3 does not agree in {joined(agreement.differs)}.", "red"))
    if bucket_is == "there":
        out.print(as_called(f"The bucket is not connected: bucketdex bucket add {agreement.bucket}"))
    out.print()


def _shown(field: str, value: Any) -> str:
    from bucketdex.cli.output import printable, size

    match value:
        case {"type": kind, "value": digest, "origin": origin} if field == "checksums":
            told = ", ".join(filter(None, (ORIGINS.get(str(origin), str(origin)), value.get("scope"))))
            return printable(f"{kind} {digest} ({told})")
        case dict():
            parts = [f"{name} {_shown(name, it)}" for name, it in value.items()]
            return printable(_author(**value)) if field == "written_by" else ", ".join(parts)
        case list():
            return "\n".join(_shown(field, it) for it in value)
        case int() if field == "size":
            return f"{value:,} bytes" + (f" ({size(value)})" if value >= KILOBYTE else "")
        case str() if field == "content" and len(value) > CONTENT_CHARACTERS:
            return printable(value[:CONTENT_CHARACTERS]) + " ..."
    return printable(str(value))


def _author(type: str = "?", name: str = "?", session: str = "") -> str:  # noqa: A002, as documents have it
    """Return an author as the demo tells of one."""
    return f"{name} ({type})" + (f", session {session}" if session else "")
