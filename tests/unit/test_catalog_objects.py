"""What an object's page shows of what is known, without any of it being asked for."""

import ast
import shlex
from datetime import date

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from bucketdex.catalog import links
from bucketdex.catalog.objects import shown, snippets
from bucketdex.catalog.objects.now import Now, agree, as_indexed, now
from bucketdex.catalog.objects.sparkline import DAYS, HIGH, LEAST, sparkline
from bucketdex.catalog.pages.object import relative, title
from bucketdex.changes import Author, Checksum
from bucketdex.index.pairs import typed
from bucketdex.searching.containing import Containing
from bucketdex.searching.details import ObjectDetail, ObjectVersion, ObjectVersions
from bucketdex.searching.language.parsing import parse
from bucketdex.searching.reads import Day, Readings

KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
HOSTILE = "<script>alert(1)</script>"
TOLD = ObjectDetail(
    bucket="lake", key="a.csv", observed_at="2026-01-01T00:00:00Z", version_id="v2", etag="e2", size=5,
    encryption={"type": "aws:kms", "key": "k"},
)  # fmt: skip
THERE = Now(state="there", version_id="v2", etag="e2", storage_class="STANDARD")


class Refusing:
    """An S3 client that answers as it is told."""

    def __init__(self, answer: dict | Exception) -> None:
        self.answer = answer

    def head_object(self, **_: str) -> dict:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def refusal(code: str, status: int, **headers: str) -> ClientError:
    told = {
        "Error": {"Code": code, "Message": "no"},
        "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": headers},
    }
    return ClientError(told, "HeadObject")


@pytest.mark.parametrize(
    ("answer", "version", "state"),
    [
        (refusal("404", 404), "", "absent"),
        (refusal("404", 404, **{"x-amz-delete-marker": "true", "x-amz-version-id": "m"}), "", "deleted"),
        (refusal("MethodNotAllowed", 405), "m", "deleted"),
        (refusal("400", 400), "none", "absent"),
        (refusal("403", 403), "", "refused"),
        (refusal("SlowDown", 503), "", "unknown"),
        (EndpointConnectionError(endpoint_url="http://x"), "", "unknown"),
    ],
)
def test_whatever_s3_answers_is_a_state(answer, version, state):
    found = now(Refusing(answer), "lake", "a.csv", version)
    assert found.state == state
    said = shown.alerts("lake", "a.csv", version, found, None, agrees=False)
    assert len(said) == 1 and said[0].title


@pytest.mark.parametrize(
    ("told", "archived"),
    [
        ({}, False),
        ({"StorageClass": "GLACIER"}, True),
        ({"StorageClass": "DEEP_ARCHIVE", "Restore": 'ongoing-request="true"'}, True),
        ({"StorageClass": "GLACIER", "Restore": 'ongoing-request="false", expiry-date="x"'}, False),
        ({"StorageClass": "INTELLIGENT_TIERING", "ArchiveStatus": "ARCHIVE_ACCESS"}, True),
        ({"StorageClass": "GLACIER_IR"}, False),
    ],
)
def test_an_archived_object_is_told_from_one_that_can_be_read(told, archived):
    answer = {"ContentLength": 3, "LastModified": date(2026, 1, 1), "ETag": '"e"', "Metadata": {"b": "2", "a": "1"}}
    found = now(Refusing(answer | told), "lake", "a.csv")
    assert (found.state, found.archived, found.etag) == ("there", archived, "e")
    assert found.metadata == (("a", "1"), ("b", "2"))
    titles = [it.title for it in shown.alerts("lake", "a.csv", "", found, TOLD, agrees=True)]
    assert titles == (["This object is archived"] if archived else [])


