"""Digests of bytes that are fetched piece by piece: right on every border, bounded, and quick to end."""

import hashlib
import threading
import zlib
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bucketdex.hashing import (
    CHUNKED,
    CRC32,
    CRC32C,
    CRC64NVME,
    SHA1,
    SHA256,
    STOP,
    ChangedError,
    algorithms,
    chunk_bytes,
    digest,
    files,
    hash_file,
    hash_open,
)

DATA = hashlib.shake_128(b"streaming").digest(4_000)
ALL = (SHA256, CHUNKED, CRC64NVME, CRC32, CRC32C, SHA1)


@pytest.fixture(autouse=True, scope="module")
def short() -> Any:
    """Chunks of 64 bytes, of which there may be ten before they double."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(algorithms, "FIRST_CHUNK_BYTES", 64)
        patch.setattr(algorithms, "MOST_CHUNKS", 10)
        yield


def reference(data: bytes) -> dict[str, str]:
    """The hashes by their definitions, without the code under test."""
    length = 64
    while length * 10 < len(data):
        length *= 2
    chunks = [data[start : start + length] for start in range(0, len(data), length)]
    digests = b"".join(hashlib.sha256(chunk).digest() for chunk in chunks)
    return {
        SHA256: hashlib.sha256(data).hexdigest(),
        CHUNKED: b64encode(hashlib.sha256(digests).digest()).decode(),
        CRC32: b64encode(zlib.crc32(data).to_bytes(4, "big")).decode(),
        SHA1: b64encode(hashlib.sha1(data).digest()).decode(),
    }


def of(data: bytes, **more: Any) -> Any:
    view = memoryview(data)
    given = {"start": 0, "end": len(data), "size": len(data), "types": ALL, "piece_bytes": 64} | more
    return digest(lambda start, length: view[start : start + length], **given)


@settings(max_examples=60, deadline=None)
@given(
    st.one_of(st.integers(0, len(DATA)), st.sampled_from([0, 1, 63, 64, 65, 127, 128, 129, 639, 640, 641, 1280, 1281])),
    st.sampled_from([16, 40, 64, 100, 1000]),
    st.integers(1, 4),
    st.integers(1, 6),
)
def test_the_digests_are_those_of_the_bytes(size, piece_bytes, threads, ahead):
    found = of(DATA[:size], piece_bytes=piece_bytes, threads=threads, ahead=ahead).values
    assert {type_: found[type_] for type_ in reference(b"")} == reference(DATA[:size])


def test_crcs_are_those_that_the_world_knows():
    found = of(b"123456789").values  # the check values of the catalogue of CRC algorithms
    assert found[CRC64NVME] == b64encode(0xAE8B14860A799888.to_bytes(8, "big")).decode()
    assert found[CRC32C] == b64encode(0xE3069283.to_bytes(4, "big")).decode()


@settings(max_examples=30, deadline=None)
@given(st.integers(1, len(DATA)), st.data())
def test_ranges_of_whole_chunks_have_the_digests_of_their_chunks(size, data):
    length = chunk_bytes(size)
    cut = data.draw(st.integers(0, size // length)) * length
    whole = of(DATA[:size], types=(CHUNKED,)).chunks
    parts = of(DATA[:size], end=cut, types=(CHUNKED,)), of(DATA[:size], start=cut, types=(CHUNKED,))
    assert parts[0].chunks + parts[1].chunks == whole
    assert not parts[0].values or cut == size


@pytest.mark.parametrize("part", [{"start": 1}, {"end": 65}, {"start": 64, "end": 1}, {"end": 999}])
def test_a_part_that_does_not_begin_and_end_on_borders_is_refused(part):
    with pytest.raises(ValueError, match="borders"):
        of(DATA[:200], **part)


def test_a_type_that_cannot_be_computed_is_named():
    with pytest.raises(ValueError, match="MD17"):
        of(b"x", types=("MD17",))


def test_at_most_so_many_pieces_are_fetched_ahead():
    fetched: list[int] = []
    most: list[int] = []

    def fetch(start: int, length: int) -> bytes:
        fetched.append(start)
        return DATA[start : start + length]

    def each(done: int) -> None:
        most.append(len(fetched) - done // 64)

    digest(fetch, 0, 640, size=640, types=(CHUNKED,), threads=4, ahead=3, each=each, piece_bytes=64)
    assert max(most) <= 3


@pytest.mark.parametrize("kind", ["fetch", "short", "each"])
def test_an_error_comes_out_and_no_thread_is_left(kind):
    fetched: list[int] = []

    def fetch(start: int, length: int) -> bytes:
        fetched.append(start)
        if kind == "fetch" and start == 128:
            raise OSError("broken off")
        return DATA[start : start + length - (kind == "short" and start == 128)]

    def each(done: int) -> None:
        if kind == "each" and done == 192:
            raise OSError("broken off")

    with pytest.raises(ValueError if kind == "short" else OSError, match=r"63 bytes came|broken off"):
        digest(fetch, 0, 3968, size=3968, types=ALL, threads=2, ahead=3, each=each, piece_bytes=64)
    assert len(fetched) < 12
    assert not [it.name for it in threading.enumerate() if it.name.startswith("digest")]


def test_who_is_told_can_stop_and_gets_the_chunks_that_are_done():
    whole = of(DATA[:640], types=(CHUNKED,)).chunks
    found = of(DATA[:640], each=lambda done: STOP if done >= 200 else None)
    assert found.values == {} and 3 <= len(found.chunks) < 10
    assert found.chunks == whole[: len(found.chunks)]


def test_to_stop_at_the_end_is_no_stop():
    assert (
        of(DATA[:640], each=lambda done: STOP if done >= 640 else None).values[SHA256] == reference(DATA[:640])[SHA256]
    )


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "SMALL_BYTES", 100)
    monkeypatch.setattr(files, "STEP_BYTES", 32)
    path = tmp_path / "file"
    path.write_bytes(DATA)
    return path


@pytest.mark.parametrize("type_", ALL)
def test_a_file_is_read_ahead(file, type_):
    told: list[int] = []
    assert hash_file(file, type_, told.append) == of(DATA).values[type_]
    assert sum(told) == len(DATA)


@pytest.mark.parametrize("by", [-1, 1, -len(DATA)])
def test_a_file_that_changes_while_it_is_read_is_told(file, by):
    with file.open("rb", buffering=0) as opened:

        def change(_: int) -> None:
            with file.open("r+b") as other:
                other.truncate(len(DATA) + by)

        with pytest.raises(ChangedError):
            hash_open(opened, ALL, change)
