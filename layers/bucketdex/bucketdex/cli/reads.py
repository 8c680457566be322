"""`bucketdex reads`: how often an object or a folder was read, and by how many."""

import re
from datetime import UTC, date, datetime, timedelta
from shlex import quote
from typing import Annotated, Any

import typer

from bucketdex.cli import local_trail
from bucketdex.cli.called import as_called
from bucketdex.cli.failures import epilog, usage
from bucketdex.cli.options import Json

ADDRESS = re.compile(r"s3://([^/]+)(?:/(.*))?", re.DOTALL)
BUCKET = re.compile(r"[A-Za-z0-9._-]{3,255}")  # buckets from before 2018 may have such names
YEAR = 365  # days that reads are kept
SHOWN_DAYS = 31  # in the table, where there are more
BARS = "·▁▂▃▄▅▆▇█"
WIDTH = 20  # of the longest bar
LONGEST_LINE = 62  # days that the line of bars shows; of more it shows weeks
EPILOG = epilog(
    """bucketdex reads s3://my-data/counts/sample-042.csv.gz
    bucketdex reads s3://my-registry/bio/penguins/ --days 30
    bucketdex reads s3://my-data
    bucketdex reads s3://my-data/counts/ --json | jq -r '.objects[] | "\\(.count) \\(.key)"'""",
    _1="the API does not answer, or refuses the question",
)


def reads(
    address: Annotated[
        str,
        typer.Argument(
            metavar="s3://BUCKET/KEY", help="An object; or with a slash at its end a folder, such as that of a package."
        ),
    ],
    days: Annotated[int, typer.Option("--days", min=1, max=YEAR, help="How many days until today.")] = YEAR,
    as_json: Json = False,
) -> None:
    """Show how often an object or a folder was read, by how many readers, and on which days (UTC).

    Reads are counted from the log files of CloudTrail that the stack is told of: each GetObject that went well, a
    download in ranges as often as there were ranges, but none of the stack's own. Today's come some minutes late. Two
    readers are two users or roles, or sessions too, as TrailIdentities says. Of a folder the ten objects are shown that
    were read most. The address is taken as it is: nothing in it is decoded.

    With --json: total, readers, since (the first day of which any reads in the bucket are known, or null), days (day,
    count, readers; only those with reads) and objects (key, count; of a folder).
    """
    from bucketdex.cli.asking import stack
    from bucketdex.cli.output import json_line
    from bucketdex.client.asking import reads as ask

    match = ADDRESS.fullmatch(address)
    if not match:
        usage(f"an object is s3://bucket/key, a folder s3://bucket/folder/: {address!r}")
    if not BUCKET.fullmatch(match[1]):
        from bucketdex.buckets.connect import BAD_NAME

        usage(BAD_NAME.format(name=match[1]))
    bucket, place = match[1], match[2] or ""
    folder = not place or place.endswith("/")
    asked = stack()
    answer = ask(asked, bucket, None if folder else place, place if folder else "", days)
    if as_json:
        json_line(answer)
    elif answer["since"] is None:
        _print_nothing_known(bucket)
    elif not answer["total"]:
        _print_none(address, bucket, answer["since"], days)
        if not folder and ask(asked, bucket, None, f"{place}/", days)["total"]:
            _print_folder(f"{address}/", f"{place}/")
    else:
        _print(address, answer, _first(answer["since"], days))


