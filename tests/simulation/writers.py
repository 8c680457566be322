"""What happens to the buckets, and how it is told: operations, events that come late, twice or not at all, facts."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from simulation.contents import CONTENTS, REFUSED, WHOLE, Content
from simulation.knobs import SECOND, Knobs
from simulation.model_s3 import NULL, Identity, ModelS3, Name, Version
from simulation.schedule import Schedule
from simulation.tellings import Change, body, late_form, live_form

LIVE, BULK = "ObjectEvents", "BulkEvents"
LATEST = 60 * SECOND  # until another source tells what was dropped
LONGEST_DENIAL = 30 * SECOND
Send = Callable[[str, str], None]


class Facts:
    """All that was ever told about versions: by identity, when it was sent, and what it said."""

    def __init__(self) -> None:
        self.told: dict[Identity, list[tuple[int, dict[str, Any]]]] = {}

    def add(self, name: Name, fact: dict[str, Any], now: int) -> None:
        """Keep what is being sent."""
        identity = (name, fact.get("version_id") or NULL, fact["etag"])
        self.told.setdefault(identity, []).append((now, fact))

    def about(self, name: Name, version: Version) -> list[tuple[int, dict[str, Any]]]:
        """Return what was told of a version, or of another that cannot be told from it."""
        assert version.content
        return self.told.get((name, version.id, version.content.etag), [])


class Writers:
    """Those who change objects, and the sources that tell of it; `late_form` is how another source tells it later."""

    late_form = staticmethod(late_form)

    def __init__(self, schedule: Schedule, knobs: Knobs, s3: ModelS3, names: Sequence[Name], send: Send) -> None:
        self.facts = Facts()
        self.lifted: dict[Name, int] = {}
        self._schedule, self._rng = schedule, schedule.rng
        self._knobs, self._s3, self._names, self._send = knobs, s3, names, send
        self._contents: list[Content] = [
            *schedule.rng.sample(CONTENTS, 3),
            *([REFUSED] if schedule.rng.random() < 0.3 else []),
        ]
        self._held: list[Change] = []
        self._made: dict[Name, list[Version]] = {}
        self._numbers = 0
        usual = [self._put, self._delete, self._recreate, self._short_lived, self._put_several]
        rare = [self._tag, self._archive, self._delete_version, self._look, self._fact_about_any]
        # Each world has a few kinds of operations of its own, so that those that hide others are sometimes absent.
        some = schedule.rng.sample(usual, schedule.rng.randrange(1, 5)) * 3
        self._operations = some + schedule.rng.sample(rare, schedule.rng.randrange(4))

    def burst(self, start: int) -> int:
        """Spread operations on some of the keys over time; return when the last will be done."""
        rng, when = self._rng, start
        names = self._names if rng.random() < 0.3 else rng.sample(self._names, 1)
        for _ in range(self._knobs.operations):
            when += int(rng.expovariate(1 / self._knobs.gap))
            self._schedule.at(when, partial(self._operate, names))
        return when

    def _operate(self, names: Sequence[Name]) -> None:
        rng, name = self._rng, self._rng.choice(names)
        if rng.random() < self._knobs.denials:
            self._deny(name)
        elif rng.random() < 0.02:
            self._change_versioning(name[0])
        else:
            rng.choice(self._operations)(name)

    # Operations.

    def _put(self, name: Name) -> None:
        version = self._made_of(name)
        self._tell(name, "put", version)
        if self._rng.random() < self._knobs.facts:
            self._tell_facts(name, version)

    def _made_of(self, name: Name) -> Version:
        rng = self._rng
        metadata = {"sample": str(rng.randrange(3))} if rng.random() < 0.4 else {}
        tags = {"stage": rng.choice("abc")} if rng.random() < 0.4 else {}
        version = self._s3.put(name, rng.choice(self._contents), metadata, tags, rng.random() < 0.3)
        self._made.setdefault(name, []).append(version)
        if self._schedule.tracing:
            self._schedule.say(f"put {name}: {version}")
        return version

    def _put_several(self, name: Name) -> None:
        """Objects come together, and one message tells of them."""
        others = [other for other in self._names if other != name]
        several = [name, *self._rng.sample(others, min(len(others), 2))]
        versions = {one: self._made_of(one) for one in several}
        changes = [self._change(one, "put", version) for one, version in versions.items()]
        self._later(LIVE, self._late(), body(changes, live_form(self._rng, changes)))

    def _delete(self, name: Name) -> None:
        marker = self._s3.delete(name)
        self._tell(name, "mark" if marker else "delete", marker)

    def _recreate(self, name: Name) -> None:
        self._delete(name)
        self._schedule.at(self._schedule.now + self._soon(), partial(self._put, name))

    def _short_lived(self, name: Name) -> None:
        self._put(name)
        self._schedule.at(self._schedule.now + self._soon(), partial(self._delete, name))

    def _tag(self, name: Name) -> None:
        if version := self._s3.current(name):
            version.tags = {"stage": self._rng.choice("abc")} if self._rng.random() < 0.7 else {}
            self._tell(name, "tag", version)

    def _archive(self, name: Name) -> None:
        if version := self._s3.current(name):
            version.archived = not version.archived
            self._tell(name, "archive" if version.archived else "restore", version)

    def _delete_version(self, name: Name) -> None:
        if versions := self._s3.versions(name):
            version = self._rng.choice(versions[-2:])
            self._s3.delete_version(name, version)
            self._tell(name, "delete", version)

    def _look(self, name: Name) -> None:
        """Nothing happens, but a repair sends a hint."""
        self._schedule.at(self._schedule.now + self._late(), partial(self.repair, [name]))

    def _fact_about_any(self, name: Name) -> None:
        if made := self._made.get(name):
            self._tell_facts(name, self._rng.choice(made))

    def _change_versioning(self, bucket: str) -> None:
        now = self._s3.versioning[bucket]
        self._s3.versioning[bucket] = "suspended" if now == "versioned" else "versioned"

    def _deny(self, name: Name) -> None:
        if name not in self._s3.denied:
            self._schedule.counts["denials"] += 1
            self._s3.denied[name] = self._rng.choice(("get", "all"))
            if self._rng.random() < 0.7:
                self.repair([name])
            lifted = self._schedule.now + int(LONGEST_DENIAL * self._rng.random() ** 3)
            self._schedule.at(lifted, partial(self._lift, name))

    def _lift(self, name: Name) -> None:
        del self._s3.denied[name]
        self.lifted[name] = self._schedule.now
        self.repair([name])

    # Tellings.

    def repair(self, names: Sequence[Name]) -> None:
        """Send hints for these keys, as backfill and repair do."""
        changes = [self._change(name, "put", self._s3.current(name)) for name in names]
        self._rng.shuffle(changes)
        while changes:
            several = self._rng.randrange(1, 4)
            self._send(BULK, body(changes[:several], "backfill"))
            changes = changes[several:]

    def _flush(self) -> None:
        """Send what was held back to share a message."""
        if self._held:
            held, self._held = self._held, []
            self._later(LIVE, self._late(), body(held, live_form(self._rng, held)))

    def _tell(self, name: Name, what: str, version: Version | None) -> None:
        rng, knobs = self._rng, self._knobs
        if self._schedule.tracing and what != "put":
            self._schedule.say(f"{what} {name}: {version}")
        change = self._change(name, what, version)
        if rng.random() < knobs.duplicate:
            self._schedule.counts["events duplicated"] += 1
            again = (LIVE, live_form) if rng.random() < 0.7 else (BULK, self.late_form)
            self._later(again[0], self._late(), body([change], again[1](rng, [change])))
        if rng.random() < knobs.drop:
            self._schedule.counts["events dropped"] += 1
            self._later(BULK, int(LATEST * rng.random()), body([change], self.late_form(rng, [change])))
            return
        self._held.append(change)
        if rng.random() >= knobs.together or len(self._held) > 2:
            self._flush()
        else:
            self._schedule.at(self._schedule.now + self._late(), self._flush)

    def _change(self, name: Name, what: str, version: Version | None, **more: Any) -> Change:
        content = version.content if version else None
        self._numbers += 1
        return Change(
            *name,
            what,
            self._schedule.clock(),
            size=len(content.data) if content else None,
            version_id=self._shown_id(name, version) if version else None,
            etag=content.etag if content else None,
            sequencer=f"{self._numbers:016X}",
            **more,
        )

    def _shown_id(self, name: Name, version: Version) -> str | None:
        """Return a version id as events show it: none, or `null`, where there are no versions."""
        plain = self._s3.versioning[name[0]] == "unversioned"
        return None if plain and version.id == NULL and self._rng.random() < 0.7 else version.id

    def _tell_facts(self, name: Name, version: Version) -> None:
        about = [version]
        if self._rng.random() < 0.2:
            about.append(self._rng.choice(self._made[name]))
        facts = [self._fact(name, one) for one in about]
        only = self._rng.random() < 0.6
        change = self._change(name, "put", version, facts=tuple(facts), facts_only=only)
        for _ in range(2 if self._rng.random() < self._knobs.duplicate else 1):
            # Only what is sent now is held against the index.
            self._schedule.at(self._schedule.now + self._late(), partial(self._send_facts, name, change))

    def _send_facts(self, name: Name, change: Change) -> None:
        self._schedule.counts["facts told"] += len(change.facts)
        for fact in change.facts:
            self.facts.add(name, fact, self._schedule.now)
        self._send(BULK, body([change], "backfill"))

    def _fact(self, name: Name, version: Version) -> dict[str, Any]:
        assert version.content
        self._numbers += 1
        fact: dict[str, Any] = {"version_id": self._shown_id(name, version), "etag": version.content.etag}
        kind = self._rng.random()
        if kind < 0.7:
            fact["written_by"] = {"type": "IAMUser", "name": f"author {self._numbers}"}
        if kind > 0.4:
            # What is told of each version is another, so that it is seen when it is told of the wrong one.
            told = {"XXH3": f"made up {self._numbers}"}
            if len(version.content.data) <= WHOLE:  # the digests of others are to come from those who hash
                told["SHA256"] = version.content.sha256
            fact["checksums"] = [{"type": type_, "value": it, "origin": "computed"} for type_, it in told.items()]
        if self._rng.random() < 0.08:  # about a version that never was: nothing may come of it
            fact["etag" if self._rng.random() < 0.5 else "version_id"] = "another"
        return fact

    def _later(self, queue: str, delay: int, message: str) -> None:
        self._schedule.at(self._schedule.now + delay, partial(self._send, queue, message))

    def _late(self) -> int:
        return int(self._rng.expovariate(1 / self._knobs.delay))

    def _soon(self) -> int:
        """Return a time in which an event may reach a handler, and the handler may have come to any of its steps."""
        return int(self._rng.random() * (self._knobs.delay + 8 * self._knobs.quick))
