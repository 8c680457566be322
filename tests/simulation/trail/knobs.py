"""What differs from world to world, besides what differs between all worlds of objects."""

import random
from dataclasses import dataclass, replace
from typing import Literal

from simulation import knobs
from simulation.knobs import SECOND

MINUTE = 60 * SECOND
HOUR = 60 * MINUTE


@dataclass(frozen=True, kw_only=True)
class Knobs:
    """Of the trail. Times are in microseconds unless they say otherwise, all else are chances or counts."""

    missing: float  # of a notification
    by_trail: bool  # nobody expects any
    verified: bool  # the configuration of notifications looks right, although some go missing
    unrecorded: float  # of a record: it never comes
    skew: float  # seconds by which the clock of the records is wrong at most
    whole_seconds: bool  # as S3 tells when an object was modified
    file_delay: int  # on average, until records are in a file
    late_file: float  # a file is late by hours
    again: float  # a record is in a second file too
    twice: float  # the notification of a file comes twice
    bridge: float  # a record also comes by itself, in seconds
    odd_files: float  # files with nothing to read come along
    torn: bool  # some of them are log files that break off
    trail_delay: int  # TrailDelaySeconds
    identities: Literal["full", "principal", "none"]
    segment: int  # records of a file that are written in one part
    reading: float  # of an operation: somebody reads
    failing: float  # somebody is refused
    own_reads: float  # of a read by one of our functions: it is recorded
    sweeping: float  # of an operation: several are deleted by one call
    expiring: float  # the lifecycle deletes
    hints: int  # of a file that are sent together
    page: int  # keys that a check compares at a time

    @property
    def healthy(self) -> bool:
        """Whether the trail tells only what is told already, and later."""
        return not self.missing and self.trail_delay >= 300


def draw(rng: random.Random) -> tuple[knobs.Knobs, Knobs]:
    """Return the knobs of a world."""
    one_of, chance = rng.choice, rng.random
    missing = one_of((0.0, 0.0, 0.1, 0.4, 0.4, 1.0, 1.0))
    simple = chance() < 0.5  # so that nothing else heals what an interleaving broke

    def unless_simple(*choices: float) -> float:
        drawn = one_of(choices)
        return 0.0 if simple else drawn

    trail = Knobs(
        missing=missing,
        by_trail=missing == 1 and chance() < 0.4,
        verified=missing == 0 or (missing < 1 and chance() < 0.4),
        unrecorded=one_of((0.0, 0.0, 0.0, 0.05)),
        skew=one_of((0.0, 2.0, 2.0, 10.0, 25.0)),
        whole_seconds=chance() < 0.5,
        file_delay=one_of((20 * SECOND, 2 * MINUTE, 5 * MINUTE, 20 * MINUTE)),
        late_file=one_of((0.0, 0.1, 0.3)),
        again=one_of((0.0, 0.0, 0.1, 0.3)),
        twice=one_of((0.0, 0.1, 0.4)),
        bridge=one_of((0.0, 0.0, 0.5)),
        odd_files=unless_simple(0.0, 0.2, 0.5),
        torn=True,
        trail_delay=one_of((0, 60, 300, 300, 900)),
        identities=one_of(("full", "principal", "principal", "none")),
        segment=one_of((2, 5, 50_000)),
        reading=one_of((0.0, 0.2, 0.5)),
        failing=unless_simple(0.0, 0.1, 0.2),
        own_reads=one_of((0.0, 0.0, 0.1)),
        sweeping=one_of((0.0, 0.0, 0.2)),
        expiring=unless_simple(0.0, 0.0, 0.1),
        hints=one_of((4, 1_000)),
        page=one_of((1, 2, 1_000)),
    )
    objects = knobs.draw(rng)
    # The hints that the other worlds send in the place of what is dropped would heal all. And a file takes so many
    # requests that some of them must go well.
    objects = replace(
        objects, drop=0.0, bursts=one_of((3, 6, 12)), connect=chance() < 0.1, outage=0, bad=objects.bad / 4,
        operations=max(2, objects.operations), sqs_faults=min(0.1, objects.sqs_faults),
    )  # fmt: skip
    return objects, replace(trail, torn=not objects.receives_run_out)
