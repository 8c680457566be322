"""One world: the models, the real handler on them, and the run until nothing is left to do."""

import random
from collections.abc import Callable
from functools import partial

from bucketdex.changes.outcome import Reconcile
from bucketdex.changes.sending import send
from bucketdex.control import ControlTable, Generation
from bucketdex.objects.observe import ObjectReader
from bucketdex.objects.reconcile import Edges, reconcile
from simulation.deliveries import Deliveries, Function
from simulation.hashers import HASH_SECONDS, Hashers
from simulation.knobs import FUNCTION_SECONDS, SECOND, Knobs, draw
from simulation.model_control import TABLE, ModelDynamoDb
from simulation.model_index import Index, ModelOpenSearch
from simulation.model_s3 import ModelS3, Name
from simulation.schedule import DoesNotSettleError, Schedule, Trace
from simulation.tellings import BAD
from simulation.verdict import Result, Verdict
from simulation.writers import BULK, LIVE, LONGEST_DENIAL, Writers

BUCKETS = ("alpha", "beta", "gamma")
KEYS = ("plain.txt", "a b+c%/ü.csv", "data/数据 1.csv.gz", "100%25.bin")
MOST_STEPS = 50_000  # of a burst
HASH = "HashRequests"
DENIALS_OVER = LONGEST_DENIAL + SECOND
KNOWN = Generation("objects-1", 1)
REBUILT = Generation("objects-2", 1, read=False)


