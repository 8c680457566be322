"""What differs from world to world, drawn from its seed."""

import random
from dataclasses import dataclass, replace

from simulation.knobs import MAX_RECEIVES, SECOND, Pace

CALLS, STALLING_CALLS = 20, 5  # that a handler makes for one key, about


@dataclass(frozen=True, kw_only=True)
class Knobs(Pace):
    """Of a world of packages. Times are in microseconds, all else are chances or counts."""

    function_time: int  # an invocation's
    buckets: int
    manifests: int  # of each bucket
    handles: int
    bursts: int  # of operations; between them everything settles, and is judged
    operations: int  # of a burst
    gap: int  # between operations, on average
    delay: int  # of an event, on average
    duplicate: float
    drop: float
    together: float  # an event shares its message with the one before
    late: float  # of a bulk request: it arrives when its client has long given it up, or is dead
    forgetful: bool  # the index forgets the versions of deleted documents at once
    request_bytes: int  # of a request with entries: one entry, two or several
    memory_bytes: int  # up to which a manifest is read once only
    simple: bool  # few keys and one kind of operation, so that nothing else heals what an interleaving broke
    denials: float
    denied_for_good: bool
    rebuild: bool

    @property
    def receives_run_out(self) -> bool:
        """They never do."""
        return False

    @property
    def second(self) -> int:
        """What is to an invocation here as a second is to one of five minutes."""
        return self.function_time // 300


def draw(rng: random.Random) -> Knobs:
    """Return the knobs of a world."""
    one_of, chance = rng.choice, rng.random
    calm = chance() < 0.5  # whatever makes messages come again heals what an interleaving broke
    stalls_anywhere = chance() < 0.25
    stalls_before = one_of(
        ("/_bulk", "/_bulk", "/_bulk", "/_mget", "/_search", "GetObject", "HeadObject", "BatchGetItem")
    )

    def unless_calm(*choices: float) -> float:
        drawn = one_of(choices)
        return 0.0 if calm else drawn

    quick = one_of((5_000, 20_000, 100_000))
    stall = one_of((0.03, 0.1, 0.2)) if stalls_anywhere else one_of((0.1, 0.3, 0.6))
    stall_time = quick * one_of((10, 50, 50, 200))
    key_time = (CALLS * quick + stall * stall_time * (CALLS if stalls_anywhere else STALLING_CALLS)) / 2
    simple = chance() < 0.4
    # Sometimes so short that loading takes several invocations.
    function_time = max(SECOND // 5, int(key_time * one_of((3, 8, 50))))
    knobs = Knobs(
        simple=simple,
        quick=quick,
        stall=stall,
        stalls_before="" if stalls_anywhere else stalls_before,
        stall_time=stall_time,
        crash=unless_calm(0.0, 0.002, 0.005, 0.01),
        concurrency=one_of((1, 2, 3, 4, 4, 4, 6)),
        batch=one_of((1, 1, 2, 3)),
        s3_faults=unless_calm(0.0, 0.01, 0.02),
        index_faults=unless_calm(0.0, 0.01, 0.02),
        throttled=unless_calm(0.0, 0.02, 0.05),
        sqs_faults=unless_calm(0.0, 0.05, 0.2),
        control_faults=unless_calm(0.0, 0.02),
        visibility=6 * function_time,
        max_receives=MAX_RECEIVES,
        function_time=function_time,
        buckets=one_of((1, 1, 1, 2)),
        manifests=one_of((1, 1, 2, 3, 5)),
        handles=one_of((1, 1, 2, 2)),
        bursts=one_of((6, 12, 20)),
        operations=one_of((1, 2, 4, 10)),
        gap=int(quick * one_of((0.5, 2, 8, 40))),
        delay=int(quick * one_of((0.5, 2, 10, 50))),
        duplicate=unless_calm(0.0, 0.1, 0.4),
        drop=unless_calm(0.0, 0.1, 0.3),
        together=one_of((0.0, 0.3, 0.6)),
        late=one_of((0.0, 0.0, 0.03, 0.06)),
        forgetful=chance() < 0.5,
        request_bytes=one_of((1, 1_400, 2_500, 100_000)),
        memory_bytes=one_of((0, 1_000, 1_000_000)),
        denials=unless_calm(0.0, 0.05, 0.1),
        denied_for_good=chance() < 0.15,
        rebuild=chance() < 0.4,
    )
    if not simple:
        return knobs
    knobs = replace(knobs, operations=one_of((1, 2, 3)), buckets=1, handles=1, manifests=one_of((1, 2)), together=0.0)
    if chance() < 0.6:
        return knobs
    # Loaders that are slow beyond measure and whose requests arrive when nobody counts on them any more.
    function_time = 150 * quick
    return replace(
        knobs,
        stall=0.2,
        stalls_before="/_bulk",
        stall_time=function_time,
        function_time=function_time,
        visibility=6 * function_time,
        late=one_of((0.05, 0.2)),
        request_bytes=1_400,
        concurrency=4,
        rebuild=False,
    )
