"""Old log files are found by what they are, each is read whole or not at all, and none is read twice."""

import gzip
import json
import os
from collections import Counter

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, ResponseStreamingError
from typer.testing import CliRunner

from bucketdex.buckets.notification import TRAIL, rule
from bucketdex.buckets.trail_files import tell, tell_no_more
from bucketdex.changes.outcome import Tally
from bucketdex.cli.main import app
from bucketdex.cli.trail.files import PIECE_BYTES, LogFile, Sources, UnreadableError
from bucketdex.cli.trail.journal import Journal
from bucketdex.cli.trail.reading import AHEAD, AHEAD_BYTES, Account, Failed, read_all
from bucketdex.cli.trail.telling import MOST_FAILED, Plan, bar, print_json, show
from bucketdex.errors import Permanent, Transient

NAME = "111122223333_CloudTrail_eu-west-1_20260131T0905Z_Mu0KsOhtH1ar15ZZ.json.gz"
DIGEST = "111122223333_CloudTrail-Digest_eu-west-1_mine_eu-west-1_20260131T090512Z.json.gz"
INSIGHT = "111122223333_CloudTrail-Insight_eu-west-1_20260131T0905Z_Mu0KsOhtH1ar15ZZ.json.gz"
DAY = "eu-west-1/2026/01/31"


def local(*named):
    return list(Sources([str(it) for it in named], lambda: pytest.fail("S3 is not asked")).files())


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (f"AWSLogs/111122223333/CloudTrail/{DAY}/{NAME}", "log"),
        (f"AWSLogs/o-a1b2c3/111122223333/CloudTrail/{DAY}/{NAME}", "log"),
        (f"AWSLogs/111122223333/CloudTrail/{DAY}/{NAME.removesuffix('.gz')}", "log"),
        (NAME, "log"),
        (f"moved here/{NAME.removesuffix('.gz')}", "log"),
        (f"AWSLogs/111122223333/CloudTrail-Digest/{DAY}/{DIGEST}", "digest"),
        (f"flat/{DIGEST}", "digest"),
        (f"AWSLogs/111122223333/CloudTrail-Insight/{DAY}/{INSIGHT}", "insight"),
        (INSIGHT, "insight"),
        (f"AWSLogs/111122223333/vpcflowlogs/{DAY}/111122223333_vpcflowlogs_x.log.gz", "foreign"),
        ("README.md", "foreign"),
        ("data.json", "foreign"),
    ],
)
def test_in_a_folder_a_file_is_what_its_name_or_place_says(tmp_path, path, kind):
    file = tmp_path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"{}")
    [found] = local(tmp_path)
    assert (found.kind, found.size, found.bucket) == (kind, 2, "")


def test_who_names_a_file_means_it_unless_it_is_known_to_be_no_log_file(tmp_path):
    paths = [tmp_path / name for name in ("events.json", "events.json.gz", "notes.txt", DIGEST, INSIGHT)]
    for path in paths:
        path.touch()
    assert [it.kind for it in local(*paths)] == ["log", "log", "foreign", "digest", "insight"]
    assert {it.kind for it in local(tmp_path)} == {"foreign", "digest", "insight"}


def test_some_of_what_is_passed_over_could_be_read_and_is_named(tmp_path):
    plan = Plan()
    for it in local_of(tmp_path, "a.json", "b.json.gz", "c.json", "d.json", "notes.txt", DIGEST):
        plan.skip(it)
    assert plan.skipped == {"other": 5, "digest": 1}
    assert "not CloudTrail's: a.json, b.json.gz, c.json, ...; name them" in plan.passed_over()
    plan = Plan()
    [other] = local_of(tmp_path / "other", "notes.txt")
    plan.skip(other)
    assert plan.passed_over() == ""


def local_of(folder, *names):
    """The files of a folder, made for this."""
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).touch()
    return local(folder)


def test_an_unpacked_file_has_the_name_that_cloudtrail_gave_it():
    assert {LogFile(address, 1, "").name for address in (f"/a/{NAME}", f"s3://b/c/{NAME[:-3]}", f"C:\\d\\{NAME}")} == {
        NAME
    }