class World:
    """All that there is, in one place, from one seed."""

    def __init__(self, seed: int, number: int, trace: Trace | None = None) -> None:
        self.number = number
        self._rng = random.Random(f"{self.seeded_as}{seed}/{number}")
        self.knobs: Knobs = self._draw()
        knobs = self.knobs
        self.schedule = Schedule(self._rng, knobs, trace)
        self.control = self._make_control()
        self.s3 = self._make_s3()
        self.names: list[Name] = [(b, k) for b in BUCKETS[: knobs.buckets] for k in KEYS[: knobs.keys]]
        self.hashers = Hashers(self.schedule, knobs, self.s3, self.control, self._says)
        self.deliveries = self.hashers.deliveries = Deliveries(self.schedule, knobs, self._functions(), self._says)
        self.hashers.bulk_events_url = self.deliveries.queues[BULK].settings.url
        self.writers = self._make_writers()
        self.verdict = self._make_verdict()
        self.opensearch = self._make_opensearch()
        if self.schedule.tracing:
            self.schedule.say(str(knobs))

    # What another kind of world has others of.

    seeded_as = ""
    generations: tuple[Generation, ...] = (KNOWN, REBUILT)

    def _draw(self) -> Knobs:
        return draw(self._rng)

    def _make_s3(self) -> ModelS3:
        return ModelS3(self.schedule, self.knobs.s3_faults)

    def _make_control(self) -> ModelDynamoDb:
        return ModelDynamoDb(self.schedule, self.knobs.control_faults)

    def _functions(self) -> dict[str, Function]:
        index_objects = Function(self._reconciling, FUNCTION_SECONDS * SECOND)
        hash_objects = Function(self.hashers.reconciling, HASH_SECONDS * SECOND)
        return {LIVE: index_objects, BULK: index_objects, HASH: hash_objects}

    def _make_writers(self) -> Writers:
        return Writers(self.schedule, self.knobs, self.s3, self.names, self.deliveries.send)

    def _make_verdict(self) -> Verdict:
        lost_claims = self.hashers.ledger.lost
        return Verdict(self.schedule, self.s3, self.control, self.writers, self.names, lost_claims)

    def _make_opensearch(self) -> ModelOpenSearch:
        return ModelOpenSearch(self.schedule, self.knobs, self.verdict.watch)

    def _make_reader(self, remaining: Callable[[], float]) -> ObjectReader:
        return ObjectReader(self.s3, self.schedule.clock, remaining)  # type: ignore[arg-type]

    def _settle(self) -> None:
        """Go on until nothing is left to do."""
        self.schedule.run(MOST_STEPS)

    def _judge(self) -> None:
        self.verdict.judge(self.opensearch, self.deliveries, self.knobs)

    def run(self) -> Result:
        """Let everything happen, burst by burst, and judge how each ends; a violation is the end of the world."""
        self._begin()
        at = {what: self._rng.randrange(self.knobs.bursts) for what in ("connect", "outage", "fail over")}
        at["rebuild"] = self._rng.randrange(self.knobs.bursts // 2)  # so that there are two generations for a while
        try:
            for burst in range(self.knobs.bursts):
                self._burst({what for what, when in at.items() if when == burst}, last=burst == self.knobs.bursts - 1)
                self._settle()
                self._judge()
                if self.verdict.judged:
                    break
        except DoesNotSettleError as error:
            self.verdict.says("does not settle", str(error))
        self.schedule.counts["worlds"] += 1
        return Result(self.number, tuple(self.verdict.violations), self.schedule.counts)

    def _says(self, kind: str, about: str) -> None:
        self.verdict.says(kind, about)

    # What happens apart from the writers' operations.

    def _begin(self) -> None:
        rng, knobs = self._rng, self.knobs
        for bucket in BUCKETS[: knobs.buckets]:
            self.s3.versioning[bucket] = rng.choice(("versioned", "versioned", "unversioned", "suspended"))
            self.control.buckets.add(bucket)
        if knobs.buckets > 1 and (knobs.connect or rng.random() < 0.3):
            self.control.buckets.remove(BUCKETS[knobs.buckets - 1])
        self.control.generations = self.generations[:1]
        self.opensearch.indexes[self.generations[0].index] = Index()

    def _burst(self, what: set[str], *, last: bool) -> None:
        """Plan what the writers do, and what else happens beside it."""
        rng, knobs, schedule = self._rng, self.knobs, self.schedule
        start = schedule.now + SECOND
        over = self.writers.burst(start)

        def meanwhile() -> int:
            return start + int(rng.random() * (over - start))

        if knobs.rebuild and "rebuild" in what:
            added = meanwhile()
            backfilled = added + FUNCTION_SECONDS * SECOND + 1
            schedule.at(added, self._add_generation)
            schedule.at(backfilled, self._backfill)
            over = self.writers.burst(backfilled - int(rng.random() * (over - start)))
        if knobs.connect and knobs.buckets > 1 and "connect" in what:
            schedule.at(meanwhile(), partial(self._connect, BUCKETS[knobs.buckets - 1]))
        if knobs.outage and "outage" in what:
            begins = meanwhile()
            self.opensearch.down = (begins, begins + knobs.outage)
        if "fail over" in what and rng.random() < 0.2:
            schedule.at(meanwhile(), self._fail_over)
        if rng.random() < knobs.bad:
            schedule.at(meanwhile(), partial(self.deliveries.send_bad, *rng.choice(BAD)))
        if knobs.denied_for_good and last:
            schedule.at(over + DENIALS_OVER, self._deny_for_good)

    def _add_generation(self) -> None:
        self.opensearch.indexes[self.generations[1].index] = Index()
        self.control.generations = self.generations
        self.schedule.counts["generations added"] += 1
        self.schedule.say("a generation is added")

    def _backfill(self) -> None:
        self.writers.repair([name for bucket in sorted(self.control.buckets) for name in self.s3.keys(bucket)])

    def _connect(self, bucket: str) -> None:
        self.control.buckets.add(bucket)
        self.verdict.connected[bucket] = self.schedule.now
        self.schedule.say(f"{bucket} is connected")
        self.writers.repair(self.s3.keys(bucket))

    def _fail_over(self) -> None:
        """Another copy of each shard becomes the primary."""
        for index in self.opensearch.indexes.values():
            index.primary_term += 1

    def _deny_for_good(self) -> None:
        there = [name for name in self.names if name[0] in self.control.buckets and self.s3.current(name)]
        if there:
            name = self._rng.choice(there)
            self.s3.denied[name] = "all"
            self.writers.repair([name])

    def _reconciling(self, remaining: Callable[[], float]) -> Reconcile:
        edges = Edges(
            control=ControlTable(self.control, TABLE),  # type: ignore[arg-type]
            opensearch=self.opensearch,
            objects=self._make_reader(remaining),
            pass_on=_no_packages,
            ask_for_digests=partial(
                send,
                self.deliveries.sqs,  # type: ignore[arg-type]
                self.deliveries.queues[HASH].settings.url,
                keys_each=1,
            ),
            remaining=remaining,
            concurrently=self.deliveries.in_any_order,
            sleep=self.deliveries.sleep,
        )
        return partial(reconcile, edges)


def _no_packages(changes: object) -> None:
    raise AssertionError(f"no key here is one of a package: {changes}")
