"""`bucketdex reads`: what is asked of the API, and how its answer is shown."""

import json
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from typer.testing import CliRunner

from bucketdex.cli.main import app
from bucketdex.cli.reads import bar, line, sparkline
from recorded_api import api

__all__ = ["api"]  # a fixture

runner = CliRunner()
TODAY = datetime.now(UTC).date()


def ago(days: int) -> str:
    return (TODAY - timedelta(days)).isoformat()


ANSWER = {
    "total": 1234, "readers": 7, "since": ago(20),
    "days": [{"day": ago(9), "count": 4, "readers": 1}, {"day": ago(1), "count": 1230, "readers": 7}],
    "objects": [{"key": "bio/[bold]\x1b.csv", "count": 1200}, {"key": "bio/b.csv", "count": 34}],
}  # fmt: skip
NOTHING = {"total": 0, "readers": 0, "since": None, "days": [], "objects": []}


@pytest.fixture(autouse=True)
def _answer(api, monkeypatch):
    monkeypatch.delenv("BUCKETDEX_CONTROL_TABLE", raising=False)
    api.body = json.dumps(ANSWER)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("s3://lab/a%20b/c+.csv", [("bucket", "lab"), ("key", "a%20b/c+.csv"), ("days", "365")]),
        ("s3://lab/bio/penguins/", [("bucket", "lab"), ("prefix", "bio/penguins/"), ("days", "365")]),
        ("s3://lab/", [("bucket", "lab"), ("prefix", ""), ("days", "365")]),
        ("s3://lab", [("bucket", "lab"), ("prefix", ""), ("days", "365")]),
    ],
)
def test_an_object_a_folder_or_a_bucket_is_asked_for(api, address, expected):
    assert json.loads(runner.invoke(app, ["reads", address, "--json"]).stdout) == ANSWER
    assert urlsplit(api.asked[0]).path == "/api/reads" and api.fields() == expected


def test_people_see_days_with_bars_readers_and_what_is_read_most(api):
    shown = runner.invoke(app, ["reads", "s3://lab/bio/", "--days", "30"]).stdout
    assert api.fields()[2] == ("days", "30")
    assert f"s3://lab/bio/ was read 1,234 times by 7 readers since {ago(20)}." in shown
    assert "···········▁·······█·  each a day" in shown
    lines = shown.splitlines()
    [last], [first] = ([it for it in lines if day in it] for day in (ago(1), ago(9)))
    assert lines.index(last) < lines.index(first) and "1,230" in last and last.rstrip().endswith("█" * 20)
    assert first.rstrip().endswith("▏")
    assert "against the busiest day" in shown
    assert "bio/[bold]\\x1b.csv" in shown and "1,200" in shown


def test_readers_that_may_not_be_told_apart_are_not_counted(api):
    day = {"day": ago(0), "count": 1, "readers": 0}
    api.body = json.dumps(NOTHING | {"total": 1, "since": ago(0), "days": [day]})
    shown = runner.invoke(app, ["reads", "s3://lab/a"]).stdout
    assert f"s3://lab/a was read once since {ago(0)}." in shown and "most read" not in shown and " 0 " not in shown
    assert "each a" not in shown and "█" not in shown  # one bar says nothing


def test_of_many_days_the_last_are_shown_and_it_says_so(api):
    days = [{"day": ago(it), "count": 1, "readers": 1} for it in range(99, -1, -1)]
    api.body = json.dumps(ANSWER | {"since": ago(200), "days": days})
    shown = runner.invoke(app, ["reads", "s3://lab/a"]).stdout
    assert "each a week" in shown and "the last 31 of 100 days with reads" in shown
    assert ago(30) in shown and ago(31) not in shown


def test_where_nothing_was_read_it_says_what_is_known(api):
    api.body = json.dumps(NOTHING | {"since": "2026-01-02"})
    shown = runner.invoke(app, ["reads", "s3://lab/a", "--days", "1"])
    assert shown.exit_code == 0 and "s3://lab/a was not read in the last 1 day" in shown.stdout
    assert "reads in lab are since 2026-01-02" in shown.stdout
    api.body = json.dumps(NOTHING)
    shown = runner.invoke(app, ["reads", "s3://lab/a"]).stdout
    assert "No reads are known of anything in lab" in shown and "trail" in shown and "not connected" in shown


def test_an_object_that_is_a_folder_with_reads_is_told(api):
    none = NOTHING | {"since": ago(20)}
    api.told["/api/reads"] = [none, ANSWER, none, none, none]
    shown = runner.invoke(app, ["reads", "s3://lab/a b"]).stdout
    assert "There are reads below a b/: bucketdex reads 's3://lab/a b/'" in shown
    assert "There are reads" not in runner.invoke(app, ["reads", "s3://lab/a b", "--json"]).stdout
    assert "There are reads" not in runner.invoke(app, ["reads", "s3://lab/a b"]).stdout


@pytest.mark.parametrize(
    ("connected", "trail_is_on", "said"),
    [
        (None, None, "or it is not connected"),
        (False, None, "it is not connected.\nThose that are: bucketdex bucket list.  Connect it: bucketdex bucket add"),
        (True, None, "nothing was read there yet,\nor this stack reads no trail"),
        (True, False, "is off.\nRecord them from now on: bucketdex local trail on"),
        (True, True, "nothing was read there yet, since the trail"),
    ],
)
def test_why_nothing_is_known_is_told_where_that_can_be_known(api, monkeypatch, connected, trail_is_on, said):
    monkeypatch.setattr("bucketdex.cli.reads._is_connected", lambda _: connected)
    monkeypatch.setattr("bucketdex.cli.local_trail.is_on", lambda: trail_is_on)
    api.body = json.dumps(NOTHING)
    assert said in runner.invoke(app, ["reads", "s3://lab/a"]).stdout


@pytest.mark.parametrize(
    "arguments", [["lab/a"], ["s3://"], ["s3:///a"], ["s3://a b/c"], ["s3://x"], ["s3://lab/a", "--days", "366"]]
)
def test_what_is_no_address_and_too_many_days_are_wrong_usage(api, arguments):
    assert runner.invoke(app, ["reads", *arguments]).exit_code == 2 and not api.asked


def test_bars_show_the_smallest_count_and_the_largest():
    assert sparkline([0, 1, 500, 1000]) == "·▁▄█" and sparkline([0, 0]) == "··"
    assert bar(1000, 1000) == "█" * 20 and bar(1, 10**6) == "▏" and bar(525, 1000) == "█" * 10 + "▌"


@pytest.mark.parametrize(
    ("number", "length", "unit"), [(1, 1, "day"), (62, 62, "day"), (63, 9, "week"), (365, 53, "week")]
)
def test_a_line_has_a_bar_for_each_day_or_week(number, length, unit):
    last = date(2026, 11, 28)
    first = last - timedelta(number - 1)
    drawn, each = line([{"day": last.isoformat(), "count": 5}, {"day": first.isoformat(), "count": 5}], first, last)
    assert (len(drawn), each, drawn[-1], drawn[0]) == (length, unit, "█", "█")
