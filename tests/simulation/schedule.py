"""Who goes on next, and when: the clock of a world, and its invocations, each in a greenlet of its own.

Every call that a handler makes to a model pauses it for a random time, mostly short and sometimes long. Whatever is due
first goes on, so each interleaving of calls can happen. An invocation can crash at any of its pauses, and does when its
time is up.
"""

import heapq
import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from greenlet import GreenletExit, getcurrent, greenlet

from simulation.knobs import SECOND, Pace

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
STORM_STEPS = 8_000  # after so many nobody stalls or crashes any more: what always crashes never settles
Trace = Callable[[str], None]


class DoesNotSettleError(Exception):
    """There is no end to what happens in this world."""


class Schedule:
    """A clock and what is due."""

    def __init__(self, rng: random.Random, pace: Pace, trace: Trace | None) -> None:
        self.rng = rng
        self.now = 0
        self.counts: Counter[str] = Counter()
        self.tracing = trace is not None
        self._trace = trace
        self._random = rng.random
        self._quick, self._crash = pace.quick, pace.crash
        self._stall, self._stall_time, self._stalls_before = pace.stall, pace.stall_time, pace.stalls_before
        self._due: list[tuple[int, int, Callable[[], None]]] = []
        self._number = 0
        self._running: Invocation | None = None
        self._loop = getcurrent()

    def at(self, when: int, action: Callable[[], None]) -> None:
        """Do this at that time."""
        self._number += 1
        heapq.heappush(self._due, (when, self._number, action))

    def pause(self, what: str, about: object = "", at_least: int = 0) -> None:
        """Let others go on before the running invocation does what it is about to do."""
        running = self._running
        if running is None or running.greenlet is not getcurrent():
            raise AssertionError(f"{what} is called from outside of a running invocation")
        if running.killed:  # what would be cleaned up is not
            raise GreenletExit
        if self._random() < self._stall and self._stalls_before in ("", what):
            wait = int(self._stall_time * self._random())
        else:
            wait = int(self._quick * self._random())
        running.about_to = what
        self.at(self.now + max(wait, at_least), running.resume)
        self._loop.switch()
        if self.tracing:
            self.say(f"{what} {about}")

    def say(self, what: str) -> None:
        """Tell a step, when somebody listens."""
        if self._trace:
            who = f"#{self._running.number}" if self._running else "-"
            self._trace(f"{self.now / SECOND:12.6f} {who:>5} {what}")

    def clock(self) -> datetime:
        """Return the time as the code under test sees it."""
        return EPOCH + timedelta(microseconds=self.now)

    def run(self, most_steps: int) -> None:
        """Go on until nothing is due."""
        due, steps, until_calm = self._due, 0, (self._stall, self._crash)
        while due:
            steps += 1
            if steps == STORM_STEPS:
                self._stall = self._crash = 0.0
            if steps > most_steps:
                raise DoesNotSettleError(f"after {most_steps} steps there is still something to do")
            when, _, action = heapq.heappop(due)
            self.now = max(self.now, when)
            action()
        self._stall, self._crash = until_calm
        self.counts["steps"] += steps

    def start(self, number: int, body: Callable[[], None], deadline: int, ended: Callable[[], None]) -> None:
        """Start an invocation now; `ended` is called when it has returned, crashed or run out of time."""
        Invocation(self, number, body, deadline, ended).resume()

    def crashes(self, invocation: "Invocation") -> str | None:
        """Return how the invocation ends before it can do what it is about to do, if it does."""
        if self.now > invocation.deadline:
            return "timeouts"
        return "crashes" if self._crash and self._random() < self._crash else None

    def enter(self, invocation: "Invocation | None") -> None:
        """Make this the running invocation."""
        self._running = invocation


class Invocation:
    """One run of a handler."""

    __slots__ = ("about_to", "deadline", "ended", "greenlet", "killed", "number", "schedule")

    def __init__(
        self, schedule: Schedule, number: int, body: Callable[[], None], deadline: int, ended: Callable[[], None]
    ):
        self.schedule, self.number, self.deadline, self.ended = schedule, number, deadline, ended
        self.about_to = "start"
        self.killed = False
        self.greenlet = greenlet(body)

    def resume(self) -> None:
        """Go on until the next pause or the end."""
        schedule = self.schedule
        schedule.enter(self)
        if end := schedule.crashes(self):
            schedule.counts[end] += 1
            schedule.counts[f"crashes before {self.about_to}"] += 1
            if schedule.tracing:
                schedule.say(f"is killed ({end}) before {self.about_to}")
            self.killed = True
            self.greenlet.throw()
        else:
            self.greenlet.switch()
        schedule.enter(None)
        if self.greenlet.dead:
            self.ended()
