"""One world of packages: the models, the real handler on them, and the run until nothing is left to do."""

import random
from collections.abc import Callable
from functools import partial
from typing import Any

from bucketdex.changes import ObjectChange
from bucketdex.changes.outcome import Reconcile
from bucketdex.changes.sending import send
from bucketdex.control import ControlTable, Generation
from bucketdex.index.generations import PACKAGES, PACKAGES_ALIAS, entries_of
from bucketdex.packages.edges import Edges
from bucketdex.packages.reconcile import reconcile
from simulation.deliveries import Deliveries, Function
from simulation.knobs import SECOND
from simulation.model_control import TABLE, ModelDynamoDb
from simulation.model_s3 import ModelS3
from simulation.packages.contents import scaled_down
from simulation.packages.knobs import Knobs, draw
from simulation.packages.model_index import ENTRIES_FIELDS, PACKAGES_FIELDS, ModelSearch, SearchedIndex
from simulation.packages.verdict import Verdict
from simulation.packages.writers import LONGEST_DENIAL, QUEUE, Writers
from simulation.schedule import DoesNotSettleError, Schedule, Trace
from simulation.verdict import Result

BUCKETS = ("alpha", "beta")
MOST_STEPS = 50_000  # of a burst
DENIALS_OVER = LONGEST_DENIAL + SECOND
KNOWN = Generation(f"{PACKAGES_ALIAS}-v1-1", 1)
REBUILT = Generation(f"{PACKAGES_ALIAS}-v1-2", 1, read=False)


class World:
    """All that there is, in one place, from one seed."""

    def __init__(self, seed: int, number: int, trace: Trace | None = None) -> None:
        self.number = number
        rng = random.Random(f"packages/{seed}/{number}")
        self.knobs: Knobs = draw(rng)
        knobs = self.knobs
        self._rng = rng
        self.schedule = Schedule(rng, knobs, trace)
        self.s3 = ModelS3(self.schedule, knobs.s3_faults)
        self.control = ModelDynamoDb(self.schedule, knobs.control_faults, PACKAGES)
        function = Function(self._reconciling, knobs.function_time)
        self.deliveries = Deliveries(self.schedule, knobs, {QUEUE: function}, self._says)
        buckets = BUCKETS[: knobs.buckets]
        self.writers = Writers(self.schedule, knobs, self.s3, self.control, buckets, self.deliveries.send)
        self.opensearch = ModelSearch(self.schedule, knobs, self._watch)
        self.verdict = Verdict(self.schedule, self.s3, self.control, self.opensearch, self.writers.names())
        for bucket in buckets:
            self.s3.versioning[bucket] = rng.choice(("versioned", "versioned", "unversioned", "suspended"))
            self.control.buckets.add(bucket)
            self.control.entries[bucket] = rng.choice(("latest", "latest", "all"))
        self._add_generation(KNOWN)
        self.schedule.say(str(knobs))

    def run(self) -> Result:
        """Let everything happen, burst by burst, and judge how each ends; a violation is the end of the world."""
        rebuild = self._rng.randrange(self.knobs.bursts) if self.knobs.rebuild else None
        with scaled_down(self.knobs):
            try:
                self.writers.begin()
                for burst in range(self.knobs.bursts):
                    self._burst(rebuild=burst == rebuild, last=burst == self.knobs.bursts - 1)
                    self.schedule.run(MOST_STEPS)
                    if not self.verdict.judge(self.deliveries, self.knobs):
                        break
            except DoesNotSettleError as error:
                self.verdict.says("does not settle", str(error))
        self.schedule.counts["worlds"] += 1
        return Result(self.number, tuple(self.verdict.violations), self.schedule.counts)

    def _burst(self, *, rebuild: bool, last: bool) -> None:
        """Plan what the writers do, and what else happens beside it."""
        rng, schedule = self._rng, self.schedule
        start = schedule.now + SECOND
        over = self.writers.burst(start)
        if rebuild:
            added = start + int(rng.random() * (over - start))
            known_to_all = added + self.knobs.function_time + 1
            schedule.at(added, partial(self._add_generation, REBUILT))
            schedule.at(known_to_all, self._backfill)
            over = self.writers.burst(known_to_all - int(rng.random() * (over - start)))
        if self.knobs.denied_for_good and last:
            schedule.at(over + DENIALS_OVER, self._deny_for_good)

    def _says(self, kind: str, about: str) -> None:
        self.verdict.says(kind, about)

    def _watch(self, index: str, identity: str, document: dict[str, Any]) -> None:
        self.verdict.watch(index, identity, document)

    def _add_generation(self, generation: Generation) -> None:
        self.opensearch.indexes[generation.index] = SearchedIndex(PACKAGES_FIELDS)
        self.opensearch.indexes[entries_of(generation.index)] = SearchedIndex(ENTRIES_FIELDS)
        self.control.generations = (*self.control.generations, generation)
        self.schedule.counts["generations added"] += 1
        self.schedule.say(f"there is the generation {generation.index}")

    def _backfill(self) -> None:
        self.writers.repair([name for bucket in sorted(self.control.buckets) for name in self.s3.keys(bucket)])

    def _deny_for_good(self) -> None:
        there = [name for bucket in sorted(self.control.buckets) for name in self.s3.keys(bucket)]
        if there:
            name = self._rng.choice(there)
            self.s3.denied[name] = self._rng.choice(("get", "all"))
            self.schedule.say(f"{name} is denied for good: {self.s3.denied[name]}")
            self.writers.repair([name])

    def _hint(self, url: str, changes: list[ObjectChange]) -> int:
        for change in changes:
            if change.event == "its entries are loaded on":
                self.schedule.counts["loading goes on in another invocation"] += 1
        return send(self.deliveries.sqs, url, changes)  # type: ignore[arg-type]

    def _reconciling(self, remaining: Callable[[], float]) -> Reconcile:
        url = self.deliveries.queues[QUEUE].settings.url
        edges = Edges(
            control=ControlTable(self.control, TABLE),  # type: ignore[arg-type]
            opensearch=self.opensearch.client(),
            s3=self.s3,  # type: ignore[arg-type]
            send=partial(self._hint, url),  # type: ignore[arg-type]
            now=self.schedule.clock,
            remaining=remaining,
            concurrently=self.deliveries.in_any_order,
            sleep=self.deliveries.sleep,
        )
        return partial(reconcile, edges)
