"""Loading a manifest's entries: who cannot go on lets go of the manifest, so that the next one need not wait."""

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

import packages
from bucketdex.errors import Transient
from bucketdex.packages import loading
from bucketdex.packages.document import EntryState, PackageDocument
from bucketdex.packages.files import RefusedError
from bucketdex.packages.loading import Work, carry_out

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def written(monkeypatch) -> list[PackageDocument]:
    """All that the manifest's document was; how many there are is its lock."""
    documents: list[PackageDocument] = []

    def write(edges, identity, writes):
        [it] = writes
        if it.lock != len(documents):
            return None
        documents.append(it.document)
        return [len(documents)]

    def read(edges, indexes, identities):
        return {(indexes[0], identities[0]): SimpleNamespace(lock=len(documents))}

    monkeypatch.setattr(loading, "write", write)
    monkeypatch.setattr(loading, "read", read)
    monkeypatch.setattr(loading, "_put", lambda *_: 0)
    monkeypatch.setattr(loading, "REQUEST_BYTES", 1)  # each entry has a request of its own
    return documents


@pytest.mark.parametrize("passing", [timedelta(), loading.SIGN], ids=["before a sign", "after signs"])
@pytest.mark.parametrize("failure", [Transient("S3 broke off"), RefusedError("S3 refuses to read it")])
def test_who_fails_lets_go_of_the_manifest(written, failure, passing):
    _top_hash, content = packages.manifest([packages.entry("b", key) for key in "abcd"])
    clock = iter(NOW + number * (passing + timedelta(seconds=1)) for number in range(100))

    def pieces(offset):
        yield content
        raise failure

    edges = SimpleNamespace(
        now=lambda: next(clock), remaining=lambda: 300.0, ahead=lambda items: items, check=lambda: None
    )
    document = PackageDocument("b", "k", "manifest", NOW, entry_state=EntryState("loading", 1, since=NOW))
    work = Work(edges, "id", "index", document, 0, SimpleNamespace(pieces=pieces))
    with pytest.raises(Transient, match="broke off") if isinstance(failure, Transient) else nullcontext():
        carry_out(work)
    last = written[-1]
    assert last.entry_state.state == "loading" and last.entry_state.since is None
    assert (last.entry_state.loaded > 0) == (len(written) > 1) == bool(passing)
    assert last.problem == (str(failure) if isinstance(failure, RefusedError) else None)
