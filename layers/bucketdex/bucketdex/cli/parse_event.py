"""`bucketdex parse-event`: what the functions understand of an event."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bucketdex.cli.failures import NO, USAGE, epilog, fail
from bucketdex.cli.options import Json

if TYPE_CHECKING:
    from bucketdex.changes import Message

STDIN = "-"
EPILOG = epilog(
    """bucketdex parse-event events/s3-created.json
    aws sqs receive-message --queue-url "$BUCKETDEX_OBJECT_EVENTS_URL" --query 'Messages[0].Body' --output text |
        bucketdex parse-event - --json""",
    _1="it is no event, or not all of it can be read",
)


def parse_event(
    file: Annotated[str, typer.Argument(help="A file with a message or a Lambda event, or - for standard input.")],
    as_json: Json = False,
) -> None:
    """Print what is understood of an event: which objects changed, what is ignored, what cannot be read.

    The file holds a message as it comes from the queue, or Lambda's event with a batch of them. With --json: changes,
    ignored and problems.
    """
    from bucketdex.cli.output import json_line

    try:
        body = sys.stdin.buffer.read() if file == STDIN else Path(file).read_bytes()
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}", USAGE)
    understood = understand(body)
    if as_json:
        json_line(understood)
    else:
        _print(understood)
    if understood.problems:
        raise typer.Exit(NO)


def understand(body: bytes) -> "Message":
    """Return what a message tells, or all the messages of Lambda's event; what is no event is a problem."""
    from bucketdex.changes import Message, parse_message
    from bucketdex.errors import Permanent

    batch = _batch(body)
    messages: Sequence[str | bytes] = batch or [body]
    read: list[Message] = []
    for number, message in enumerate(messages, 1):
        where = f"message {number}: " if batch else ""
        try:
            told = parse_message(message)
            read.append(Message(told.changes, told.ignored, tuple(where + it for it in told.problems)))
        except Permanent as error:
            read.append(Message(problems=(f"{where}{error}",)))
    return Message(
        tuple(it for message in read for it in message.changes),
        tuple(it for message in read for it in message.ignored),
        tuple(it for message in read for it in message.problems),
    )


def _batch(body: bytes) -> list[str] | None:
    """Return the bodies of the messages in an event that Lambda makes of a batch from SQS, or None if it is none."""
    import msgspec

    try:
        event: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    match event:
        case {"Records": [{"eventSource": "aws:sqs"}, *_] as records}:
            return [str(record.get("body", "")) for record in records if isinstance(record, dict)]
    return None


def _print(understood: "Message") -> None:
    from rich.text import Text

    from bucketdex.cli.output import console, moment, plural, printable, size, table

    out = console()
    out.print(f"{plural(len(understood.changes), 'change')}")
    if understood.changes:
        found = table("event", "told by", "object", "#size", "version id", "when (UTC)")
        for it in understood.changes:
            when = moment(it.time.timestamp()) if it.time else ""
            name = printable(f"s3://{it.bucket}/{it.key}")
            found.add_row(printable(it.event), it.source, name, size(it.size), it.version_id or "", when)
        out.print(found)
    for ignored in understood.ignored:
        out.print(f"ignored: {printable(ignored)}")
    for problem in understood.problems:
        out.print(Text(f"problem: {printable(problem)}", "red"))
