"""What pushes and installs are made of: the journal, the crew, the parts, the names, the shortest way to S3."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketdex.aws.quick_http import Answer, Connections
from bucketdex.hashing import algorithms
from bucketdex.manifest import Hash
from bucketdex.registry.concurrently import each
from bucketdex.registry.errors import PackageError
from bucketdex.registry.fetching import names
from bucketdex.registry.parts import do_parts
from bucketdex.registry.progress import Meter, Progress
from bucketdex.registry.pushing import journal
from bucketdex.registry.pushing.journal import Begun, Journal, Landed, Meant, Parts


class Interruption(BaseException):
    pass


# The crew


def test_each_item_is_worked_on_once():
    done: list[int] = []
    each(done.append, range(1000), 8)
    assert sorted(done) == list(range(1000))
    each(done.append, [], 0)


@pytest.mark.parametrize("error", [ValueError, Interruption])
def test_after_a_failure_nothing_more_is_begun(error):
    done: list[int] = []

    def work(number: int) -> None:
        if number == 10:
            raise error
        done.append(number)

    with pytest.raises(error):
        each(work, iter(range(100_000)), 4)
    assert len(done) < 1000


def test_items_that_cannot_be_made_fail_as_work_does():
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        each(lambda _: None, items(), 4)


# Parts


class File:
    def __init__(self, size: int, wanted: bool = True) -> None:
        self.size, self.wanted = size, wanted
        self.parts: list[tuple[int, int, int]] = []
        self.digests: list[bytes] = []

    def begin(self) -> bool:
        return self.wanted

    def part(self, number: int, start: int, length: int) -> bytes:
        self.parts.append((number, start, length))
        return bytes([number])

    def finish(self, digests) -> None:
        self.digests = list(digests)


@given(sizes=st.lists(st.integers(1, 60), max_size=8))
def test_parts_cover_each_file_and_finish_it_in_order(sizes):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(algorithms, "FIRST_CHUNK_BYTES", 4)
        patch.setattr(algorithms, "MOST_CHUNKS", 5)
        files = [File(size) for size in sizes]
        do_parts([*files, File(50, wanted=False)])
        for file in files:
            spans = sorted(file.parts)
            assert [start for _, start, _ in spans] == [sum(it[2] for it in spans[:n]) for n in range(len(spans))]
            assert sum(length for *_, length in spans) == file.size and len(spans) <= 5
            assert file.digests == [bytes([number]) for number in range(len(spans))]


# The journal

BEGUN = Begun("s3://b", "a/b", 1.0, None)


def landed(key: str) -> Landed:
    return Landed(key, f"/{key}", 1, 2, Hash("t", "v"), f"s3://b/{key}")


def test_a_journal_says_what_landed_and_what_did_not(tmp_path: Path):
    path = tmp_path / "journals/one"
    kept = Journal(path)
    kept.begin(BEGUN, None, [Meant("a", 1), Meant("é", 2), Meant("c", 3)])
    kept.note(landed("a"))
    kept.note(Parts("c", "/c", 3, 4, "k", "upload"))
    kept.close()
    account = journal.read(path)
    assert account is not None and account.begun == BEGUN
    assert account.missing == ["é", "c"] and account.landed == {"a": landed("a")} and [*account.parts] == ["c"]
    again = Journal(path)
    again.begin(BEGUN, account, [Meant("é", 2), Meant("a", 1)])
    again.note(landed("é"))
    again.close()
    found = journal.read(path)
    assert found is not None and found.missing == [] and {*found.landed} == {"a", "é"} and [*found.parts] == ["c"]
    again.remove()
    assert journal.read(path) is None and not list(path.parent.iterdir())


@given(cut=st.integers(1, 400))
def test_a_journal_that_broke_off_says_nothing_that_is_not_true(tmp_path_factory, cut):
    path = tmp_path_factory.mktemp("journal") / "one"
    kept = Journal(path)
    kept.begin(BEGUN, None, [Meant(key, 1) for key in "abc"])
    for key in "abc":
        kept.note(landed(key))
    kept.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut] if cut < len(whole) else b"")
    account = journal.read(path)
    if account:
        assert all(account.landed[key] == landed(key) for key in account.landed)


# Names


@pytest.mark.parametrize(
    "key",
    [
        "../a", "a/../../b", "/etc/passwd", "a\0b", "a//b", "./a", "", "a/", "a\\b", "a:b", "con.txt", "x/NUL", "a.",
        "a /b", "a?", "a" * 256,
    ],
)  # fmt: skip
def test_names_that_lead_out_or_are_no_file_somewhere_are_refused_or_left_out(tmp_path: Path, key: str):
    with pytest.raises(PackageError, match="Nothing was fetched"):
        names.choose(["good", key], tmp_path, "portable")
    chosen = names.choose(["good", key], tmp_path, "skip")
    assert chosen.keys == ["good"] and [*chosen.left_out] == [key]


@pytest.mark.skipif(os.name == "nt", reason="there the names are what Windows takes")
def test_what_only_another_system_cannot_name_can_be_had_here(tmp_path: Path):
    assert names.choose(["a:b", "aux.h"], tmp_path, "here").keys == ["a:b", "aux.h"]
    with pytest.raises(PackageError):
        names.choose(["../a"], tmp_path, "here")


def test_names_that_are_one_where_case_is_not_told_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    keys = ["A/x", "a/x", "e\u0301", "\u00e9", "b"]
    chosen = names.choose(keys, tmp_path, "portable")
    assert chosen.alike == [["A/x", "a/x"], ["e\u0301", "\u00e9"]] and chosen.keys == keys
    monkeypatch.setattr(names, "_tells_case", lambda _: False)
    with pytest.raises(PackageError, match="does not tell case"):
        names.choose(keys, tmp_path, "portable")
    assert names.choose(keys, tmp_path, "skip").keys == ["A/x", "e\u0301", "b"]


# Progress


def test_progress_is_told_at_its_end():
    told: list[Progress] = []
    meter = Meter(told.append, "upload", 100, 100)
    for _ in range(100):
        meter.add(1, 1)
    assert told[-1] == Progress("upload", 100, 100, 100, 100) and len(told) < 100


# The shortest way


class Session:
    """As much of botocore's session as a connection needs."""

    _verify = True

    def __init__(self, open_: Callable[[], socket.socket], proxy: str | None = None) -> None:
        self._open, self._proxy = open_, proxy
        self._proxy_config = self._manager = self
        self.timeout = self
        self.read_timeout = 5.0
        self.opened = 0

    def proxy_url_for(self, _: str) -> str | None:
        return self._proxy

    def connection_from_url(self, _: str) -> "Session":
        return self

    def _setup_ssl_cert(self, *_: object) -> None:
        pass

    def _new_conn(self) -> "Session":
        return self

    def connect(self) -> None:
        self.opened += 1
        self.sock: socket.socket | None = self._open()


