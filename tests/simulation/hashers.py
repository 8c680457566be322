"""Those who hash: the function that takes requests, and the state machine that it hands large objects on to."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import msgspec
from botocore.exceptions import ClientError

from bucketdex.changes.hint import Hint, ObjectName
from bucketdex.changes.outcome import Outcome, Reconcile, Tally
from bucketdex.changes.sending import send
from bucketdex.control import ControlTable
from bucketdex.digests import ranges
from bucketdex.digests.edges import Edges, Rate
from bucketdex.digests.ledger import Ledger
from bucketdex.digests.reading import Abandoned
from bucketdex.digests.requests import Requests, hash_requests
from bucketdex.errors import Transient
from simulation.deliveries import Deliveries
from simulation.knobs import SECOND, Knobs
from simulation.model_control import TABLE, ModelDynamoDb
from simulation.model_ledger import ModelLedger
from simulation.model_s3 import ModelS3
from simulation.schedule import EPOCH, Schedule

HASH_SECONDS = 300  # timeout of the functions
AGAIN = 5 * SECOND  # until a step that failed is tried again


class Hashers:
    """The two functions, and executions by name: True while they run."""

    def __init__(
        self, schedule: Schedule, knobs: Knobs, s3: ModelS3, control: ModelDynamoDb, says: Callable[[str, str], None]
    ) -> None:
        self.ledger = ModelLedger(schedule, knobs.control_faults)
        self.deliveries: Deliveries
        self.bulk_events_url = ""
        self._schedule, self._knobs, self._s3, self._control, self._says = schedule, knobs, s3, control, says
        self._executions: dict[str, bool] = {}
        self._rate = Rate()
        self._steps = 0

    def reconciling(self, remaining: Callable[[], float]) -> Reconcile:
        """Return what an invocation does with its requests."""
        edges = self._edges(remaining)
        control = ControlTable(self._control, TABLE)  # type: ignore[arg-type]
        given = Requests(edges, control, self._start, self._knobs.whole_bytes)

        def counted(hints: Iterable[Hint], tally: Tally) -> dict[ObjectName, Outcome]:
            outcomes = hash_requests(given, hints, tally)
            for outcome in outcomes.values():
                self._schedule.counts[f"digests {outcome.state}"] += 1
            return outcomes

        return counted

    def _edges(self, remaining: Callable[[], float]) -> Edges:
        return Edges(
            s3=self._s3,
            ledger=Ledger(self.ledger, TABLE, self._now),  # type: ignore[arg-type]
            tell=partial(send, self.deliveries.sqs, self.bulk_events_url, keys_each=1),  # type: ignore[arg-type]
            remaining=remaining,
            now=self._now,
            sleep=self.deliveries.sleep,
            rate=self._rate,
        )

    def _now(self) -> float:
        return EPOCH.timestamp() + self._schedule.now / SECOND

    def _start(self, name: str, given: str) -> bool:
        self._schedule.pause("StartExecution", name)
        if name not in self._executions:
            self._executions[name] = True
            self._schedule.at(self._schedule.now + 1, partial(self._run, name, msgspec.json.decode(given)))
        return self._executions[name]

    def _run(self, name: str, given: dict[str, Any]) -> None:
        """Run the steps of an execution, again and again until all went well; what is done is not done again."""
        self._steps += 1
        deadline = self._schedule.now + HASH_SECONDS * SECOND
        self._schedule.start(
            -self._steps, partial(self._go, name, given, deadline), deadline, partial(self._over, name, given)
        )

    def _go(self, name: str, given: dict[str, Any], deadline: int) -> None:
        self._schedule.pause("start")
        edges = self._edges(lambda: (deadline - self._schedule.now) / SECOND)
        steps = [{"step": "range", "number": number, "object": given["object"]} for number in given["ranges"]]
        try:
            for step in (*steps, {"step": "combine", "object": given["object"]}):
                ranges.step(ranges.Steps(edges, ControlTable(self._control, TABLE), None, ""), step)  # type: ignore[arg-type]
        except Abandoned:
            self._schedule.counts["executions abandoned"] += 1
        except ClientError:  # it would be set aside, for an operator to replay; here the repair asks for it anew
            it = msgspec.convert(given["object"], ranges.Huge)
            edges.ledger.let_go(it.id, it.runs)
        except Transient:
            return
        except Exception as error:
            self._says("ours", f"a step of {name} raised {error!r}")
        self._executions[name] = False

    def _over(self, name: str, given: dict[str, Any]) -> None:
        if self._executions[name]:
            self._schedule.at(self._schedule.now + AGAIN, partial(self._run, name, given))
