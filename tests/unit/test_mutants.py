"""The simulation sees when the code is broken: each mutant is caught, by what it does wrong, and only the mutant is."""

import pytest

from simulation.mutants import MUTANTS, first_seen
from simulation.run import OBJECTS, PACKAGES, TRAIL, run_world

SEEDS = {OBJECTS: 2, PACKAGES: 25, TRAIL: 15}  # in which those that few worlds see are seen early
MOST_DELIVERIES = 60_000  # most mutants are seen within some hundreds


@pytest.mark.parametrize("name", MUTANTS)
def test_the_simulation_sees_the_mutant(name):
    mutant = MUTANTS[name]
    world = first_seen(mutant, SEEDS[mutant.of], MOST_DELIVERIES)
    assert world is not None, f"{name} was not seen in {MOST_DELIVERIES} deliveries"
    assert run_world(SEEDS[mutant.of], world, of=mutant.of).violations == (), (
        "the code as it is passes the world in which the mutant fails"
    )
