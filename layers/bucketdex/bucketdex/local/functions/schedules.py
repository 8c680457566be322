"""Schedules of the template: each invokes its function again and again, with the event of EventBridge."""

import logging
import threading
import uuid
from datetime import UTC, datetime
from typing import Any

from bucketdex.local.aws import ACCOUNT, REGION
from bucketdex.local.deployment import Schedule
from bucketdex.local.functions.pool import FunctionError, FunctionPool

log = logging.getLogger(__name__)


class Clock:
    """The thread of one schedule. The first event comes when its time is over once, as with a rule that is new."""

    def __init__(self, schedule: Schedule, function: FunctionPool) -> None:
        self._schedule, self._function = schedule, function
        self._stopping = threading.Event()

    def start(self) -> None:
        """Begin to wait."""
        threading.Thread(target=self._run, name=self._schedule.logical_id, daemon=True).start()

    def stop(self) -> None:
        """Invoke no more; an invocation under way goes on."""
        self._stopping.set()

    def _run(self) -> None:
        # An invocation that takes longer than the schedule's time delays the next, where AWS would run both.
        while not self._stopping.wait(self._schedule.seconds):
            try:
                self._function.invoke(event(self._schedule, datetime.now(UTC)))
            except FunctionError as error:  # the next time comes; AWS would try this one twice more
                log.warning("%s: %s failed: %s", self._schedule.logical_id, self._schedule.function, error)


def event(schedule: Schedule, now: datetime) -> dict[str, Any]:
    """Return the event in which EventBridge tells a function that it is time."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [schedule.arn],
        "detail": {},
    }
