"""The code, broken on purpose: each mutant replaces a function in place, and the simulation must see what comes of it.

`seen_as` names the violations by which it may be found: a mutant that is found by another is not understood.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from simulation.mutants import of_digests, of_reading, of_writing
from simulation.packages import mutants as of_packages
from simulation.run import OBJECTS, PACKAGES, TRAIL, Kind, worlds
from simulation.trail import mutants as of_trail

# The index is not what the bucket is.
STALE = frozenset({"object missing", "deleted object shown", "wrong field"})
OF_ANOTHER = frozenset({"fact of another version"})
UNTRUE = frozenset({"untrue when written"})
LOST = frozenset({"message lost"})
DIGEST = frozenset({"wrong digest"})
NO_DIGEST = frozenset({"digest missing"})
TWICE = frozenset({"read twice"})


@dataclass(frozen=True)
class Mutant:
    """A way to break the code, and the violations that show it."""

    broken: Callable[[], AbstractContextManager[None]]
    seen_as: frozenset[str]
    of: Kind = OBJECTS


# What is kept searchable is not what is wanted.
ENTRIES = frozenset({"wrong state", "entries left", "entries missing", "gap"})
COPIES = frozenset({"wrong field", "wrong problem"})

OF_OBJECTS: dict[str, Mutant] = {
    broken.__name__: Mutant(broken, seen_as)
    for broken, seen_as in (
        (of_writing.no_lock, STALE),
        (of_writing.delete_instead_of_tombstone, STALE),
        (of_writing.no_conflict_retry, STALE),
        (of_writing.conflict_counted_as_success, STALE),
        (of_writing.s3_read_before_documents, STALE),
        (of_writing.unchanged_documents_not_written, STALE),
        (of_writing.only_first_generation_written, STALE),
        (of_writing.done_when_one_generation_is, STALE),
        (of_writing.refused_parts_left_out_of_later_documents, STALE),
        (of_reading.facts_carried_over_on_etag_alone, OF_ANOTHER),
        (of_reading.facts_of_hints_not_checked, OF_ANOTHER),
        (of_reading.forbidden_taken_for_deleted, UNTRUE),
        (of_reading.broken_off_body_believed, DIGEST),
        (of_reading.control_table_cached, STALE),
        (of_reading.acknowledged_when_one_key_is_done, STALE),
        (of_reading.dead_lettering_failure_swallowed, LOST),
        (of_digests.digests_carried_to_newer_versions, DIGEST),
        (of_digests.facts_applied_on_etag_alone, OF_ANOTHER),
        (of_digests.not_asked_after_a_conflict, NO_DIGEST),
        (of_digests.requests_that_were_refused_forgotten, NO_DIGEST),
        (of_digests.ledger_not_believed, TWICE),
        (of_digests.claims_of_others_ignored, TWICE),
    )
}
OF_PACKAGES: dict[str, Mutant] = {
    broken.__name__: Mutant(broken, seen_as, PACKAGES)
    for broken, seen_as in (
        (of_packages.manifests_that_latest_left_not_told, ENTRIES),
        (of_packages.left_forgotten_before_told, ENTRIES),
        (of_packages.pointer_does_not_look_at_its_manifest_afterwards, ENTRIES | COPIES),
        (of_packages.manifest_does_not_look_at_its_pointers_afterwards, ENTRIES | COPIES),
        (of_packages.pointers_not_told_of_their_manifest, COPIES),
        (of_packages.problem_of_the_manifest_not_compared, COPIES),
        (of_packages.search_without_refresh, ENTRIES | COPIES),
        (of_packages.setting_read_before_the_documents, ENTRIES),
        (of_packages.hints_taken_for_settled_that_were_begun, ENTRIES),
        (of_packages.epoch_kept_when_the_file_is_replaced, ENTRIES),
        (of_packages.entries_written_without_version, ENTRIES | {"older epoch"}),
        (of_packages.leftovers_not_looked_for, ENTRIES),
        (of_packages.slow_loader_deletes_what_another_goes_on_with, ENTRIES),
        (of_packages.removal_deletes_its_own_epoch, ENTRIES),
        (of_packages.checkpoint_before_the_request, ENTRIES),
        (of_packages.complete_without_the_lock, ENTRIES | COPIES),
    )
}
# The reads of an object are not what the log files say.
MISCOUNTED = frozenset({"wrong reads"})
OF_TRAIL: dict[str, Mutant] = {
    broken.__name__: Mutant(broken, seen_as, TRAIL)
    for broken, seen_as in (
        (of_trail.version_of_any_call_taken_for_made, STALE),
        (of_trail.modified_instead_of_observed_at, STALE),
        (of_trail.clocks_believed, STALE),
        (of_trail.null_taken_for_a_version, STALE),
        (of_trail.known_when_one_generation_knows, STALE),
        (of_trail.only_the_last_claim_looked_at, STALE),
        (of_trail.what_was_begun_taken_for_done, NO_DIGEST),
        (of_trail.older_author_overwrites, frozenset({"older author"})),
        (of_trail.author_of_any_call, OF_ANOTHER),
        (of_trail.reads_incremented, MISCOUNTED),
        (of_trail.one_part_a_file, MISCOUNTED),
        (of_trail.own_reads_counted, MISCOUNTED),
        (of_trail.refused_calls_believed, MISCOUNTED),
        (of_trail.checks_never_due, STALE),
        (of_trail.bulk_deletions_ignored, STALE),
        (of_trail.step_written_down_before_it_is_told, STALE),
    )
}
MUTANTS = OF_OBJECTS | OF_PACKAGES | OF_TRAIL


def first_seen(mutant: Mutant, seed: int, deliveries: int) -> int | None:
    """Return the first world in which the simulation sees the mutant as what it is, within so many deliveries."""
    with mutant.broken():
        for result in worlds(seed, deliveries, of=mutant.of):
            if mutant.seen_as & {violation.kind for violation in result.violations}:
                return result.number
    return None


def unmutated() -> AbstractContextManager[None]:
    """Leave the code as it is."""
    return nullcontext()
