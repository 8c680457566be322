"""One world in which notifications go missing, and the trail and the checks make up for it."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from bucketdex.buckets.notification import rule
from bucketdex.changes.batch import Report
from bucketdex.changes.hint import Hint
from bucketdex.changes.outcome import Reconcile
from bucketdex.changes.sending import MESSAGE_KEYS, send
from bucketdex.check import buckets as checking
from bucketdex.check.due import Signs, due
from bucketdex.control import ControlTable, Generation
from bucketdex.control.checks import Checks
from bucketdex.control.live import Live
from bucketdex.errors import Transient
from bucketdex.index.generations import PACKAGES, READS
from bucketdex.index.mappings import OBJECTS_VERSION
from bucketdex.objects.observe import ObjectReader, Observation
from bucketdex.trail import files
from bucketdex.trail.edges import KEYS_EACH, Edges
from bucketdex.trail.messages import parser, read_messages
from simulation import knobs
from simulation.deliveries import Function
from simulation.knobs import SECOND
from simulation.model_control import TABLE
from simulation.model_index import ModelOpenSearch
from simulation.replacing import replaced
from simulation.schedule import Trace
from simulation.trail.calls import OWN_ROLE, Calls
from simulation.trail.knobs import HOUR, Knobs, draw
from simulation.trail.model_control import TrailDynamoDb
from simulation.trail.model_index import PACKAGES_INDEX, READS_INDEX, TrailSearch
from simulation.trail.model_s3 import TrailS3
from simulation.trail.service import TRAIL_FILES, Service
from simulation.trail.verdict import TrailVerdict
from simulation.trail.writers import TrailWriters
from simulation.verdict import Result
from simulation.world import BUCKETS, BULK, LIVE, MOST_STEPS
from simulation.world import World as ObjectsWorld

READ_SECONDS = CHECK_SECONDS = 900  # timeouts of the functions
QUEUE_ARN = "arn:aws:sqs:us-east-1:1:ObjectEvents"
MOST_CHECKS = 200  # invocations until every check that is due is done; each may crash
AGAIN = 60 * SECOND  # until one that failed is started again


class Reader(ObjectReader):
    """Tells of each key that is looked at."""

    def __init__(
        self, s3: Any, clock: Callable[[], datetime], remaining: Callable[[], float], looks_at: Callable[[Hint], None]
    ) -> None:
        super().__init__(s3, clock, remaining)
        self._looks_at = looks_at

    def observe(self, hint: Hint) -> Observation:
        """Look at a key."""
        self._looks_at(hint)
        return super().observe(hint)


class World(ObjectsWorld):
    """All that there is, in one place, from one seed."""

    seeded_as = "trail/"
    generations = (Generation("objects-1", OBJECTS_VERSION), Generation("objects-2", OBJECTS_VERSION, read=False))

    def __init__(self, seed: int, number: int, trace: Trace | None = None) -> None:
        super().__init__(seed, number, trace)
        self._checks = 0
        self.service.torn = self.deliveries.bad
        if self.schedule.tracing:
            self.schedule.say(str(self.trail))

    def run(self) -> Result:
        """Let everything happen, with the sizes of the code under test scaled down."""
        pages = {"page_keys": self.trail.page, "page_documents": self.trail.page}
        with (
            replaced(files, "SEGMENT", lambda _: self.trail.segment),
            replaced(files, "HINTS", lambda _: self.trail.hints),
            replaced(checking, "compare", lambda original: partial(original, **pages)),
        ):
            return super().run()

    def _draw(self) -> knobs.Knobs:
        self.trail: Knobs
        objects, self.trail = draw(self._rng)
        return objects

    def _make_control(self) -> TrailDynamoDb:
        self.control: TrailDynamoDb
        control = TrailDynamoDb(self.schedule, self.knobs.control_faults)
        control.by_trail = self.trail.by_trail
        control.of_other_kinds = {READS: (Generation(READS_INDEX, 1),), PACKAGES: (Generation(PACKAGES_INDEX, 1),)}
        self.live = Live(control, TABLE, self.schedule.clock)  # type: ignore[arg-type]
        self.checks = Checks(control, TABLE, self.schedule.clock)  # type: ignore[arg-type]
        return control

    def _make_s3(self) -> TrailS3:
        s3 = TrailS3(self.schedule, self.knobs.s3_faults, self._rng, self.trail)
        self.service = Service(self.schedule, self._rng, self.trail, self._send)
        s3.files = self.service.files
        self.calls = Calls(self.schedule, self._rng, self.trail.skew, self.service.leave)
        s3.read_by_us = self.calls.read_by_us
        right = {"QueueConfigurations": [rule(QUEUE_ARN)]} if self.trail.verified else {}
        s3.rules = dict.fromkeys(BUCKETS, right)
        return s3

    def _send(self, queue: str, body: str) -> str:
        return self.deliveries.send(queue, body)

    def _functions(self) -> dict[str, Function]:
        functions = super()._functions()
        index_objects = Function(functions[LIVE].reconciling, functions[LIVE].time, tell=self._note)
        read_trail = Function(self._reading, READ_SECONDS * SECOND, parser(self.trail.identities))
        return functions | {LIVE: index_objects, BULK: index_objects, TRAIL_FILES: read_trail}

    def _note(self, report: Report) -> None:
        self.schedule.counts["hints known"] += [it.state for it in report.outcomes.values()].count("known")
        try:
            self.live.note(report.live)
        except Transient:
            self.schedule.counts["signs of life not noted"] += 1

    def _make_writers(self) -> TrailWriters:
        self.writers: TrailWriters
        return TrailWriters(
            self.schedule, (self.knobs, self.trail), self.s3, self.names, self.deliveries.send, self.calls
        )

    def _make_verdict(self) -> TrailVerdict:
        lost_claims = self.hashers.ledger.lost
        verdict = TrailVerdict(self.schedule, self.s3, self.control, self.writers, self.names, lost_claims)
        verdict.calls, verdict.truth = self.calls, self.service.truth
        verdict.identities, verdict.told = self.trail.identities, {}
        self.deliveries.listeners.append(verdict.hear)
        return verdict

    def _make_opensearch(self) -> ModelOpenSearch:
        opensearch = TrailSearch(self.schedule, self.knobs, self.verdict.watch)
        opensearch.begin()
        return opensearch

    def _make_reader(self, remaining: Callable[[], float]) -> "Reader":
        return Reader(self.s3, self.schedule.clock, remaining, self._looks_at)

    def _looks_at(self, hint: Hint) -> None:
        """Count looks at S3; of those that the trail alone causes, in a healthy world, there are to be few."""
        versioned = self.s3.versioning[hint.bucket] == "versioned"
        where = "in a healthy world" if self._is_healthy() and versioned else "elsewhere"
        why = "for the trail alone" if hint.claims is not None else "for other reasons"
        self.schedule.counts[f"looks {where} {why}"] += 1

    # What runs beside the functions of objects.

    def _reading(self, remaining: Callable[[], float]) -> Reconcile:
        edges = Edges(
            control=ControlTable(self.control, TABLE),  # type: ignore[arg-type]
            opensearch=self.opensearch,  # type: ignore[arg-type]
            send=self._sender(BULK, keys_each=3 if self.knobs.fails else KEYS_EACH),
            want_check=self.checks.want,
            now=self.schedule.clock,
            remaining=remaining,
            identities=self.trail.identities,
            own_roles=(OWN_ROLE,),
            delay_seconds=self.trail.trail_delay,
            sleep=self.deliveries.sleep,
        )
        return partial(read_messages, edges, self.s3)  # type: ignore[arg-type]

    def _sender(self, queue: str, keys_each: int = MESSAGE_KEYS) -> Callable[..., int]:
        url = self.deliveries.queues[queue].settings.url
        return partial(send, self.deliveries.sqs, url, keys_each=keys_each)  # type: ignore[arg-type]

    def _settle(self) -> None:
        """Let everything come, then the checks, then what they sent."""
        schedule = self.schedule
        if self._rng.random() < 0.5:
            schedule.at(schedule.now + int(self._rng.random() ** 2 * HOUR), self._look)
        schedule.run(MOST_STEPS)
        daily = self.writers.hidden or self.service.hidden
        self.writers.hidden = self.service.hidden = False
        self._done = False
        schedule.at(schedule.now + (23 * HOUR if daily else HOUR), self._look)
        for _ in range(MOST_CHECKS):
            schedule.run(MOST_STEPS)
            if self._done:
                return
            schedule.at(schedule.now + AGAIN, self._look)
        self.verdict.says("does not settle", "checks are never done")

    def _look(self) -> None:
        """Run `check_buckets`, as its schedule does each hour."""
        self._checks += 1
        deadline = self.schedule.now + CHECK_SECONDS * SECOND
        body = partial(self._check, lambda: (deadline - self.schedule.now) / SECOND)
        self.schedule.start(-1_000_000 - self._checks, body, deadline, lambda: None)

    def _check(self, remaining: Callable[[], float]) -> None:
        schedule = self.schedule
        schedule.pause("start")
        control = ControlTable(self.control, TABLE)  # type: ignore[arg-type]
        signs = Signs(self.s3, self.live, lambda: QUEUE_ARN)  # type: ignore[arg-type]
        edges = checking.Edges(self.s3, self.opensearch, control, self._sender(BULK), remaining)  # type: ignore[arg-type]
        try:
            found = due(control.buckets(), self.checks, signs, schedule.clock())
            report = checking.check(edges, self.checks, found.buckets)
        except Transient:
            return
        except Exception as error:
            self.verdict.says("ours", f"a check raised {error!r}")
            return
        for failure in (*found.failures.values(), *report.failures.values()):
            if not isinstance(failure, Transient):
                self.verdict.says("ours", f"a check failed with {failure!r}")
        counts = schedule.counts
        counts["buckets checked"] += len(report.checked)
        counts["checks spared"] += len(found.verified)
        counts["keys found by checks"] += sum(report.differing.values())
        self._done = not found.failures and not report.failures and set(report.checked) >= set(found.buckets)

    def _connect(self, bucket: str) -> None:
        self.control.added[bucket] = self.schedule.clock()
        super()._connect(bucket)

    def _judge(self) -> None:
        super()._judge()
        if self._is_alarmed_for_nothing():
            self.verdict.says("false alarm", "notifications are said to be missing, and none is")

    def _is_alarmed_for_nothing(self) -> bool:
        """Whether the trail is said to have known alone where no notification is missing or expected, or late."""
        return bool(self.schedule.counts["OnlyTrailKnew"]) and (self.trail.by_trail or self._is_healthy())

    def _is_healthy(self) -> bool:
        """Whether no notification is missing, and what they tell of is indexed before the trail tells of it."""
        return self.trail.healthy and not self.knobs.fails and not self.schedule.counts["timeouts"]
