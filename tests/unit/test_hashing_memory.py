"""What is fetched to be digested takes bounded memory, and what fails first ends it."""

import threading
import time

import pytest

from bucketdex.hashing import CHUNKED, SHA256, algorithms, digest


class Trouble(Exception):
    pass


@pytest.mark.parametrize("slow", ["fetch", "each"])
@pytest.mark.parametrize("chunk", [1, 8])
def test_never_more_pieces_are_in_memory_than_are_permitted(monkeypatch: pytest.MonkeyPatch, slow: str, chunk: int):
    monkeypatch.setattr(algorithms, "FIRST_CHUNK_BYTES", chunk)
    lock, alive, most = threading.RLock(), 0, 0

    class Piece(bytearray):
        def __init__(self, length: int) -> None:
            nonlocal alive, most
            super().__init__(length)
            with lock:
                alive += 1
                most = max(most, alive)

        def __del__(self) -> None:
            nonlocal alive
            with lock:
                alive -= 1

    def fetch(start: int, length: int) -> Piece:
        time.sleep(0.002 if slow == "fetch" and start % 7 == 0 else 0)
        return Piece(length)

    def each(_: int) -> None:
        time.sleep(0.001 if slow == "each" else 0)

    digest(fetch, 0, 100, size=100, types={SHA256, CHUNKED}, threads=8, ahead=3, each=each, piece_bytes=1)
    assert 1 < most <= 3 and alive == 0


def test_no_fetch_begins_after_an_error():
    begun = []

    def fetch(start: int, length: int) -> bytes:
        begun.append(start)
        if start == 3:
            raise Trouble("of byte 3")
        return bytes(length)

    with pytest.raises(Trouble, match="of byte 3"):
        digest(fetch, 0, 100, size=100, types={SHA256}, threads=1, ahead=10, piece_bytes=1)
    assert begun == [0, 1, 2, 3]


def test_the_first_error_comes_out_although_an_earlier_piece_comes_later():
    failed = threading.Event()

    def fetch(start: int, length: int) -> bytes:
        if start == 1:
            failed.set()
            raise Trouble("of byte 1")
        if start == 0:
            failed.wait()
        return bytes(length)

    with pytest.raises(Trouble, match="of byte 1"):
        digest(fetch, 0, 8, size=8, types={SHA256, CHUNKED}, threads=2, ahead=4, piece_bytes=1)


@pytest.mark.parametrize("came", [0, 4, 6])
def test_a_piece_of_another_length_is_never_digested(came: int):
    with pytest.raises(ValueError, match=f"{came} bytes came from byte 0 on, where 5 were asked for"):
        digest(lambda *_: bytes(came), 0, 5, size=5, types={SHA256})
