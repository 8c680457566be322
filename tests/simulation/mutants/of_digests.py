"""Mutants of how an object comes to its digest: of asking, of reading once, and of whose digest it is."""

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from typing import Any

import msgspec

from bucketdex.digests.ledger import Claim, Ledger, Result
from bucketdex.errors import Transient
from bucketdex.objects import preparing, reconcile
from simulation.mutants.of_reading import OfAny, OfEtag
from simulation.replacing import replaced


def digests_carried_to_newer_versions() -> AbstractContextManager[None]:
    """What the document before knows is taken over, whatever S3 holds now."""

    def known(original: Any) -> Any:
        return lambda documents: [OfAny(**msgspec.structs.asdict(fact)) for fact in original(documents)]

    return replaced(preparing, "known_of", known)


def facts_applied_on_etag_alone() -> AbstractContextManager[None]:
    """A fact that a message brings is taken for one about each version of the same bytes."""

    def prepare(original: Any) -> Any:
        def on_etag(task: Any, *more: Any) -> Any:
            facts = tuple(OfEtag(**msgspec.structs.asdict(fact)) for fact in task.hint.facts)
            return original(replace(task, hint=msgspec.structs.replace(task.hint, facts=facts)), *more)

        return on_etag

    return replaced(reconcile, "prepare", prepare)


def not_asked_after_a_conflict() -> AbstractContextManager[None]:
    """Who wrote in between has asked, it is thought."""

    def judge(original: Any) -> Any:
        return lambda passed, got, *more: original(
            passed, replace(got, hashed=got.hashed and not got.task.conflicts), *more
        )

    return replaced(reconcile, "_judge", judge)


def requests_that_were_refused_forgotten() -> AbstractContextManager[None]:
    """A key is done although the request for its digest may not have been sent."""

    def ask(original: Any) -> Any:
        def careless(passed: Any, edges: Any) -> None:
            with suppress(Transient):
                edges.ask_for_digests(passed.without_digest)

        return careless

    return replaced(reconcile, "_ask_for_digests", ask)


def ledger_not_believed() -> AbstractContextManager[None]:
    """What was read already is read again."""

    def claim(original: Callable[..., Any]) -> Any:
        def anew(self: Ledger, identity: str, owner: str) -> Any:
            found = original(self, identity, owner)
            return Claim(identity, owner) if isinstance(found, Result) else found

        return anew

    return replaced(Ledger, "claim", claim)


def claims_of_others_ignored() -> AbstractContextManager[None]:
    """An object that somebody reads is read beside them."""

    def claim(original: Callable[..., Any]) -> Any:
        def all_the_same(self: Ledger, identity: str, owner: str) -> Any:
            try:
                return original(self, identity, owner)
            except Transient:
                return Claim(identity, owner)

        return all_the_same

    return replaced(Ledger, "claim", claim)