def test_what_is_unusual_is_said():
    def titles(it, told, agrees, chosen=""):
        return [alert.title for alert in shown.alerts("lake", "a.csv", chosen, it, told, agrees=agrees)]

    assert titles(THERE, TOLD, True) == []
    assert titles(THERE, None, False) == ["The index does not have it yet"]
    assert titles(THERE, TOLD, False) == ["The index has another version of it"]
    assert titles(THERE, TOLD, False, "v1") == ["This is an older version"]
    assert titles(THERE, TOLD, True, "v2") == []
    assert titles(Now(state="deleted"), None, False, "m") == ["This version is a delete marker"]
    problem = ObjectDetail(bucket="lake", key="a", observed_at="2026-01-01T00:00:00Z", problem="too odd")
    assert titles(THERE, problem, True) == ["It could not be indexed as a whole"]


def test_the_index_and_s3_agree_by_version_or_else_by_etag():
    assert agree(THERE, TOLD) and agree(as_indexed(TOLD), TOLD)
    assert not agree(Now(state="there", version_id="v3", etag="e2"), TOLD)
    assert agree(Now(state="there", etag="e2"), TOLD) and not agree(Now(state="there", etag="e3"), TOLD)
    assert as_indexed(TOLD).encryption == ("aws:kms", "k")


def test_metadata_tags_columns_and_authors_link_to_what_else_has_them():
    told = ObjectDetail(
        bucket="lake", key="a.csv", observed_at="2026-01-01T00:00:00Z", columns=("species", 'odd "name"', "x" * 600),
        pairs=(typed("metadata", "plate", "7"), typed("tag", "stage", HOSTILE), typed("tag", "of", "1..2")),
        written_by=Author("AssumedRole", "lab", "run-42"),
    )  # fmt: skip
    assert shown.metadata(THERE, told) == [shown.Linked("plate", "7", "/search?q=meta.plate:7")]
    of_s3 = Now(state="there", metadata=(("plate", "8"),))
    assert [it.value for it in shown.metadata(of_s3, told)] == ["8"]
    assert [(it.name, it.value) for it in shown.tags(told)] == [("stage", HOSTILE), ("of", "1..2")]
    assert all(it.href.startswith("/search?q=tag.") and "<" not in it.href for it in shown.tags(told))
    species, odd, long = shown.columns(told)
    assert species.href == "/search?q=column:species" and odd.href and not long.href
    author = shown.author(told)
    assert author and (author.value, author.name) == ("lab", "AssumedRole, session run-42")
    assert shown.author(None) is None and shown.author(TOLD) is None


def test_a_digest_is_told_once_with_all_its_origins():
    same = [
        Checksum("SHA256", "ab", "computed"),
        Checksum("SHA256", "ab", "s3"),
        Checksum("CRC32", "x", "s3", "COMPOSITE"),
    ]
    assert shown.digests(same) == [
        shown.Digest("SHA256", "ab", "computed from its bytes and as S3 keeps it"),
        shown.Digest("CRC32", "x", "as S3 keeps it, of its parts' checksums"),
    ]


@pytest.mark.parametrize(
    ("content_from", "size", "said"),
    [
        ("utf-8 text", 5, "all of it"), ("utf-16 text, the first 65536 bytes", 99_999, "the first 64 KiB"),
        (None, 5, "none: only the first 64 KiB of text are: CSV, JSON, Markdown, code, notebooks and the like"),
        (None, 0, "none: it is empty"),
    ],
)  # fmt: skip
def test_how_much_of_a_file_is_searched_is_said(content_from, size, said):
    assert shown.searched(structs.replace(TOLD, content_from=content_from, size=size)) == said
    assert shown.searched(None) is None


def test_versions_tell_which_is_shown_and_what_is_a_marker():
    listed = ObjectVersions("lake", "a", tuple(
        ObjectVersion(version_id=it, modified="2026-01-01T00:00:00Z", latest=it == "m", delete_marker=it == "m")
        for it in ("m", "v2", "v1")
    ))  # fmt: skip
    of_now = shown.versions(listed, Now(state="deleted"), "")
    assert [(it.id, it.shown, it.marker) for it in of_now] == [
        ("m", True, True),
        ("v2", False, False),
        ("v1", False, False),
    ]
    older = shown.versions(listed, Now(state="there", version_id="v1"), "v1")
    assert [it.id for it in older if it.shown] == ["v1"] and older[2].href == links.object("lake", "a", "v1")


