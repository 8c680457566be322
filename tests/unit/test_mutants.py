"""The simulation sees when the code is broken: each mutant is caught, by what it does wrong, and only the mutant is."""

import pytest

from simulation.mutants import MUTANTS, first_seen
from simulation.run import OBJECTS, PACKAGES, TRAIL, run_world

SEEDS = {OBJECTS: 2, PACKAGES: 25, TRAIL: 15}  # in which those that few worlds see are seen early
EARLIER = {  # seeds in which those are seen early that else take most of the time
    "complete_without_the_lock": 2, "delete_instead_of_tombstone": 1, "not_asked_after_a_conflict": 5,
    "setting_read_before_the_documents": 14, "step_written_down_before_it_is_told": 17,
    "unchanged_documents_not_written": 8, "version_of_any_call_taken_for_made": 30,
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
