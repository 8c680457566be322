"""Those who change objects, through calls that are recorded, where notifications go missing."""

from collections.abc import Sequence
from typing import Any

from simulation import knobs
from simulation.model_s3 import NULL, ModelS3, Name, Version
from simulation.schedule import Schedule
from simulation.tellings import body, live_form
from simulation.trail.calls import Calls
from simulation.trail.knobs import Knobs
from simulation.writers import LIVE, Send, Writers


class TrailWriters(Writers):
    """Writers of which nobody but the trail tells, at times."""

    late_form = staticmethod(lambda *_: "backfill")  # what the trail tells comes through it here

    def __init__(
        self, schedule: Schedule, paces: tuple[knobs.Knobs, Knobs], s3: ModelS3, names: Sequence[Name],
        send: Send, calls: Calls,
    ) -> None:  # fmt: skip
        super().__init__(schedule, paces[0], s3, names, send)
        self.hidden = False  # whether something happened that nothing but the daily check finds
        self._trail, self._calls = paces[1], calls

    def _operate(self, names: Sequence[Name]) -> None:
        rng, trail = self._rng, self._trail
        if rng.random() < trail.reading:
            self._read(rng.choice(names))
        if rng.random() < trail.failing:
            self._calls.failed(rng.choice(self._names))
        if rng.random() < trail.sweeping:
            self._sweep(rng.choice(names))
        elif rng.random() < trail.expiring:
            self._expire(rng.choice(names))
        else:
            super()._operate(names)

    # Operations.

    def _read(self, name: Name) -> None:
        for _ in range(self._rng.randrange(1, 4)):
            self._calls.read(name)

    def _made_of(self, name: Name) -> Version:
        version = super()._made_of(name)
        self._calls.made(name, version)
        return version

    def _put_several(self, name: Name) -> None:
        others = [other for other in self._names if other != name]
        several = [name, *self._rng.sample(others, min(len(others), 2))]
        changes = [self._change(one, "put", self._made_of(one)) for one in several]
        if told := [change for change in changes if not self._goes_missing()]:
            self._later(LIVE, self._late(), body(told, live_form(self._rng, told)))

    def _sweep(self, name: Name) -> None:
        """Delete several keys of a bucket by one call, whose record names none of them."""
        self._schedule.counts["sweeps"] += 1
        keys = [one for one in self._names if one[0] == name[0]]
        for one in self._rng.sample(keys, self._rng.randrange(1, len(keys) + 1)):
            marker = self._s3.delete(one)
            if not self._tell_unless_missing(one, "mark" if marker else "delete", marker):
                self.hidden |= self._trail.verified  # so that nobody sees a need to check
        self._calls.swept(name[0])

    def _expire(self, name: Name) -> None:
        """The lifecycle deletes, which leaves no record."""
        if self._s3.current(name):
            self._schedule.counts["expired"] += 1
            marker = self._s3.delete(name)
            self.hidden |= not self._tell_unless_missing(name, "mark" if marker else "delete", marker)

    # Tellings.

    def _tell(self, name: Name, what: str, version: Version | None) -> None:
        match what:
            case "mark":
                self._calls.deleted(name, version)
            case "delete" if version:
                self._calls.deleted_version(name, version)
            case "delete":
                self._calls.deleted(name, None)
            case "tag" if version:
                self._calls.tagged(name, version)
            case "restore" if version:
                self._calls.restored(name, version)
        if not self._tell_unless_missing(name, what, version):
            self.hidden |= what == "archive"  # the lifecycle's work leaves no record

    def _tell_unless_missing(self, name: Name, what: str, version: Version | None) -> bool:
        if self._goes_missing():
            if self._schedule.tracing:
                self._schedule.say(f"{what} {name}: {version}, of which no notification tells")
            return False
        super()._tell(name, what, version)
        return True

    def _goes_missing(self) -> bool:
        missing = self._rng.random() < self._trail.missing
        self._schedule.counts["notifications missing"] += missing
        return missing

    def _fact(self, name: Name, version: Version) -> dict[str, Any]:
        """Say of a version who wrote it only where no record can: where its id is that of others too."""
        fact = super()._fact(name, version)
        if "written_by" in fact:
            if version.id == NULL and fact.get("version_id") in (None, NULL):
                fact["written_at"] = version.modified
            else:
                del fact["written_by"]
        return fact
