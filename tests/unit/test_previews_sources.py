"""Where previews read: one version, ranges only, within the budget; refusals of S3 are told in words."""

import io
import re
import threading
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from hypothesis import given
from hypothesis import strategies as st

import preview_files as files
from bucketdex.catalog.previews import BytesSource, bounds, preview, preview_of, text_of
from bucketdex.catalog.previews.computing import OutOfTimeError, within
from bucketdex.catalog.previews.errors import CannotReadError, SpentError
from bucketdex.catalog.previews.files import RangedFile
from bucketdex.catalog.previews.sources import Metered, S3Source


class Store:
    """S3 as far as `GetObject` of ranges goes, with what it was asked."""

    def __init__(self, content: bytes, version: str | None = "v1", code: str = "", content_type: str = "") -> None:
        self.content, self.version, self.code, self.content_type = content, version, code, content_type
        self.asked: list[dict[str, str]] = []

    def get_object(self, **asked: str) -> dict[str, Any]:
        self.asked.append(asked)
        if self.code == "silence":
            raise ReadTimeoutError(endpoint_url="s3")
        if self.code:
            status = {"NoSuchKey": 404, "SlowDown": 503}.get(self.code, 403)
            raise ClientError(
                {"Error": {"Code": self.code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "GetObject"
            )
        first, last = map(int, asked["Range"].removeprefix("bytes=").split("-"))
        if first >= len(self.content):
            raise ClientError(
                {"Error": {"Code": "InvalidRange"}, "ResponseMetadata": {"HTTPStatusCode": 416}}, "GetObject"
            )
        part = self.content[first : last + 1]
        answer = {
            "Body": io.BytesIO(part),
            "ContentLength": len(part),
            "ETag": '"e1"',
            "ContentType": self.content_type,
        }
        answer["ContentRange"] = f"bytes {first}-{first + len(part) - 1}/{len(self.content)}"
        return answer | ({"VersionId": self.version} if self.version else {})


def test_all_ranges_are_of_the_version_that_the_first_showed() -> None:
    store = Store(bytes(300_000))
    source = S3Source(store, "b", "k")
    assert source.read(200_000, 10) == bytes(10)
    assert [it.get("VersionId") for it in store.asked] == [None, "v1"]
    store = Store(bytes(300_000), version="null")
    S3Source(store, "b", "k").read(200_000, 10)
    assert [it.get("IfMatch") for it in store.asked] == [None, '"e1"']
    store = Store(b"abc")
    S3Source(store, "b", "k", etag="e0")
    assert store.asked[0]["IfMatch"] == '"e0"'


def test_a_small_file_is_one_request() -> None:
    store = Store(b"a,b\n1,2\n")
    assert preview_of(store, "b", "folder/a.csv").kind == "table"
    assert len(store.asked) == 1


def test_a_large_text_is_read_by_its_head() -> None:
    store = Store(b"abc\n" * 1_000_000)
    assert preview_of(store, "b", "a.txt").kind == "text"
    assert [it["Range"] for it in store.asked] == ["bytes=0-65535", "bytes=65536-262143"]


def test_a_large_zip_is_read_by_its_end() -> None:
    content = files.zipped(["a.bin"], bytes(range(256)) * 4000)
    store = Store(bytes(0) + content[:4] + bytes(3_000_000) + content[4:])
    assert preview_of(store, "b", "a.zip").kind == "archive"
    assert (
        sum(int(it["Range"].split("-")[1]) - int(it["Range"].split("=")[1].split("-")[0]) + 1 for it in store.asked)
        < 200_000
    )


def test_the_name_of_an_entry_tells_more_than_its_key() -> None:
    store = Store(b"# Hello", content_type="text/plain")
    assert preview_of(store, "b", "objects/4f2a", name="README.md").kind == "markdown"
    assert preview_of(Store(b"a,b\n1,2", content_type="text/csv"), "b", "objects/4f2a").kind == "table"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("InvalidObjectState", "it is archived"),
        ("AccessDenied", "access denied"),
        ("KMS.DisabledException", "cannot be decrypted"),
        ("NoSuchKey", "not there any more"),
        ("PreconditionFailed", "changed meanwhile"),
        ("SlowDown", "try again later"),
        ("silence", "did not answer"),
        ("Unheard", "(Unheard)"),
    ],
)
def test_a_refusal_is_told_in_words(code: str, said: str) -> None:
    made = preview_of(Store(b"abc", code=code), "b", "a.txt")
    assert made.kind == "none" and said in made.reason
    with pytest.raises(CannotReadError, match=re.escape(said)):
        text_of(Store(b"abc", code=code), "b", "a.txt")


def test_an_empty_object_is_said_to_be_empty() -> None:
    assert preview_of(Store(b""), "b", "a.txt").reason == "This file is empty."


def test_text_of_small_files_is_given_as_it_is() -> None:
    assert text_of(Store(b"[1]"), "b", "quilt_summarize.json") == "[1]"
    assert text_of(Store(b""), "b", "a") == ""


def test_budget_reads_and_time_are_bounded() -> None:
    now = [0.0]
    source = Metered(BytesSource(bytes(1000)), budget=500, seconds=6, clock=lambda: now[0])
    assert len(source.read(0, 400)) == 400
    with pytest.raises(SpentError, match="at most 8 MiB"):
        source.read(0, 101)
    now[0] = 6.0
    with pytest.raises(SpentError, match="6 seconds"):
        source.read(0, 1)
    source = Metered(BytesSource(bytes(1000)))
    for _ in range(bounds.MOST_READS):
        source.read(0, 1)
    with pytest.raises(SpentError, match="64 parts"):
        source.read(0, 1)


def test_a_budget_that_is_spent_is_a_reason() -> None:
    content = files.zipped(f"{at}" for at in range(20_000))
    made = preview(Metered(BytesSource(content), budget=100_000), "a.zip")
    assert made.kind == "none" and "8 MiB" in made.reason


@given(
    st.binary(max_size=400),
    st.lists(st.tuples(st.integers(0, 450), st.integers(-1, 450)), max_size=8),
    st.integers(1, 70),
)
def test_a_ranged_file_reads_what_a_file_reads(content: bytes, reads: list[tuple[int, int]], block: int) -> None:
    ranged, file = RangedFile(BytesSource(content), block), io.BytesIO(content)
    for at, length in reads:
        assert (ranged.seek(at), ranged.read(length), ranged.tell()) == (file.seek(at), file.read(length), file.tell())
    assert ranged.seek(-1, io.SEEK_END) == len(content) - 1 if content else True


def test_a_file_that_is_shorter_than_it_was_cannot_be_read() -> None:
    source = BytesSource(b"abc")
    source.size = 10
    with pytest.raises(CannotReadError):
        RangedFile(source).read(5)


def for_ever() -> None:
    while True:
        pass


def test_computing_is_ended_in_the_main_thread_and_left_alone_elsewhere() -> None:
    with pytest.raises(OutOfTimeError), within(0.02):
        for_ever()
    with within(0.02), within(30):  # the outer bound holds
        pass
    done: list[int] = []

    def work() -> None:
        with within(0.001):
            done.append(sum(range(100_000)))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done
