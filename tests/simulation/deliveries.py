"""Messages and invocations: queues that hand batches to a handler, several at once, and what becomes of each batch."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from bucketdex.aws import queues
from bucketdex.aws.settings import Queue
from bucketdex.changes import batch
from bucketdex.changes import message as messages
from bucketdex.changes.outcome import Reconcile
from bucketdex.errors import OURS, kind_of
from simulation.knobs import SECOND, Pace
from simulation.model_queue import Message, ModelQueue, ModelSqs
from simulation.schedule import EPOCH, Schedule

Edges = Callable[[Callable[[], float]], Reconcile]  # of an invocation, from what tells its remaining seconds
Says = Callable[[str, str], None]


@dataclass(frozen=True)
class Function:
    """A function: `reconciling` makes what an invocation does with its hints, `time` is its timeout.

    `parse` reads the body of a message, `tell` is what is done with the report of an invocation.
    """

    reconciling: Edges
    time: int
    parse: Callable[[str], messages.Message] = messages.parse_message
    tell: Callable[[batch.Report], object] = lambda _: None


class Deliveries:
    """The queues of a world, and the function that is invoked with what is in each.

    `bad` are messages that nobody can process, with a part of the reason that must be given.
    """

    def __init__(self, schedule: Schedule, pace: Pace, functions: Mapping[str, Function], says: Says) -> None:
        self.queues = {name: ModelQueue(name, pace.visibility, pace.max_receives) for name in functions}
        self.sqs = ModelSqs(
            schedule, list(self.queues.values()), pace.sqs_faults, self._dead_lettered, self.send, pace.second
        )
        self.bad: dict[str, str] = {}
        self.listeners: list[Says] = []  # are told the queue and the body of each message
        self._schedule, self._rng, self._pace = schedule, schedule.rng, pace
        self._functions, self._says = functions, says
        self._messages = 0
        self._invocations = 0

    @property
    def settings(self) -> list[Queue]:
        """What the function is told of its queues."""
        return [queue.settings for queue in self.queues.values()]

    def send(self, queue_name: str, body: str, delay: int = 0) -> str:
        """Put a message into a queue, to be seen after a time; return its id."""
        self._messages += 1
        for listener in self.listeners:
            listener(queue_name, body)
        queue, now = self.queues[queue_name], self._schedule.now
        message = Message(f"m{self._messages}", body, now, now + delay)
        queue.messages[message.id] = message
        if self._schedule.tracing:
            self._schedule.say(f"{message.id} to {queue_name}{f' after {delay / SECOND} s' if delay else ''}: {body}")
        self._wake(queue, now + delay)
        return message.id

    def send_bad(self, body: str, reason: str) -> None:
        """Send what nobody can process to any of the queues."""
        self.bad[self.send(self._rng.choice(tuple(self.queues)), body)] = reason

    def in_any_order(self, function: Any, items: Any, /) -> Any:
        """Do what `map` of a pool does, one at a time but in any order; each is paused by its own calls."""
        items = list(items)
        results: dict[int, Any] = {}
        for place in self._rng.sample(range(len(items)), len(items)):
            results[place] = function(items[place])
        return iter([results[place] for place in range(len(items))])

    def sleep(self, seconds: float) -> None:
        """Let a running invocation wait."""
        self._schedule.pause("sleep", seconds, at_least=int(seconds * SECOND))

    def _dead_lettered(self, queue: ModelQueue) -> None:
        """Replay what was set aside for want of receives, as an operator does."""
        letter = queue.dead[-1]
        self._schedule.counts["dead letters"] += 1
        if letter.message_id not in self.bad and letter.reason.get("Kind") != "permanent":
            self._schedule.at(self._schedule.now + SECOND, partial(self.send, queue.name, letter.body))

    def _wake(self, queue: ModelQueue, when: int) -> None:
        if queue.woken_at is None or when < queue.woken_at:
            queue.woken_at = when
            self._schedule.at(when, partial(self._poll, queue, when))

    def _poll(self, queue: ModelQueue, when: int) -> None:
        if queue.woken_at != when:
            return  # it was woken before
        queue.woken_at = None
        if queue.running >= self._pace.concurrency:
            return  # an invocation that ends wakes it
        now, rng = self._schedule.now, self._rng
        if visible := queue.visible(now):
            picked = rng.sample(visible, min(len(visible), rng.randrange(self._pace.batch) + 1))
            records = []
            for message in picked:
                if record := queue.receive(message, now):
                    records.append(record)
                else:
                    self._dead_lettered(queue)
            if records:
                self._invoke(queue, records)
            if queue.messages:
                self._wake(queue, now + int(rng.random() * self._pace.quick * 2))
        elif queue.messages:
            self._wake(queue, min(message.visible_at for message in queue.messages.values()))

    def _invoke(self, queue: ModelQueue, records: list[dict[str, Any]]) -> None:
        self._invocations += 1
        queue.running += 1
        counts = self._schedule.counts
        counts["deliveries"] += len(records)
        counts["invocations"] += 1
        deadline = self._schedule.now + self._functions[queue.name].time
        body = partial(self._handle, queue, records, deadline)
        if self._schedule.tracing:
            self._schedule.say(f"#{self._invocations} takes {[record['messageId'] for record in records]}")
        self._schedule.start(self._invocations, body, deadline, partial(self._ended, queue))

    def _ended(self, queue: ModelQueue) -> None:
        queue.running -= 1
        self._wake(queue, self._schedule.now)

    def _handle(self, queue: ModelQueue, records: list[dict[str, Any]], deadline: int) -> None:
        schedule = self._schedule
        schedule.pause("start")
        function = self._functions[queue.name]
        try:
            report = batch.handle(
                queues.deliveries({"Records": records}),
                function.reconciling(lambda: (deadline - schedule.now) / SECOND),
                batch.Queues(self.sqs, self.settings, self._pace.max_receives),  # type: ignore[arg-type]
                now=lambda: EPOCH.timestamp() + schedule.now / SECOND,
                parse=function.parse,
            )
            function.tell(report)
        except Exception as error:
            self._says("ours", f"the handler raised {error!r}")
            return
        schedule.counts["conflicts met"] += report.tally.conflicts
        schedule.counts["retries"] += report.tally.retries
        schedule.counts.update(report.tally.counts)
        for failure in report.failures:
            if schedule.tracing:
                schedule.say(f"{failure.delivery.id} failed: {failure.error}")
            if kind_of(failure.error) == OURS:
                self._says("ours", f"{failure.delivery.id} failed with {failure.error!r}")
        schedule.pause("acknowledge", report.settled)
        for record in records:
            if record["messageId"] in report.settled.reported:
                schedule.counts["deliveries returned"] += 1
            elif self._rng.random() > self._pace.sqs_faults / 10:  # else its acknowledgement got lost
                queue.messages.pop(record["messageId"], None)