def test_packages_that_contain_it_are_shown_where_the_viewer_sees_their_registry():
    found = [
        Containing("lake", ["a/b", "c/d"], "f" * 64, "x.csv", "v2", True),
        Containing("lake", ["a/b"], "0" * 64, "x.csv", "v1", False),
        Containing("lake", [], "1" * 64, "x.csv", "v1", False),
        Containing("secret", ["a/b"], "f" * 64, "x.csv", "v2", True),
    ]
    told = shown.containers(found, {"lake"}, "v2")
    assert [(it.handle, it.latest, it.other_version) for it in told] == [
        ("a/b", True, False), ("c/d", True, False), ("a/b", False, True),
    ]  # fmt: skip
    assert told[0].href == "/p/lake/a/b" and told[2].href == "/p/lake/a/b/" + "0" * 64


def test_the_sparkline_shows_days_and_says_what_it_shows():
    today = date(2026, 3, 31)
    days = [Day("2026-01-01", 1, 1), Day("2026-03-30", 1, 1), Day("2026-03-31", 1000, 3), Day("2025-01-01", 5, 1)]
    made = sparkline(Readings(1002, 3, "2025-01-01", days, []), today)
    assert [bar.height for bar in made.bars] == [LEAST, LEAST, HIGH] and made.bars[0].x == 0
    assert all(bar.y + bar.height == HIGH and 0 <= bar.x < DAYS * 4 for bar in made.bars)
    assert "1,002 in all" in made.said and "2026-03-31: 1,000" in made.said
    assert sparkline(Readings(0, 0, "2026-01-01", [], []), today).bars == ()


@given(KEYS, st.none() | st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=10))
def test_snippets_are_what_a_shell_and_python_read_back(key, version):
    fetch, look = snippets.command_line("lake", key, version)
    assert shlex.split(look.text) == ["bucketdex", "show", f"s3://lake/{key}"]
    words = shlex.split(fetch.text)
    assert key in words if version else words[3] == f"s3://lake/{key}"
    tree = ast.parse(snippets.python("lake", key, version).text)
    texts = {it.value for it in ast.walk(tree) if isinstance(it, ast.Constant)}
    assert key in texts and (version is None or version in texts)
    searching = snippets.searching("lake", key)
    if searching:
        ast.parse(searching.text)


@pytest.mark.parametrize(
    ("key", "call"),
    [
        ("a.csv", "pandas.read_csv(io.BytesIO(data))"),
        ("a.TSV.gz", 'pandas.read_csv(io.BytesIO(data), sep="\\t", compression="gzip")'),
        ("a.parquet", "pandas.read_parquet(io.BytesIO(data))"),
        ("a.parquet.gz", None),
        ("a.bin", None),
    ],
)
def test_tables_are_read_with_pandas(key, call):
    text = snippets.python("lake", key).text
    assert (call in text) if call else "pandas" not in text


@given(KEYS)
def test_a_narrowed_search_is_one_that_can_be_asked(value):
    query = snippets.narrowed("tag", value, "stage", "lake")
    assert query is None or parse(query)


@pytest.mark.parametrize(
    ("target", "image", "address"),
    [
        ("b.csv", False, "/b/lake/object/docs/b.csv"),
        ("../b%20c.png?x#y", True, "/raw/lake/b%20c.png"),
        ("/top.md", False, "/b/lake/object/top.md"),
        ("plates/", False, "/b/lake/tree/docs/plates/"),
        ("../../../etc", False, None),
        ("s3://other/x", False, None),
        ("javascript:alert(1)", False, None),
        ("..", False, None),
    ],
)
def test_relative_links_of_a_file_lead_to_its_neighbours(target, image, address):
    assert relative("lake", "docs/readme.md")(target, image) == address


def test_a_key_is_called_by_its_last_part():
    assert [title(it) for it in ("a/b.csv", "a/b/", "/", "b")] == ["b.csv", "b/", "/", "b"]
