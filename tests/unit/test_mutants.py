"""The simulation sees when the code is broken: each mutant is caught, by what it does wrong, and only the mutant is."""

import pytest

from simulation.mutants import MUTANTS, first_seen
from simulation.run import OBJECTS, PACKAGES, TRAIL, run_world

SEEDS = {OBJECTS: 2, PACKAGES: 25, TRAIL: 15}  # in which those that few worlds see are seen early
EARLIER = {  # seeds in which those are seen early that else take most of the time
    "complete_without_the_lock": 2, "conflict_counted_as_success": 8, "control_table_cached": 1,
    "delete_instead_of_tombstone": 1, "done_when_one_generation_is": 7, "left_forgotten_before_told": 31,
    "manifest_does_not_look_at_its_pointers_afterwards": 13, "no_conflict_retry": 8, "not_asked_after_a_conflict": 5,
    "only_first_generation_written": 1, "only_the_last_claim_looked_at": 13,
    "problem_of_the_manifest_not_compared": 15, "refused_parts_left_out_of_later_documents": 3,
    "requests_that_were_refused_forgotten": 13, "setting_read_before_the_documents": 14,
    "step_written_down_before_it_is_told": 17, "unchanged_documents_not_written": 8,
    "version_of_any_call_taken_for_made": 30,
}  # fmt: skip
MOST_DELIVERIES = 60_000  # most mutants are seen within some hundreds


@pytest.mark.parametrize("name", MUTANTS)
def test_the_simulation_sees_the_mutant(name):
    mutant = MUTANTS[name]
    seed = EARLIER.get(name, SEEDS[mutant.of])
    world = first_seen(mutant, seed, MOST_DELIVERIES)
    assert world is not None, f"{name} was not seen in {MOST_DELIVERIES} deliveries"
    assert run_world(seed, world, of=mutant.of).violations == (), (
        "the code as it is passes the world in which the mutant fails"
    )
