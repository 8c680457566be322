"""One world: the models, the real handler on them, and the run until nothing is left to do."""

import random
from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import Any

from bucketdex.aws import queues
from bucketdex.control import ControlTable, Generation
from bucketdex.errors import OURS, kind_of
from bucketdex.objects import batch
from bucketdex.objects.observe import ObjectReader
from bucketdex.objects.reconcile import Edges
from simulation.knobs import FUNCTION_SECONDS, SECOND, Knobs, draw
from simulation.model_control import TABLE, ModelDynamoDb
from simulation.model_index import Index, ModelOpenSearch
from simulation.model_queue import Message, ModelQueue, ModelSqs
from simulation.model_s3 import ModelS3, Name
from simulation.schedule import EPOCH, DoesNotSettleError, Schedule, Trace
from simulation.tellings import BAD
from simulation.verdict import Verdict, Violation
from simulation.writers import BULK, LIVE, LONGEST_DENIAL, Writers

BUCKETS = ("alpha", "beta", "gamma")
KEYS = ("plain.txt", "a b+c%/ü.csv", "data/数据 1.csv.gz", "100%25.bin")
MOST_STEPS = 50_000  # of a burst
DENIALS_OVER = LONGEST_DENIAL + SECOND
KNOWN = Generation("objects-1", 1)
REBUILT = Generation("objects-2", 1, read=False)


@dataclass(frozen=True)
class Result:
    """What came of a world."""

    number: int
    violations: tuple[Violation, ...]
    counts: Counter[str]