def names(*paths):
    sources = Sources([str(it) for it in paths], lambda: pytest.fail("S3 is not asked"))
    return [sources.name(it) for it in sources.files()]


def test_files_of_one_name_that_is_not_cloudtrails_are_told_apart_by_what_they_hold(tmp_path):
    held = {"a": b"one", "b": b"two", "c": b"one"}
    for folder, data in held.items():
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "part-0.json.gz").write_bytes(gzip.compress(data))
        (tmp_path / folder / NAME).write_bytes(data)
    (tmp_path / "part-0.json").write_bytes(b"two")
    (tmp_path / "part-1.json").write_bytes(b"two")
    a, b, c, unpacked, renamed = names(
        *(tmp_path / it / "part-0.json.gz" for it in "abc"), tmp_path / "part-0.json", tmp_path / "part-1.json"
    )
    assert a == c != b == unpacked != renamed
    assert all("/" not in it and it.endswith("-part-0.json.gz") for it in (a, b, c))
    assert names(*(tmp_path / it / NAME for it in "abc")) == [NAME] * 3
    (tmp_path / "a" / "part-0.json.gz").write_bytes(gzip.compress(b"one" * 999)[:-9])  # breaks off
    assert names(tmp_path / "a" / "part-0.json.gz") not in ([a], [b])


@pytest.mark.parametrize(
    ("name", "unique"),
    [
        (NAME, True),
        (NAME.removesuffix(".gz"), True),
        (NAME.replace(".json", " (1).json"), False),
        (NAME.replace(".json", "\udcff.json"), False),
        ("111122223333_CloudTrail_all.json.gz", False),
        (f"x-{NAME}", False),
        (DIGEST, False),
        ("part-0.json", False),
    ],
)
def test_a_name_is_of_one_file_only_as_cloudtrail_gives_it(name, unique):
    assert LogFile(f"/AWSLogs/111122223333/CloudTrail/{DAY}/{name}", 1, "").is_unique is unique


def test_a_path_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        local(tmp_path / "absent")