def bar(count: int, most: int) -> str:
    """Return a bar for a count that is more than none; `most` is as long as a bar can be."""
    eighths = max(1, round(8 * WIDTH * count / most))
    return "█" * (eighths // 8) + "▏▎▍▌▋▊▉"[eighths % 8 - 1 : eighths % 8]


def sparkline(counts: list[int]) -> str:
    """Return a bar for each count, side by side; even the smallest that is more than none can be seen."""
    most = max(counts)
    return "".join(BARS[-(-8 * count // most) if most else 0] for count in counts)


def line(days: list[dict[str, Any]], first: date, last: date) -> tuple[str, str]:
    """Return the sparkline of all days from the first to the last, and what a bar of it is: a day, or a week."""
    counts = {date.fromisoformat(it["day"]): it["count"] for it in days}
    every = [counts.get(first + timedelta(number), 0) for number in range((last - first).days + 1)]
    if len(every) <= LONGEST_LINE:
        return sparkline(every), "day"
    # The last week is a whole one.
    beginning = len(every) % 7
    weeks = [every[:beginning]] * bool(beginning) + [every[at : at + 7] for at in range(beginning, len(every), 7)]
    return sparkline([sum(week) for week in weeks]), "week"


def _first(since: str, days: int) -> date:
    """Return the first day that is told of: there is nothing to say of what was before any reads are known."""
    return max(date.fromisoformat(since), datetime.now(UTC).date() - timedelta(days - 1))


def _print_nothing_known(bucket: str) -> None:
    typer.echo(as_called(f"No reads are known of anything in {bucket}: {_why(bucket)}"))


def _why(bucket: str) -> str:
    """Return why no reads of the bucket are known, as far as this machine can tell, and what to do then."""
    unread, no_trail = "nothing was read there yet", "this stack reads no trail of CloudTrail that logs its data events"
    connected = _is_connected(bucket)
    if connected is None:
        return f"{unread}, or it is not connected,\nor {no_trail}, reads among them."
    if not connected:
        return (
            f"it is not connected.\nThose that are: bucketdex bucket list.  Connect it: bucketdex bucket add {bucket}"
        )
    trail_is_on = local_trail.is_on()
    if trail_is_on is None:
        return f"{unread},\nor {no_trail}, reads among them: bucketdex trail add s3://LOGS"
    if not trail_is_on:
        return "the trail of this stack is off.\nRecord them from now on: bucketdex local trail on"
    return f"{unread}, since the trail\nof this stack was switched on. How it is: bucketdex local trail status"


def _is_connected(bucket: str) -> bool | None:
    """Whether the bucket is connected; None where the control table is not to be asked."""
    from botocore.exceptions import BotoCoreError, ClientError

    from bucketdex.aws import clients, settings
    from bucketdex.control import ControlTable
    from bucketdex.errors import Fault
    from bucketdex.index.generations import READS

    try:
        control = ControlTable(clients.dynamodb(), settings.control().table)
        return bucket in control.view(READS, [bucket]).buckets
    except (BotoCoreError, ClientError, Fault, settings.SettingsError):
        return None


def _print_folder(address: str, place: str) -> None:
    from bucketdex.cli.output import printable

    typer.echo(f"There are reads below {printable(place)}: {as_called('bucketdex reads')} {printable(quote(address))}")


def _print_none(address: str, bucket: str, since: str, days: int) -> None:
    from bucketdex.cli.output import plural, printable

    typer.echo(
        f"{printable(address)} was not read in the last {plural(days, 'day')}, "
        f"as far as is known: reads in {printable(bucket)} are since {since}."
    )


def _print(address: str, answer: dict[str, Any], first: date) -> None:
    from bucketdex.cli.output import console, plural, printable, table

    out, days = console(), answer["days"]
    drawn, unit = line(days, first, max(datetime.now(UTC).date(), date.fromisoformat(days[-1]["day"])))
    # Without anybody who can be told apart, the setting is that nobody shall be.
    by = f" by {plural(answer['readers'], 'reader')}" if answer["readers"] else ""
    typer.echo(f"{printable(address)} was read {_times(answer['total'])}{by} since {first}.")
    if len(drawn) > 1:
        typer.echo(f"\n{drawn}  each a {unit}")
    shown = days[-SHOWN_DAYS:]
    found = table("day (UTC)", "#reads", "#readers", *(["against the busiest day"] if len(shown) > 1 else []))
    most = max(it["count"] for it in shown)
    for it in reversed(shown):
        against = [bar(it["count"], most)] if len(shown) > 1 else []
        found.add_row(it["day"], f"{it['count']:,}", f"{it['readers']:,}" if by else "", *against)
    out.print(found)
    if len(shown) < len(days):
        typer.echo(f"These are the last {len(shown)} of {len(days)} days with reads; --json tells of all.")
    if answer["objects"]:
        found = table("most read", "#reads")
        for it in answer["objects"]:
            found.add_row(printable(it["key"]), f"{it['count']:,}")
        out.print(found)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"
