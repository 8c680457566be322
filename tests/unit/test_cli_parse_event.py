"""What `bucketdex parse-event` prints of each event."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bucketdex.cli.main import app

EVENTS = Path(__file__).parents[2] / "events"
NOTIFICATION = {
    "Records": [{
        "eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "eventTime": "2026-01-01T00:00:00.000Z",
        "s3": {"bucket": {"name": "lab"}, "object": {"key": "red+flower%2B1.csv", "size": 3}},
    }]
}  # fmt: skip
runner = CliRunner()


def parse(*arguments: str, given: str | bytes | None = None):
    return runner.invoke(app, ["parse-event", *arguments], input=given)


def sqs_event(*bodies: str) -> str:
    return json.dumps({"Records": [{"eventSource": "aws:sqs", "messageId": "1", "body": body} for body in bodies]})


@pytest.mark.parametrize("path", sorted(EVENTS.glob("*.json")), ids=lambda path: path.stem)
def test_every_sample_event_of_a_queue_is_understood(path):
    if path.stem in ("search", "catalog", "hash-range", "check-buckets"):  # of the load balancer, and of our own
        assert parse(str(path)).exit_code == 1
        return
    told = json.loads(parse(str(path), "--json").stdout)
    assert set(told) == {"changes", "ignored", "problems"}
    assert told["changes"] or told["ignored"]
    assert bool(told["problems"]) == ("bad" in path.stem)
    assert parse(str(path)).exit_code == (1 if told["problems"] else 0)


def test_a_message_as_it_comes_from_the_queue():
    result = parse("-", "--json", given=json.dumps(NOTIFICATION))
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "changes": [
            {"bucket": "lab", "key": "red flower+1.csv", "source": "s3", "event": "ObjectCreated:Put",
             "time": "2026-01-01T00:00:00Z", "size": 3}
        ],
        "ignored": [], "problems": [],
    }  # fmt: skip


def test_people_get_the_same_in_words():
    result = parse("-", given=json.dumps(NOTIFICATION))
    assert "1 change" in result.stdout and "s3://lab/red flower+1.csv" in result.stdout and "3 B" in result.stdout


def test_each_message_of_a_batch_is_read_and_a_bad_one_is_named():
    batch = sqs_event(json.dumps(NOTIFICATION), "not JSON", '{"Event": "s3:TestEvent"}')
    result = parse("-", "--json", given=batch)
    told = json.loads(result.stdout)
    assert result.exit_code == 1
    assert len(told["changes"]) == 1 and told["ignored"] == ["s3:TestEvent"]
    [problem] = told["problems"]
    assert problem.startswith("message 2: the message is not JSON")


@pytest.mark.parametrize(
    "given", ["", "not JSON", "[]", "{}", b"\xff\xfe", '{"Records": [{"eventSource": "aws:sqs"}]}']
)
def test_what_is_no_event_is_a_problem(given):
    result = parse("-", "--json", given=given)
    assert result.exit_code == 1
    assert len(json.loads(result.stdout)["problems"]) == 1


def test_a_key_cannot_reach_into_the_terminal():
    body = {"bucketdex": "changes/1", "changes": [{"bucket": "b", "key": "\x1b[2J\u202egpj.exe[bold]x"}]}
    result = parse("-", given=json.dumps(body))
    assert "s3://b/\\x1b[2J\\u202egpj.exe[bold]x" in result.stdout


def test_a_file_that_is_not_there_is_wrong_usage(tmp_path):
    result = parse(str(tmp_path / "none.json"))
    assert result.exit_code == 2
    assert result.stderr == f"bucketdex: {tmp_path / 'none.json'} cannot be read: No such file or directory\n"


def test_a_read_is_ignored_here_and_it_says_where_it_counts():
    read = {"eventSource": "s3.amazonaws.com", "eventName": "GetObject", "requestParameters": {}}
    result = parse("-", given=json.dumps({"Records": [read]}))
    assert "ignored: GetObject: it changes nothing; reads are counted from log files" in result.stdout