def test_what_cannot_be_opened_keeps_no_other_from_being_found(tmp_path, monkeypatch):
    (tmp_path / f"a{NAME}").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / NAME).symlink_to(tmp_path / "gone")
    os.mkfifo(tmp_path / "b" / NAME.replace("0905", "0906"))
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / NAME).touch()
    scandir = os.scandir

    def refusing(path):
        if str(path).endswith(f"a{NAME}"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    found = local(tmp_path)
    assert {it.kind for it in found} == {"log"}
    assert sorted(it.problem for it in found) == [
        "", "No such file or directory", "it is no regular file", "its files are not known: Permission denied",
    ]  # fmt: skip
    [named] = local(tmp_path / "b" / NAME)
    with pytest.raises(UnreadableError, match="No such file"):
        Sources([], lambda: None).open(named)


def test_a_name_that_is_no_utf8_is_remembered_and_shown(tmp_path, capsys):
    odd = LogFile(os.fsdecode(b"/logs/\xff\n.json.gz"), 1, "1")
    journal = Journal(tmp_path / "j.jsonl")
    journal.note(odd)
    journal.close()
    for it in (journal, Journal(tmp_path / "j.jsonl")):
        assert it.knows(odd) and not it.knows(LogFile(os.fsdecode(b"/logs/\xfe\n.json.gz"), 1, "1"))
    run = Run(tmp_path)
    run(LogFile(odd.address, 1, "broken"))
    print_json(run.account, Plan(), dry_run=False)
    assert json.loads(capsys.readouterr().out)["failed"][0]["file"] == "/logs/\\udcff\n.json.gz"
    plan = Plan()
    plan.skip(LogFile(odd.address, 1, "", "foreign"))
    show(run.account, plan, dry_run=False)
    assert "\\udcff\\n.json.gz" in capsys.readouterr().out
    assert Sources([], lambda: None).name(LogFile(str(odd_file(tmp_path)), 1, "")).endswith("-\udcff.json.gz")


def odd_file(folder):
    path = folder / os.fsdecode(b"\xff.json")
    path.write_bytes(b"{}")
    return path


def files(tmp_path, *names):
    for name in names:
        (tmp_path / name).write_text(name)
    return local(*(tmp_path / name for name in names))


def test_what_was_noted_is_known_until_the_file_is_another(tmp_path):
    path = tmp_path / "state" / "j.jsonl"
    a, b = files(tmp_path, "a.json", "b.json")
    journal = Journal(path)
    assert not journal.knows(a)
    journal.note(a)
    journal.close()
    again = Journal(path)
    assert again.knows(a) and not again.knows(b)
    (tmp_path / "a.json").write_text("more than before")
    assert not again.knows(files(tmp_path, "b.json")[0]) and not again.knows(local(tmp_path / "a.json")[0])


def test_a_line_that_broke_off_spoils_no_other(tmp_path):
    path = tmp_path / "j.jsonl"
    a, b, c = files(tmp_path, "a.json", "b.json", "c.json")
    journal = Journal(path)
    journal.note(a)
    journal.note(b)
    path.write_bytes(path.read_bytes()[:-5])
    journal.note(c)
    again = Journal(path)
    assert [again.knows(it) for it in (a, b, c)] == [True, False, True]


def test_only_what_is_named_is_forgotten(tmp_path):
    path = tmp_path / "j.jsonl"
    a, b, c = files(tmp_path, "a.json", "b.json", "c.json")
    journal = Journal(path)
    for it in (a, b):
        journal.note(it)
    journal.forget([b, c])
    journal.note(c)
    for it in (journal, Journal(path)):
        assert [it.knows(file) for file in (a, b, c)] == [True, False, True]
    Journal(tmp_path / "none.jsonl").forget([a])
    assert sorted(it.name for it in tmp_path.glob("*.jsonl*")) == ["j.jsonl"]


class Run:
    """Reads files whose text says what becomes of them."""

    def __init__(self, tmp_path):
        self.journal, self.account = Journal(tmp_path / "journal"), Account()
        self.complaints, self.watched, self.opened = [], [], []
        self.read, self.before = [], {}  # files in order; what was read when each was opened

    def reader(self, file, pieces, tally: Tally):
        said = b"".join(pieces).decode()
        tally.counts["TrailRecords"] += 1
        self.read.append(file.address)
        match said:
            case "broken":
                raise Permanent("it is broken")
            case "outage":
                raise Transient("no answer")

    def open(self, file):
        self.opened.append(file.address)
        self.before[file.address] = list(self.read)
        yield file.state.encode()

    def __call__(self, *files):
        wanted = (it for it in files if not self.journal.knows(it))
        watch = lambda *told: self.watched.append(told)  # noqa: E731
        read_all(wanted, self.open, self.reader, self.journal, self.account, watch, self.complaints.append)


@pytest.fixture
def run(tmp_path):
    return Run(tmp_path)


def log(number, said="fine", size=4):
    return LogFile(f"/logs/{number:04}", size, said)


def test_a_broken_file_keeps_no_other_from_being_read(run):
    run(log(1), log(2, "broken"), log(3))
    assert (run.account.files, run.account.bytes, run.account.tally.counts) == (2, 8, Counter(TrailRecords=3))
    [failed] = run.account.failed
    assert (failed.file, failed.problem, failed.in_part) == ("/logs/0002", "it is broken", True)
    assert run.complaints == run.account.failed and run.watched[-1] == (2, 8, 3)


def test_what_was_read_is_not_read_again_and_what_was_not_is(run, tmp_path):
    run(log(1), log(2, "broken"))
    second = Run(tmp_path)
    second(log(1), log(2, "mended"), log(3))
    assert second.opened == ["/logs/0002", "/logs/0003"] and not second.complaints


def test_an_outage_ends_it_and_what_came_before_is_read(run, tmp_path):
    with pytest.raises(Transient):
        run(log(1), log(2, "outage"), log(3))
    assert run.account.files == 1 and not run.complaints
    assert [Run(tmp_path).journal.knows(log(number)) for number in (1, 2, 3)] == [True, False, False]


def test_however_many_cannot_be_read_the_others_are(run):
    run(*(log(it, "broken") for it in range(250)), log(250))
    assert run.account.files == 1 and len(run.account.failed) == len(run.complaints) == 250
    assert run.journal.knows(log(250))


def test_of_many_that_failed_some_are_named_and_all_for_programs(capsys):
    account = Account(failed=[Failed(f"/logs/{it}.json", "it is broken") for it in range(MOST_FAILED + 1234)])
    with bar(Plan()) as (_, complain):
        for it in account.failed:
            complain(it)
    show(account, Plan(), dry_run=False)
    said = capsys.readouterr().err
    assert said.count("it is broken") == MOST_FAILED and "and 1,234 more" in said
    print_json(account, Plan(), dry_run=False)
    assert len(json.loads(capsys.readouterr().out)["failed"]) == MOST_FAILED + 1234


def test_files_come_in_order_and_large_ones_are_not_fetched_ahead(run):
    large = log(2, size=AHEAD_BYTES + 1)
    run(log(1), large, *(log(number) for number in range(3, 30)))
    assert run.account.files == 29 and run.read == sorted(run.read)
    assert run.before[large.address] == ["/logs/0001"]
    assert all(len(before) >= number - AHEAD - 2 for number, before in enumerate(run.before.values()))


class Body:
    """An answer that breaks off after so many pieces."""

    def __init__(self, data, pieces):
        self.data, self.pieces = data, pieces

    def iter_chunks(self, size):
        for number, start in enumerate(range(0, len(self.data), size)):
            if number == self.pieces:
                raise ResponseStreamingError(error="it broke off")
            yield self.data[start : start + size]

    def close(self):
        pass


class S3:
    """Objects whose answers break off; configurations that are refused."""

    def __init__(self, data=b"", pieces=(), refusal=None, rules=None):
        self.data, self.pieces, self.refusal, self.rules = data, list(pieces), refusal, rules or {}
        self.asked = []

    def get_object(self, Bucket, Key, Range="bytes=0-", IfMatch=None):  # noqa: N803, boto3's
        self.asked.append((Range, IfMatch))
        start = int(Range.removeprefix("bytes=").removesuffix("-"))
        return {"Body": Body(self.data[start:], self.pieces.pop(0))}

    def get_bucket_notification_configuration(self, Bucket):  # noqa: N803
        return self.rules

    def put_bucket_notification_configuration(self, Bucket, NotificationConfiguration):  # noqa: N803
        if self.refusal:
            raise ClientError({"Error": {"Code": self.refusal[0], "Message": self.refusal[1]}}, "PutBucketNotif")
        self.rules = NotificationConfiguration


class Sqs:
    def get_queue_attributes(self, QueueUrl, AttributeNames):  # noqa: N803
        return {"Attributes": {"QueueArn": f"arn:of:{QueueUrl}"}}


def test_an_answer_that_breaks_off_is_gone_on_with_while_more_comes():
    data = bytes(range(256)) * 4096
    s3 = S3(data, pieces=[1, 2, None])
    pieces = Sources([], lambda: s3).open(LogFile("s3://b/k", len(data), "etag"))
    assert b"".join(pieces) == data
    assert s3.asked == [
        ("bytes=0-", None), (f"bytes={PIECE_BYTES}-", '"etag"'), (f"bytes={3 * PIECE_BYTES}-", '"etag"'),
    ]  # fmt: skip
    s3 = S3(data, pieces=[1, 0])
    with pytest.raises(UnreadableError, match="broke off"):
        list(Sources([], lambda: s3).open(LogFile("s3://b/k", len(data), "etag")))


def client_error(code, status):
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "GetObject")