class World:
    """All that there is, in one place, from one seed."""

    def __init__(self, seed: int, number: int, trace: Trace | None = None) -> None:
        self.number = number
        rng = random.Random(f"{seed}/{number}")
        self.knobs: Knobs = draw(rng)
        knobs = self.knobs
        self._rng = rng
        self.schedule = Schedule(rng, knobs, trace)
        self.s3 = ModelS3(self.schedule, knobs.s3_faults)
        self.control = ModelDynamoDb(self.schedule, knobs.control_faults)
        self.names: list[Name] = [(b, k) for b in BUCKETS[: knobs.buckets] for k in KEYS[: knobs.keys]]
        self.queues = {name: ModelQueue(name, knobs.visibility, knobs.max_receives) for name in (LIVE, BULK)}
        self.sqs = ModelSqs(self.schedule, list(self.queues.values()), knobs.sqs_faults, self._dead_lettered)
        self.writers = Writers(self.schedule, knobs, self.s3, self.names, self._send)
        self.verdict = Verdict(self.schedule, self.s3, self.control, self.writers, self.names)
        self.opensearch = ModelOpenSearch(self.schedule, knobs, self.verdict.watch)
        self.bad: dict[str, str] = {}
        self._messages = 0
        self._invocations = 0
        if self.schedule.tracing:
            self.schedule.say(str(knobs))

    def run(self) -> Result:
        """Let everything happen, burst by burst, and judge how each ends; a violation is the end of the world."""
        self._begin()
        at = {what: self._rng.randrange(self.knobs.bursts) for what in ("connect", "outage", "fail over")}
        at["rebuild"] = self._rng.randrange(self.knobs.bursts // 2)  # so that there are two generations for a while
        try:
            for burst in range(self.knobs.bursts):
                self._burst({what for what, when in at.items() if when == burst}, last=burst == self.knobs.bursts - 1)
                self.schedule.run(MOST_STEPS)
                self.verdict.judge(self.opensearch, list(self.queues.values()), self.bad, self.knobs)
                if self.verdict.judged:
                    break
        except DoesNotSettleError as error:
            self.verdict.says("does not settle", str(error))
        self.schedule.counts["worlds"] += 1
        return Result(self.number, tuple(self.verdict.violations), self.schedule.counts)

    # What happens apart from the writers' operations.

    def _begin(self) -> None:
        rng, knobs = self._rng, self.knobs
        for bucket in BUCKETS[: knobs.buckets]:
            self.s3.versioning[bucket] = rng.choice(("versioned", "versioned", "unversioned", "suspended"))
            self.control.buckets.add(bucket)
        if knobs.buckets > 1 and (knobs.connect or rng.random() < 0.3):
            self.control.buckets.remove(BUCKETS[knobs.buckets - 1])
        self.control.generations = (KNOWN,)
        self.opensearch.indexes[KNOWN.index] = Index()

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
            schedule.at(meanwhile(), partial(self._send_bad, *rng.choice(BAD)))
        if knobs.denied_for_good and last:
            schedule.at(over + DENIALS_OVER, self._deny_for_good)

    def _add_generation(self) -> None:
        self.opensearch.indexes[REBUILT.index] = Index()
        self.control.generations = (KNOWN, REBUILT)
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

    # Messages and invocations.

    def _send(self, queue_name: str, body: str) -> str:
        self._messages += 1
        queue, now = self.queues[queue_name], self.schedule.now
        message = Message(f"m{self._messages}", body, now, now)
        queue.messages[message.id] = message
        if self.schedule.tracing:
            self.schedule.say(f"{message.id} to {queue_name}: {body}")
        self._wake(queue, now)
        return message.id

    def _send_bad(self, body: str, reason: str) -> None:
        self.bad[self._send(self._rng.choice((LIVE, BULK)), body)] = reason

    def _dead_lettered(self, queue: ModelQueue) -> None:
        """Replay what was set aside for want of receives, as an operator does."""
        letter = queue.dead[-1]
        self.schedule.counts["dead letters"] += 1
        if letter.message_id not in self.bad and letter.reason.get("Kind") != "permanent":
            self.schedule.at(self.schedule.now + SECOND, partial(self._send, queue.name, letter.body))

    def _wake(self, queue: ModelQueue, when: int) -> None:
        if queue.woken_at is None or when < queue.woken_at:
            queue.woken_at = when
            self.schedule.at(when, partial(self._poll, queue, when))

    def _poll(self, queue: ModelQueue, when: int) -> None:
        if queue.woken_at != when:
            return  # it was woken before
        queue.woken_at = None
        if queue.running >= self.knobs.concurrency:
            return  # an invocation that ends wakes it
        now, rng = self.schedule.now, self._rng
        if visible := queue.visible(now):
            picked = rng.sample(visible, min(len(visible), rng.randrange(self.knobs.batch) + 1))
            records = []
            for message in picked:
                if record := queue.receive(message, now):
                    records.append(record)
                else:
                    self._dead_lettered(queue)
            if records:
                self._invoke(queue, records)
            if queue.messages:
                self._wake(queue, now + int(rng.random() * self.knobs.quick * 2))
        elif queue.messages:
            self._wake(queue, min(message.visible_at for message in queue.messages.values()))

    def _invoke(self, queue: ModelQueue, records: list[dict[str, Any]]) -> None:
        self._invocations += 1
        queue.running += 1
        counts = self.schedule.counts
        counts["deliveries"] += len(records)
        counts["invocations"] += 1
        deadline = self.schedule.now + FUNCTION_SECONDS * SECOND
        body = partial(self._handle, queue, records, deadline)
        if self.schedule.tracing:
            self.schedule.say(f"#{self._invocations} takes {[record['messageId'] for record in records]}")
        self.schedule.start(self._invocations, body, deadline, partial(self._ended, queue))

    def _ended(self, queue: ModelQueue) -> None:
        queue.running -= 1
        self._wake(queue, self.schedule.now)

    def _handle(self, queue: ModelQueue, records: list[dict[str, Any]], deadline: int) -> None:
        schedule = self.schedule
        schedule.pause("start")
        try:
            report = self._call(records, deadline)
        except Exception as error:
            self.verdict.says("ours", f"the handler raised {error!r}")
            return
        schedule.counts["conflicts met"] += report.tally.conflicts
        schedule.counts["retries"] += report.tally.retries
        for failure in report.failures:
            if kind_of(failure.error) == OURS:
                self.verdict.says("ours", f"{failure.delivery.id} failed with {failure.error!r}")
        schedule.pause("acknowledge", report.settled)
        for record in records:
            if record["messageId"] in report.settled.reported:
                schedule.counts["deliveries returned"] += 1
            elif self._rng.random() > self.knobs.sqs_faults / 10:  # else its acknowledgement got lost
                queue.messages.pop(record["messageId"], None)

    def _call(self, records: list[dict[str, Any]], deadline: int) -> batch.Report:
        schedule = self.schedule

        def remaining() -> float:
            return (deadline - schedule.now) / SECOND

        return batch.handle(
            queues.deliveries({"Records": records}),
            Edges(
                control=ControlTable(self.control, TABLE),  # type: ignore[arg-type]
                opensearch=self.opensearch,
                objects=ObjectReader(self.s3, schedule.clock, remaining),  # type: ignore[arg-type]
                remaining=remaining,
                concurrently=self._in_any_order,
                sleep=lambda seconds: schedule.pause("sleep", seconds, at_least=int(seconds * SECOND)),
            ),
            batch.Queues(self.sqs, [q.settings for q in self.queues.values()], self.knobs.max_receives),  # type: ignore[arg-type]
            now=lambda: EPOCH.timestamp() + schedule.now / SECOND,
        )

    def _in_any_order(self, function: Any, items: Any, /) -> Any:
        """Do what `map` of a pool does, one at a time but in any order; each is paused by its own calls."""
        items = list(items)
        results: dict[int, Any] = {}
        for place in self._rng.sample(range(len(items)), len(items)):
            results[place] = function(items[place])
        return iter([results[place] for place in range(len(items))])