def serving(*answers: bytes) -> tuple[Connections, Session]:
    """Return connections to a server that answers each request with the next answer; an empty one hangs up."""
    left = list(answers)

    def serve(there: socket.socket) -> None:
        with there:
            while left and there.recv(65536):
                answer = left.pop(0)
                for start in range(0, len(answer), 7):
                    there.sendall(answer[start : start + 7])
                if not answer or b"hang" in answer:
                    return

    def open_() -> socket.socket:
        here, there = socket.socketpair()
        threading.Thread(target=serve, args=(there,), daemon=True).start()
        return here

    session = Session(open_)
    return Connections(session), session


PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-Amz-Version-Id: v\r\n\r\nabc"


def test_an_answer_is_read_whole_and_its_connection_serves_again():
    connections, session = serving(PLAIN, PLAIN.replace(b"200 OK", b"404 Not Found"), PLAIN)
    first = connections.exchange("http://s3/b", b"GET")
    assert first == Answer(200, {"content-length": "3", "x-amz-version-id": "v"}, b"abc")
    second = connections.exchange("http://s3/b", b"GET")
    assert second is not None and second.status == 404
    assert connections.exchange("http://s3/b", b"PUT", b"x" * 100) is not None
    assert session.opened == 1


def test_a_connection_that_was_closed_meanwhile_is_replaced():
    connections, session = serving(PLAIN, b"", PLAIN)
    assert connections.exchange("http://s3/b", b"GET") is not None
    assert connections.exchange("http://s3/b", b"GET") is not None
    assert session.opened == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhang",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"nonsense hang\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Len hang",
    ],
)
def test_what_is_not_plain_is_left_to_boto3(answer):
    connections, _ = serving(answer, answer)
    assert connections.exchange("http://s3/b", b"GET") is None


def test_a_connection_that_says_so_is_not_used_again():
    connections, session = serving(PLAIN.replace(b"X-Amz-Version-Id: v", b"Connection: close"), PLAIN)
    assert connections.exchange("http://s3/b", b"GET") is not None
    connections.exchange("http://s3/b", b"GET")
    assert session.opened == 2


def test_through_a_proxy_boto3_goes():
    assert Connections(Session(socket.socket, "http://proxy")).exchange("http://s3/b", b"GET") is None
    assert Connections(None).exchange("http://s3/b", b"GET") is None