@pytest.mark.parametrize(
    ("error", "meant"),
    [
        (client_error("AccessDenied", 403), UnreadableError),
        (client_error("NoSuchKey", 404), UnreadableError),
        (client_error("SlowDown", 503), Transient),
        (client_error("ExpiredToken", 400), Transient),
        (EndpointConnectionError(endpoint_url="https://s3"), Transient),
        (NoCredentialsError(), Transient),
    ],
)
def test_only_what_would_be_so_with_any_file_ends_it(error, meant):
    class Refusing:
        def get_object(self, **_):
            raise error

    with pytest.raises(meant):
        list(Sources([], Refusing).open(LogFile("s3://b/k", 1, "etag")))


def test_a_trails_bucket_gets_a_rule_beside_others():
    replication = {"TopicConfigurations": [{"Id": "r", "TopicArn": "t", "Events": ["s3:Replication:*"]}]}
    s3 = S3(rules=dict(replication))
    told = tell(s3, Sqs(), "url", "logs", "AWSLogs/")
    assert (told.added, told.former_prefix, told.connected) == (True, None, False)
    mine = json.loads(json.dumps(s3.rules["QueueConfigurations"]))
    assert mine == [
        {
            "Id": "bucketdex-trail", "QueueArn": "arn:of:url", "Events": ["s3:ObjectCreated:*"],
            "Filter": {"Key": {"FilterRules": [
                {"Name": "prefix", "Value": "AWSLogs/"}, {"Name": "suffix", "Value": ".json.gz"}]}},
        }
    ]  # fmt: skip
    assert not tell(s3, Sqs(), "url", "logs", "AWSLogs/").added
    other = tell(s3, Sqs(), "url", "logs", "", connected={"logs"})
    assert (other.added, other.former_prefix, other.connected) == (True, "AWSLogs/", True)
    assert tell_no_more(s3, Sqs(), "url", "logs", "") == ""
    assert s3.rules == replication
    with pytest.raises(Permanent, match="has no rule 'bucketdex-trail'"):
        tell_no_more(s3, Sqs(), "url", "logs")


