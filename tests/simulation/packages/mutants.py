"""Mutants of how packages are indexed: of who tells whom, of states and epochs, of checkpoints."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any

import msgspec

from bucketdex.changes import batch
from bucketdex.control.table import View
from bucketdex.index import versioned
from bucketdex.index.requests import post
from bucketdex.packages import document, loading, manifests, naming, pointers
from simulation.replacing import replaced


def manifests_that_latest_left_not_told() -> AbstractContextManager[None]:
    """Only the manifest that it points to now is told."""
    return replaced(pointers, "_left", lambda _: lambda *_: ())


def left_forgotten_before_told() -> AbstractContextManager[None]:
    """The document forgets whom to tell, and then they are told."""

    def tell(_: Any) -> Any:
        def forgetful(edges: Any, where: Any, identity: str, writes: Sequence[Any], locks: Any) -> None:
            told = [
                pointers.Write(it.index, msgspec.structs.replace(it.document, left=()), lock)
                for it, lock in zip(writes, locks, strict=True)
            ]
            if pointers.write(edges, identity, told):
                edges.hint(where[0], map(pointers.manifest_key, writes[0].document.left), "latest left it")

        return forgetful

    return replaced(pointers, "_tell", tell)


def pointer_does_not_look_at_its_manifest_afterwards() -> AbstractContextManager[None]:
    """What the manifest's document said before this was written is believed."""
    return replaced(pointers, "_other_side", lambda _: lambda *_: True)


@contextmanager
def manifest_does_not_look_at_its_pointers_afterwards() -> Iterator[None]:
    """Which pointers name it is asked before its document is written, and not again."""
    looking: list[bool] = []

    def look(original: Any) -> Any:
        def noting(*arguments: Any) -> Any:
            looking.append(True)
            try:
                return original(*arguments)
            finally:
                looking.pop()

        return noting

    def asked(original: Any) -> Any:
        def before(edges: Any, indexes: Any, bucket: str, top_hash: str) -> Any:
            known = edges.opensearch.__dict__.setdefault("known", {})
            if looking or (bucket, top_hash) not in known:
                known[bucket, top_hash] = original(edges, indexes, bucket, top_hash)
            return known[bucket, top_hash]

        return before

    with replaced(manifests, "_look", look), replaced(naming, "pointers", asked):
        yield


def pointers_not_told_of_their_manifest() -> AbstractContextManager[None]:
    """What they copied stays as it is."""
    return replaced(manifests, "_tell", lambda _: lambda *_: None)


def problem_of_the_manifest_not_compared() -> AbstractContextManager[None]:
    """A pointer agrees with its manifest whatever problem that has, or has no more."""
    return replaced(document, "_same_problem", lambda _: lambda *_: True)


def search_without_refresh() -> AbstractContextManager[None]:
    """A search is believed to find all that was written."""
    return replaced(naming._Refreshes, "refresh", lambda _: lambda *_: None)


class _Early:
    """A control table of which the setting is read once."""

    def __init__(self, control: Any, buckets: Any) -> None:
        self._control, self._buckets = control, buckets

    def view(self, *asked: Any) -> View:
        now = self._control.view(*asked)
        return View(self._buckets, now.generations)


def setting_read_before_the_documents() -> AbstractContextManager[None]:
    """The bucket's setting is what it was when the handler began."""

    def reconcile(original: Any) -> Any:
        def early(edges: Any, hint: Any, *more: Any) -> Any:
            buckets = edges.control.view(manifests.KIND, [hint.bucket]).buckets
            return original(replace(edges, control=_Early(edges.control, buckets)), hint, *more)

        return early

    return replaced(manifests, "reconcile", reconcile)


def hints_taken_for_settled_that_were_begun() -> AbstractContextManager[None]:
    """A message that comes back is settled by what its own first delivery wrote, whatever that left undone."""

    def sent(_: Any) -> Any:
        return lambda messages, messages_of: {
            name: max(it.sent for it in messages if it.id in ids) for name, ids in messages_of.items()
        }

    return replaced(batch, "_sent", sent)


def epoch_kept_when_the_file_is_replaced() -> AbstractContextManager[None]:
    """Whatever the file is now, its entries are those of the epoch before."""

    def state(original: Any) -> Any:
        return lambda *state, **how: original(*state, **how | {"same_file": True})

    return replaced(manifests, "next_state", state)


def entries_written_without_version() -> AbstractContextManager[None]:
    """The last one to write an entry wins, whatever its epoch."""

    def put(_: Any) -> Any:
        def plainly(client: Any, index: str, _epoch: int, documents: Any, seconds: float) -> list[Any]:
            lines = [b'{"index":{"_index":"%b","_id":"%b"}}' % (index.encode(), it[0]) for it in documents]
            both = zip(lines, (it[1] for it in documents), strict=True)
            answer = post(client, "/_bulk", b"".join(b"%b\n%b\n" % each for each in both), seconds)
            results = [item["index"] for item in answer["items"]]
            if any(result["status"] == 429 for result in results):
                raise loading.Transient("throttled")
            return [(place, "") for place, result in enumerate(results) if result["status"] == 400]

        return plainly

    return replaced(versioned, "put", put)


def leftovers_not_looked_for() -> AbstractContextManager[None]:
    """What is complete, or removed, is believed to have no older entries."""

    def carry_out(original: Any) -> Any:
        def believing(work: Any) -> None:
            if work.state.state in ("loading", "removing"):
                original(work)

        return believing

    return replaced(manifests, "carry_out", carry_out)


def slow_loader_deletes_what_another_goes_on_with() -> AbstractContextManager[None]:
    """Who finds that the document was changed deletes what it wrote, also when that is what is to be there."""
    return replaced(loading, "_same_epoch", lambda _: lambda _: False)


def removal_deletes_its_own_epoch() -> AbstractContextManager[None]:
    """Entries of the state's epoch are taken for older ones."""

    def where(original: Any) -> Any:
        def too_many(client: Any, indexes: Any, query: Any, *more: Any, **how: Any) -> Any:
            terms = query["bool"]["filter"]
            if "range" in terms[2]:
                epoch = terms[2]["range"]["epoch"]["lt"] + 1
                query = {"bool": {"filter": [*terms[:2], {"range": {"epoch": {"lt": epoch}}}]}}
            return original(client, indexes, query, *more, **how)

        return too_many

    return replaced(loading, "delete_where", where)


def checkpoint_before_the_request() -> AbstractContextManager[None]:
    """The offset that is written down is that of the end of the request which is to be sent."""

    def chunks(original: Any) -> Any:
        def ahead(*arguments: Any) -> Iterator[Any]:
            found = list(original(*arguments))
            for chunk, following in zip(found, [*found[1:], found[-1]] if found else [], strict=True):
                yield replace(chunk, begins=following.begins)

        return ahead

    return replaced(loading, "chunks", chunks)


def complete_without_the_lock() -> AbstractContextManager[None]:
    """A state is written whatever the document says by now."""

    def with_state(_: Any) -> Any:
        def blindly(self: Any, **changes: Any) -> Any:
            found = loading.read(self.edges, [self.index], [self.identity])[self.index, self.identity]
            state = msgspec.structs.replace(self.state, **changes)
            document = msgspec.structs.replace(self.document, entry_state=state)
            locks = loading.write(self.edges, self.identity, [loading.Write(self.index, document, found.lock)])
            if locks is None:
                raise self.superseded()
            return replace(self, document=document, lock=locks[0])

        return blindly

    return replaced(loading.Work, "with_state", with_state)
