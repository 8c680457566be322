"""Whether the index and S3 agree, and how `bucketdex show` says it."""

from datetime import UTC, datetime

import boto3
import pytest
from typer.testing import CliRunner

from bucketdex.check.agreement import compare, look
from bucketdex.cli.main import app
from bucketdex.cli.show import _names, _shown
from bucketdex.objects.observe import Observation

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NAME = ("lab", "a.txt")
DOCUMENT = {"bucket": "lab", "key": "a.txt", "size": 3, "etag": "e", "version_id": "v", "tags": ["a=1", "b=2"]}


def seen(tags: dict[str, str] | None = None, size: int = 3, **answer: str) -> Observation:
    told = {"ETag": '"e"', "VersionId": "v", "ResponseMetadata": {"HTTPHeaders": {}}} | answer
    return Observation(NOW, answer=told, size=size, tags={"b": "2", "a": "1"} if tags is None else tags)


def test_they_agree_in_all_that_is_compared():
    agreement = compare(NAME, DOCUMENT, seen())
    assert agreement.agrees and agreement.differs == () and agreement.indexed == DOCUMENT and not agreement.deleted


@pytest.mark.parametrize(
    ("found", "differs"),
    [
        (seen(size=4), ("size",)),
        (seen(ETag='"other"'), ("etag",)),
        (seen(VersionId="w"), ("version_id",)),
        (seen(tags={}), ("tags",)),
        (seen(tags={"a": "1", "b": "3"}), ("tags",)),
        (seen(VersionId="w", ETag='"f"', size=0), ("version_id", "etag", "size")),
        (Observation(NOW, gone=True), ("presence",)),
    ],
)
def test_what_differs_is_named(found, differs):
    agreement = compare(NAME, DOCUMENT, found)
    assert agreement.differs == differs and not agreement.agrees and agreement.indexed == DOCUMENT


def test_an_object_that_is_not_indexed_does_not_agree_unless_there_is_none():
    assert compare(NAME, None, seen()).differs == ("presence",)
    absent = compare(NAME, None, Observation(NOW, gone=True))
    assert absent.agrees and absent.indexed is None and not absent.deleted


def test_a_tombstone_is_not_indexed_but_deleted():
    tombstone = {"bucket": "lab", "key": "a.txt", "deleted": True}
    agreement = compare(NAME, tombstone, Observation(NOW, gone=True))
    assert agreement.agrees and agreement.deleted and agreement.indexed is None
    back = compare(NAME, tombstone, seen())
    assert back.differs == ("presence",) and back.deleted


def test_a_bucket_without_versions_has_the_version_null():
    unversioned = {name: value for name, value in DOCUMENT.items() if name != "version_id"}
    assert compare(NAME, unversioned, seen(VersionId="null")).agrees


def test_when_s3_does_not_tell_nothing_is_said_to_agree_nor_to_differ():
    agreement = compare(NAME, DOCUMENT, Observation(NOW, problems=("S3 does not tell: 403",)))
    assert not agreement.agrees and agreement.differs == () and agreement.problem == "S3 does not tell: 403"


def test_a_name_that_no_bucket_can_have_is_the_problem_of_its_object_alone():
    client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    agreement = compare(("BAD BUCKET", "x"), None, look(client, ("BAD BUCKET", "x")))
    assert not agreement.agrees and agreement.problem == "S3 cannot be asked: 'BAD BUCKET' is no name of a bucket"


def test_checksums_are_told_in_lines_with_where_they_come_from():
    told = [
        {"type": "CRC64NVME", "value": "AAAAAAAAAAA=", "origin": "s3", "scope": "FULL_OBJECT"},
        {"type": "SHA256", "value": "ab", "origin": "computed"},
        {"type": "sha2-256-chunked", "value": "x=", "origin": "combined"},
        {"type": "NEW", "value": "y", "origin": "of tomorrow", "scope": "HALF"},
    ]
    assert _shown("checksums", told).splitlines() == [
        "CRC64NVME AAAAAAAAAAA= (from S3, FULL_OBJECT)",
        "SHA256 ab (computed from its bytes)",
        "sha2-256-chunked x= (combined from what S3 keeps)",
        "NEW y (of tomorrow, HALF)",
    ]


def test_an_author_is_told_in_words():
    assert _shown("written_by", {"type": "IAMUser", "name": "ada"}) == "ada (IAMUser)"
    role = {"type": "AssumedRole", "name": "Scientist", "session": "x\x1b"}
    assert _shown("written_by", role) == "Scientist (AssumedRole), session x\\x1b"
    assert _shown("written_by", {"type": "AWSService"}) == "? (AWSService)"


@pytest.mark.parametrize("key", ["a b", "a+b", "100%25", "a?b#c", "a//b/", "🧬", "new\nline", "s3://x/y", " "])
def test_keys_are_taken_as_they_are(key):
    assert list(_names([f"s3://lab/{key}"])) == [("lab", key)]


@pytest.mark.parametrize("uri", ["lab/a", "s3://lab", "s3://lab/", "s3:///a", "http://lab/a", ""])
def test_what_is_no_object_is_wrong_usage(uri):
    result = CliRunner().invoke(app, ["show", "s3://lab/a", uri], env={"COLUMNS": "200"})
    assert result.exit_code == 2
    assert f"argument 2 is not an object as s3://bucket/key: {uri!r}" in result.stderr


def test_a_bad_line_of_standard_input_is_named():
    result = CliRunner().invoke(app, ["show", "-"], input="s3://lab/a\n\nlab/b\n", env={"COLUMNS": "200"})
    assert result.exit_code == 2 and "line 3 is not an object" in result.stderr
    result = CliRunner().invoke(app, ["show", "-"], input=b"s3://lab/\xff\n", env={"COLUMNS": "200"})
    assert result.exit_code == 2 and "line 1 is not UTF-8" in result.stderr