def test_the_rule_of_another_prefix_than_the_one_named_stays():
    s3 = S3()
    tell(s3, Sqs(), "url", "logs", "AWSLogs/")
    with pytest.raises(Permanent, match="logs is read below AWSLogs, not below wrong; nothing is removed"):
        tell_no_more(s3, Sqs(), "url", "logs", "wrong")
    assert tell_no_more(s3, Sqs(), "url", "logs", "AWSLogs") == "AWSLogs/"
    tell(s3, Sqs(), "url", "logs")
    with pytest.raises(Permanent, match="logs is read from its top, not below wrong"):
        tell_no_more(s3, Sqs(), "url", "logs", "wrong/")


@pytest.mark.parametrize(
    "arguments",
    [["add", "s3://"], ["add", "https://x"], ["add", ""], ["remove", "s3:///a"], ["import", "s3://"]],
    ids=" ".join,
)
def test_what_is_no_address_is_wrong_usage(arguments):
    assert CliRunner().invoke(app, ["trail", *arguments]).exit_code == 2


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (("InvalidArgument", "Unable to validate the following destination configurations"), "TrailBucketArns"),
        (("InvalidArgument", "The notification destination service region is not valid for it"), "another region"),
        (("NoSuchBucket", "The specified bucket does not exist"), "there is no bucket logs"),
        (("AccessDenied", "Access Denied"), "S3 does not let us"),
    ],
)
def test_what_s3_refuses_is_told_with_what_to_do(refusal, said):
    with pytest.raises(Permanent, match=said):
        tell(S3(refusal=refusal), Sqs(), "url", "logs")


def test_where_there_is_no_bucket_of_a_name_that_none_can_have_the_rule_is_told():
    with pytest.raises(Permanent, match="'MyLogs' is no name of a bucket: 3 to 63 lower-case"):
        tell(S3(refusal=("NoSuchBucket", "The specified bucket does not exist")), Sqs(), "url", "MyLogs")


def test_what_may_go_later_is_told_as_that():
    with pytest.raises(Transient):
        tell(S3(refusal=("SlowDown", "Please reduce your request rate")), Sqs(), "url", "logs")


def test_what_s3_would_refuse_is_not_tried():
    refused = ("Tried", "it was tried")
    connected = {"QueueConfigurations": [rule("arn:of:objects")]}
    with pytest.raises(Permanent, match="is connected: its rule 'bucketdex'"):
        tell(S3(refusal=refused, rules=connected), Sqs(), "url", "logs")
    etl = {"QueueConfigurations": [rule("arn:of:etl", TRAIL) | {"Id": "etl"}]}
    with pytest.raises(Permanent, match=r"for suffix '\.json\.gz' to arn:of:etl; send its events to an SNS topic"):
        tell(S3(refusal=refused, rules=etl), Sqs(), "url", "logs")
    with pytest.raises(Permanent, match="name a shorter"):
        tell(S3(refusal=refused), Sqs(), "url", "logs", "a b/")
