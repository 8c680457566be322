"""`hit.open()`: a file of one state of an object, read by ranges."""

import io
import random
from typing import Any

import pandas
import pyarrow
import pyarrow.parquet
import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from bucketdex import AbsentError, MovedError, PackageError
from bucketdex.client.opening import FIRST_BYTES, MOST_BYTES, opened
from bucketdex.manifest.layout import Physical

NAMED = Physical("lab", "a b.csv")


class S3:
    """As much of S3 as reading takes: one object, that another may replace."""

    def __init__(self, body: bytes, version: str | None = None) -> None:
        self.body, self.version, self.etag = body, version, '"e1"'
        self.asked: list[dict[str, str]] = []

    def head_object(self, **asked: str) -> dict[str, Any]:
        self.asked.append(asked)
        if asked["Key"] != NAMED.key:
            raise error("404", 404)
        return {"ContentLength": len(self.body), "ETag": self.etag} | self._version()

    def get_object(self, **asked: str) -> dict[str, Any]:
        self.asked.append(asked)
        if asked.get("IfMatch", self.etag) != self.etag:
            raise error("PreconditionFailed", 412)
        first, last = map(int, asked["Range"].removeprefix("bytes=").split("-"))
        assert last < len(self.body)
        span = f"bytes {first}-{last}/{len(self.body)}"
        found = self.body[first : last + 1]
        return {"Body": io.BytesIO(found), "ETag": self.etag, "ContentRange": span} | self._version()

    def _version(self) -> dict[str, str]:
        return {"VersionId": self.version} if self.version else {}

    @property
    def ranges(self) -> list[tuple[int, int]]:
        spans = [it["Range"].removeprefix("bytes=").split("-") for it in self.asked if "Range" in it]
        return [(int(first), int(last) - int(first) + 1) for first, last in spans]


def error(code: str, status: int) -> ClientError:
    told: Any = {"Error": {"Code": code, "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(told, "GetObject")


def file_of(s3: S3, named: Physical = NAMED) -> io.BufferedReader:
    client: Any = s3
    return opened(client, named)


def test_tables_are_read_from_it():
    frame = pandas.DataFrame({"a": range(1000), "b": [str(it) for it in range(1000)]})
    as_csv = frame.to_csv(index=False).encode()
    assert pandas.read_csv(file_of(S3(as_csv)), dtype={"b": str}).equals(frame.astype({"b": str}))
    out = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(frame.to_dict("list")), out)
    assert pyarrow.parquet.read_table(file_of(S3(out.getvalue())))["a"].to_pylist() == list(range(1000))


def test_read_from_front_to_back_it_takes_few_requests_and_a_look_at_the_end_is_small():
    s3 = S3(random.Random(1).randbytes(30_000_000))
    with file_of(s3) as file:
        assert s3.ranges == [], "nothing is read before it is asked for"
        pieces = iter(lambda: file.read(65536), b"")
        assert b"".join(pieces) == s3.body
    lengths = [length for _, length in s3.ranges]
    assert lengths[:3] == [FIRST_BYTES, 2 * FIRST_BYTES, 4 * FIRST_BYTES] and max(lengths) == MOST_BYTES
    assert len(lengths) < 10 and sum(lengths) == len(s3.body)
    s3.asked.clear()
    with file_of(s3) as file:
        file.seek(-8, io.SEEK_END)
        assert file.read() == s3.body[-8:] and s3.ranges == [(len(s3.body) - 8, 8)]


@given(
    st.binary(max_size=2000),
    st.lists(st.tuples(st.sampled_from([0, 1, 2]), st.integers(-50, 2500), st.integers(-1, 900))),
)
def test_it_reads_as_a_file_on_disk_does(body, steps):
    file, model = file_of(S3(body)), io.BytesIO(body)
    for whence, offset, length in steps:
        if {0: 0, 1: model.tell(), 2: len(body)}[whence] + offset >= 0:
            assert file.seek(offset, whence) == model.seek(offset, whence)
        assert file.read(length) == model.read(length) and file.tell() == model.tell()


def test_a_version_is_asked_for_by_its_id_and_else_by_its_etag():
    s3 = S3(b"abc", "v1")
    assert file_of(s3, Physical("lab", NAMED.key, "v1")).read() == b"abc"
    assert [it.get("VersionId") for it in s3.asked] == ["v1", "v1"] and "IfMatch" not in s3.asked[1]
    s3 = S3(b"abc")
    assert file_of(s3).read() == b"abc" and s3.asked[1]["IfMatch"] == '"e1"' and "VersionId" not in s3.asked[1]


def test_what_is_replaced_while_it_is_read_is_not_mixed():
    s3 = S3(bytes(2 * FIRST_BYTES))
    file = file_of(s3)
    file.read(10)
    s3.etag = '"e2"'
    with pytest.raises(MovedError, match="was changed while it was read: open it again"):
        file.read()


def test_what_is_gone_or_forbidden_is_told():
    with pytest.raises(AbsentError, match="there is no s3://lab/other any more"):
        file_of(S3(b""), Physical("lab", "other"))
    s3 = S3(b"abc")
    file = file_of(s3)
    s3.get_object = lambda **_: (_ for _ in ()).throw(error("AccessDenied", 403))  # type: ignore[method-assign]
    with pytest.raises(PackageError, match="may not"):
        file.read()


def test_it_says_what_it_is_and_ends_as_files_do():
    file = file_of(S3(b"abc", "v1"))
    assert file.raw.name == "s3://lab/a%20b.csv?versionId=v1" and "3 bytes" in repr(file.raw)
    assert file.readable() and file.seekable() and not file.writable()
    file.close()
    with pytest.raises(ValueError, match="closed"):
        file.read()
