"""Schedules on this machine: each invokes its function again and again, whatever comes of it."""

import threading
import time
from datetime import UTC, datetime

from bucketdex.local.deployment import Deployment, EventSource, Function, Schedule
from bucketdex.local.functions import application
from bucketdex.local.functions.pool import FunctionError
from bucketdex.local.functions.schedules import Clock, event

FUNCTION = Function("F", "s-F", "arn", "app.handler", "/code", (), {}, 3, 1)


def schedule(seconds: float = 0.02, *, enabled: bool = True) -> Schedule:
    return Schedule("Hourly", "arn:aws:events:us-east-1:123456789012:rule/s-Hourly", seconds, "F", enabled)


class Pool:
    """A function that fails at first."""

    def __init__(self) -> None:
        self.events: list[dict[str, object]] = []
        self.thrice = threading.Event()

    def invoke(self, event):
        self.events.append(event)
        if len(self.events) == 1:
            raise FunctionError("Sandbox.Timedout", "too long")
        if len(self.events) == 3:
            self.thrice.set()


def test_a_function_is_invoked_again_and_again_also_after_it_failed():
    pool = Pool()
    clock = Clock(schedule(), pool)
    clock.start()
    assert pool.thrice.wait(10)
    clock.stop()
    time.sleep(0.1)
    told = len(pool.events)
    time.sleep(0.1)
    assert len(pool.events) == told
    assert len({it["id"] for it in pool.events}) == told


def test_nothing_happens_before_the_time_is_over_once():
    pool = Pool()
    clock = Clock(schedule(60), pool)
    clock.start()
    time.sleep(0.05)
    clock.stop()
    assert pool.events == []


def test_the_event_is_that_of_eventbridge():
    told = event(schedule(), datetime(2026, 5, 4, 3, 2, 1, 999_999, UTC))
    assert told.pop("id")
    assert told == {
        "version": "0", "detail-type": "Scheduled Event", "source": "aws.events", "account": "123456789012",
        "time": "2026-05-04T03:02:01Z", "region": "us-east-1", "detail": {},
        "resources": ["arn:aws:events:us-east-1:123456789012:rule/s-Hourly"],
    }  # fmt: skip


def test_a_function_of_queues_has_one_more_process_for_its_schedule():
    source = EventSource("Q", "Q", "", "", "F", 1, 0, 5, reports_item_failures=True, enabled=True)

    def processes(*sources: EventSource, clock: Schedule) -> int:
        return application.limit(FUNCTION, Deployment((FUNCTION,), sources, (), (), {}, schedules=(clock,)), 2)

    assert processes(clock=schedule()) == 2
    assert processes(source, clock=schedule()) == 3
    assert processes(source, clock=schedule(enabled=False)) == 2
