"""The simulation sees when the code is broken: each mutant is caught, by what it does wrong, and only the mutant is."""

import pytest

from simulation.mutants import MUTANTS, first_seen
from simulation.run import run_world

SEED = 2
MOST_DELIVERIES = 60_000  # most mutants are seen within some hundreds


@pytest.mark.parametrize("name", MUTANTS)
def test_the_simulation_sees_the_mutant(name):
    world = first_seen(MUTANTS[name], SEED, MOST_DELIVERIES)
    assert world is not None, f"{name} was not seen in {MOST_DELIVERIES} deliveries"
    assert run_world(SEED, world).violations == (), "the code as it is passes the world in which the mutant fails"
