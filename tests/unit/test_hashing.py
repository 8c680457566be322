"""Hashes of bytes, of files and of streams are one, and those of the reference client."""

import base64
import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketdex.hashing import (
    CHUNKED,
    CRC64NVME,
    SHA256,
    ChangedError,
    Running,
    algorithms,
    chunk_bytes,
    chunk_count,
    chunked,
    combined,
    digest_of,
    files,
    from_sha256,
    hash_file,
    hash_files,
    is_verifiable,
)

MIB = 1024 * 1024
GIB = 1024 * MIB
SIZES = [0, 1, 8 * MIB, 8 * MIB * 10_000, 8 * MIB * 10_000 + 1, 160 * GIB, 5000 * GIB, 16 * MIB * 10_000, 16 * MIB * 10_000 + 1]  # fmt: skip # noqa: E501


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of 4 bytes, at most 5 of them, so that every border is near."""
    monkeypatch.setattr(algorithms, "FIRST_CHUNK_BYTES", 4)
    monkeypatch.setattr(algorithms, "MOST_CHUNKS", 5)
    monkeypatch.setattr(files, "SMALL_BYTES", 3)
    monkeypatch.setattr(files, "PIECE_BYTES", 3)


def test_an_empty_file_is_the_hash_of_nothing_and_one_chunk_is_hashed_twice():
    once = hashlib.sha256(b"a").digest()
    assert chunked(b"") == base64.b64encode(hashlib.sha256(b"").digest()).decode()
    assert chunked(b"a") == base64.b64encode(hashlib.sha256(once).digest()).decode()
    assert from_sha256(once, 1) == chunked(b"a") and from_sha256(hashlib.sha256(b"").digest(), 0) == chunked(b"")
    assert from_sha256(once, 8 * MIB + 1) is None


def test_there_are_never_more_than_ten_thousand_chunks():
    for size in SIZES:
        assert chunk_count(size) <= 10_000
        assert size <= chunk_bytes(size) * 10_000
        assert chunk_bytes(size) == 8 * MIB or size > chunk_bytes(size) // 2 * 10_000


@pytest.mark.usefixtures("small_chunks")
def test_bytes_files_and_streams_have_one_hash_whatever_their_length(tmp_path):
    listed = []
    for size in range(50):
        path = tmp_path / str(size)
        path.write_bytes(bytes(range(size)))
        listed.append((path, size))
    done: list[int] = []
    values = hash_files(listed, progress=done.append)
    assert sum(done) == sum(range(50))
    for (path, size), value in zip(listed, values, strict=True):
        data = path.read_bytes()
        length = chunk_bytes(size)
        by_hand = combined(hashlib.sha256(data[at : at + length]).digest() for at in range(0, size, length))
        assert value == chunked(data) == hash_file(path) == by_hand
        assert hash_file(path, SHA256) == hashlib.sha256(data).hexdigest()


@given(pieces=st.lists(st.binary(max_size=20), max_size=12), type_=st.sampled_from([SHA256, CHUNKED]))
def test_a_hash_does_not_depend_on_the_pieces(pieces: list[bytes], type_: str):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(algorithms, "FIRST_CHUNK_BYTES", 4)
        patch.setattr(algorithms, "MOST_CHUNKS", 5)
        data = b"".join(pieces)
        running = Running(type_, len(data))
        for piece in pieces:
            running.update(piece)
        assert running.value() == digest_of(type_, data)


def test_unknown_types_cannot_be_verified():
    assert is_verifiable(SHA256) and is_verifiable(CHUNKED)
    assert not is_verifiable("md5")


@pytest.mark.skipif(not is_verifiable(CRC64NVME), reason="awscrt is not installed, which is no dependency")
def test_s3s_own_checksum():
    running = Running(CRC64NVME, 9)
    running.update(b"1234")
    running.update(b"56789")
    assert running.value() == digest_of(CRC64NVME, b"123456789") == "rosUhgp5mIg="


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("size", [2, 30])
def test_a_file_that_changes_while_it_is_hashed_is_told(tmp_path: Path, size: int):
    path = tmp_path / "grows"
    path.write_bytes(b"x" * (size + 1))
    with pytest.raises(ChangedError, match="grows"):
        hash_files([(path, size)])
    path.write_bytes(b"x" * (size - 1))
    with pytest.raises(ChangedError, match="grows"):
        hash_files([(path, size)])


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        hash_files([(tmp_path / "none", 3)])
