"""What differs from world to world, drawn from its seed."""

import random
from dataclasses import dataclass, replace

SECOND = 1_000_000  # the clock counts microseconds, which is what timestamps in documents resolve
FUNCTION_SECONDS = 60  # timeout of a function
VISIBILITY_SECONDS = 360
MAX_RECEIVES = 100


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast everything goes, and how often it fails. Times are in microseconds, all else are chances or counts."""

    quick: int
    stall: float
    stalls_before: str  # a call that stalls, or any if empty
    stall_time: int
    crash: float
    concurrency: int  # invocations at once of a queue
    batch: int  # most messages of an invocation
    s3_faults: float
    index_faults: float
    throttled: float  # items of a bulk request
    sqs_faults: float
    control_faults: float
    visibility: int
    max_receives: int

    @property
    def second(self) -> int:
        """What is a second to the queue."""
        return SECOND

    @property
    def fails(self) -> bool:
        """Whether anything fails that makes messages come again."""
        return any(
            (self.crash, self.s3_faults, self.index_faults, self.throttled, self.sqs_faults, self.control_faults)
        )

    @property
    def receives_run_out(self) -> bool:
        """Whether messages may become dead letters that nothing is wrong with; they are replayed then."""
        return self.max_receives < MAX_RECEIVES or self.visibility < VISIBILITY_SECONDS * SECOND


@dataclass(frozen=True, kw_only=True)
class Knobs(Pace):
    """Of a world of objects."""

    buckets: int
    keys: int  # of each bucket
    bursts: int  # of operations; between them everything settles, and is judged
    operations: int  # of a burst
    gap: int  # between operations, on average
    delay: int  # of an event, on average
    duplicate: float
    drop: float
    together: float  # an event shares its message with the one before
    facts: float
    bad: float  # of a message that nobody can process, in a burst
    denials: float
    rebuild: bool
    connect: bool  # a bucket is connected in the middle
    outage: int  # of OpenSearch
    denied_for_good: bool
    whole_bytes: int  # of an object that is hashed in one go; 0: whatever there is time for


def draw(rng: random.Random) -> Knobs:
    """Return the knobs of a world."""
    one_of, chance = rng.choice, rng.random
    # Whatever makes messages come again heals what an interleaving broke. So in many worlds nothing does.
    calm = chance() < 0.6
    short_of_receives = chance() < 0.08
    # Visible again while it is still handled: a message is then handled twice at once, and its receives are used up.
    visible_too_soon = not calm and chance() < 0.4

    stalls_anywhere = chance() < 0.25

    def unless_calm(*choices: float) -> float:
        drawn = one_of(choices)
        return 0.0 if calm else drawn

    rebuild = chance() < 0.4
    quick = one_of((5_000, 20_000, 100_000))
    knobs = Knobs(
        quick=quick,
        stall=one_of((0.03, 0.1, 0.25)) if stalls_anywhere else one_of((0.1, 0.3, 0.6)),
        stalls_before="" if stalls_anywhere else one_of(("/_bulk", "/_bulk", "/_bulk", "/_mget", "GetObject")),
        stall_time=quick * one_of((10, 50, 50, 300, 300, 800)),
        crash=unless_calm(0.0, 0.01, 0.03, 0.08),
        concurrency=one_of((1, 2, 3, 4, 4, 4)),
        batch=one_of((1, 2, 4, 10)),
        buckets=one_of((1, 2, 2, 3)),
        keys=one_of((1, 2, 3, 4)),
        bursts=one_of((6, 15, 30)),
        operations=one_of((1, 1, 2, 4, 10)),
        gap=int(quick * one_of((0.5, 2, 8, 40))),
        delay=int(quick * one_of((0.5, 2, 10, 50))),
        duplicate=unless_calm(0.0, 0.1, 0.4),
        drop=unless_calm(0.0, 0.1, 0.3),
        together=one_of((0.0, 0.3, 0.6)),
        facts=one_of((0.05, 0.3, 0.8)),
        bad=one_of((0.0, 0.2, 0.5)),
        s3_faults=unless_calm(0.0, 0.02, 0.1),
        index_faults=unless_calm(0.0, 0.02, 0.1),
        # So that often one generation has a document, and the other has not.
        throttled=one_of((0.03, 0.15)) if rebuild and chance() < 0.5 else unless_calm(0.0, 0.03, 0.15),
        sqs_faults=unless_calm(0.0, 0.05, 0.3),
        control_faults=unless_calm(0.0, 0.02),
        denials=unless_calm(0.0, 0.05, 0.1),
        visibility=(3 if visible_too_soon else VISIBILITY_SECONDS) * SECOND,
        max_receives=one_of((2, 4)) if short_of_receives else MAX_RECEIVES,
        rebuild=rebuild,
        connect=chance() < 0.2,
        outage=one_of((30, 600, 6 * 3600)) * SECOND if chance() < 0.05 else 0,
        denied_for_good=chance() < 0.15,
        whole_bytes=100 if chance() < 0.2 else 0,
    )
    return replace(knobs, outage=0) if knobs.receives_run_out else knobs
