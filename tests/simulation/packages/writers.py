"""What happens to the registries and how it is told: operations, settings, hints that come late or twice."""

from collections.abc import Callable, Sequence
from functools import partial

from bucketdex.manifest.layout import LATEST, PACKAGES, manifest_key, pointed_at, pointer_key
from simulation.contents import Content
from simulation.knobs import SECOND
from simulation.model_control import ModelDynamoDb
from simulation.model_s3 import ModelS3, Name
from simulation.packages.contents import JUNK, LONG, MANIFESTS, NEVER, Manifest, pointing_at
from simulation.packages.knobs import Knobs
from simulation.schedule import Schedule
from simulation.tellings import Change, body

QUEUE = "PackageEvents"
HANDLES = ("lab/screen", "lab/plates", "team/results", "no handle/at all")
REVISIONS = ("1700000000", "1700000001")
LONGEST_DROP = 60 * SECOND  # until a repair tells what was dropped
LONGEST_DENIAL = 30 * SECOND
Send = Callable[[str, str], object]


class Writers:
    """Those who change registries and settings, and the hints that tell of it."""

    def __init__(
        self,
        schedule: Schedule,
        knobs: Knobs,
        s3: ModelS3,
        control: ModelDynamoDb,
        buckets: Sequence[str],
        send: Send,
    ) -> None:
        self._schedule, self._rng, self._knobs = schedule, schedule.rng, knobs
        self._s3, self._control, self._buckets, self._send = s3, control, buckets, send
        rng = self._rng
        self.manifests: list[Manifest] = rng.sample(MANIFESTS, knobs.manifests)
        self._named = [manifest.top_hash for manifest in self.manifests]
        if rng.random() < 0.2:
            self._named.append(NEVER)
        self.handles = HANDLES[: knobs.handles]
        usual = [self._point, self._put_manifest, self._switch, self._push, self._move_away_and_back]
        rare = [self._put_another, self._delete_manifest, self._delete_pointer, self._short_lived, self._recreate,
                self._revision, self._junk, self._look, self._replace_and_put_back]  # fmt: skip
        # Each world has a few kinds of operations of its own, so that those that hide others are sometimes absent.
        self._operations = rng.sample(usual, rng.randrange(1, 5)) * 3 + rng.sample(rare, rng.randrange(6))
        if knobs.simple:
            self._operations = [
                rng.choice((*usual, *[self._move_away_and_back, self._switch] * 2, self._replace_and_put_back))
            ]

    def begin(self) -> None:
        """Put some of the manifests where they belong, and tell it."""
        for bucket in self._buckets:
            if self._rng.random() < 0.7:
                self._point(bucket)
            for manifest in self.manifests:
                if self._rng.random() < 0.7:
                    self._put((bucket, manifest_key(manifest.top_hash)), manifest.own)

    def burst(self, start: int) -> int:
        """Spread operations over time; return when the last will be done."""
        when = start
        for _ in range(self._knobs.operations):
            when += int(self._rng.expovariate(1 / self._knobs.gap))
            self._schedule.at(when, self._operate)
        return when

    def names(self) -> list[Name]:
        """Return every key that can be there."""
        keys = [manifest_key(top_hash) for top_hash in dict.fromkeys((*self._named, NEVER))]
        keys += [pointer_key(handle, revision) for handle in self.handles for revision in (LATEST, *REVISIONS)]
        return [(bucket, key) for bucket in self._buckets for key in keys]

    def _operate(self) -> None:
        rng = self._rng
        bucket = rng.choice(self._buckets)
        if rng.random() < self._knobs.denials:
            self._deny(rng.choice([name for name in self.names() if name[0] == bucket]))
        else:
            rng.choice(self._operations)(bucket)

    # Operations.

    def _latest(self, bucket: str) -> Name:
        return bucket, pointer_key(self._rng.choice(self.handles))

    def _of_manifest(self, bucket: str, manifest: Manifest) -> Name:
        return bucket, manifest_key(manifest.top_hash)

    def _point(self, bucket: str) -> None:
        self._put(self._latest(bucket), self._pointer())

    def _pointer(self) -> Content:
        return pointing_at(self._rng.choice(self._named), self._rng.choice(("", "", "\n")))

    def _push(self, bucket: str) -> None:
        """What a client does: the manifest, a revision, and `latest`."""
        manifest, handle = self._rng.choice(self.manifests), self._rng.choice(self.handles)
        self._put(self._of_manifest(bucket, manifest), manifest.own)
        for revision in (self._rng.choice(REVISIONS), LATEST):
            self._put((bucket, pointer_key(handle, revision)), pointing_at(manifest.top_hash))

    def _move_away_and_back(self, bucket: str) -> None:
        latest = self._latest(bucket)
        version = self._s3.current(latest)
        now = version and version.content and pointed_at(version.content.data)
        back = now if now in self._named[: len(self.manifests)] else self._named[0]
        self._put(
            latest, pointing_at(self._rng.choice([top_hash for top_hash in (*self._named, NEVER) if top_hash != back]))
        )
        self._soon(partial(self._put, latest, pointing_at(back)))

    def _revision(self, bucket: str) -> None:
        handle, revision = self._rng.choice(self.handles), self._rng.choice(REVISIONS)
        self._put((bucket, pointer_key(handle, revision)), self._pointer())

    def _junk(self, bucket: str) -> None:
        self._put(self._latest(bucket), self._rng.choice((JUNK, LONG)))

    def _delete_pointer(self, bucket: str) -> None:
        there = [name for name in self._s3.keys(bucket) if not name[1].startswith(PACKAGES)]
        if there:
            self._delete(self._rng.choice(there))

    def _put_manifest(self, bucket: str) -> None:
        manifest = self._rng.choice(self.manifests)
        self._put(self._of_manifest(bucket, manifest), manifest.own)

    def _put_another(self, bucket: str) -> None:
        manifest = self._rng.choice(self.manifests)
        self._put(self._of_manifest(bucket, manifest), self._rng.choice(manifest.others))

    def _replace_and_put_back(self, bucket: str) -> None:
        manifest = self._rng.choice(self.manifests)
        name = self._of_manifest(bucket, manifest)
        self._put(name, self._rng.choice(manifest.others))
        self._soon(partial(self._put, name, manifest.own))

    def _delete_manifest(self, bucket: str) -> None:
        self._delete(self._of_manifest(bucket, self._rng.choice(self.manifests)))

    def _recreate(self, bucket: str) -> None:
        manifest = self._rng.choice(self.manifests)
        name = self._of_manifest(bucket, manifest)
        self._delete(name)
        self._soon(partial(self._put, name, manifest.own))

    def _short_lived(self, bucket: str) -> None:
        name = self._latest(bucket)
        if self._rng.random() < 0.5:
            self._put(name, self._pointer())
        else:
            manifest = self._rng.choice(self.manifests)
            name = self._of_manifest(bucket, manifest)
            self._put(name, manifest.own)
        self._soon(partial(self._delete, name))

    def _look(self, bucket: str) -> None:
        """Nothing happens, but a repair sends a hint."""
        name = self._rng.choice([name for name in self.names() if name[0] == bucket])
        self._schedule.at(self._schedule.now + self._late(), partial(self.repair, [name]))

    def _switch(self, bucket: str) -> None:
        """Do what the command does: change the setting, then send a hint for each manifest."""
        setting = self._control.entries.get(bucket, "latest")
        self._control.entries[bucket] = "latest" if setting == "all" else "all"
        self._schedule.say(f"{bucket} keeps the entries of {self._control.entries[bucket]}")
        self._schedule.counts["settings switched"] += 1
        self.repair([name for name in self._s3.keys(bucket) if name[1].startswith(PACKAGES)])

    def _deny(self, name: Name) -> None:
        if name not in self._s3.denied:
            self._schedule.counts["denials"] += 1
            self._s3.denied[name] = self._rng.choice(("get", "all"))
            self._schedule.say(f"{name} is denied: {self._s3.denied[name]}")
            if self._rng.random() < 0.7:
                self.repair([name])
            lifted = self._schedule.now + int(LONGEST_DENIAL * self._rng.random() ** 3)
            self._schedule.at(lifted, partial(self.lift, name))

    def lift(self, name: Name) -> None:
        """Let a key be read again, and have a repair tell it."""
        if self._s3.denied.pop(name, None):
            self._schedule.say(f"{name} is denied no more")
            self.repair([name])

    def _put(self, name: Name, content: Content) -> None:
        version = self._s3.put(name, content, {}, {}, False)
        if self._schedule.tracing:
            self._schedule.say(f"put {name}: {version}")
        self._tell(name)

    def _delete(self, name: Name) -> None:
        self._s3.delete(name)
        self._schedule.say(f"delete {name}")
        self._tell(name)

    # Tellings.

    def repair(self, names: Sequence[Name]) -> None:
        """Send hints for these keys."""
        changes = [Change(*name, "put", self._schedule.clock()) for name in names]
        self._rng.shuffle(changes)
        while changes:
            several = self._rng.randrange(1, 4)
            self._send(QUEUE, body(changes[:several], "backfill"))
            changes = changes[several:]

    def _tell(self, name: Name) -> None:
        rng, knobs, schedule = self._rng, self._knobs, self._schedule
        names = [name]
        if rng.random() < knobs.together:
            names.append(rng.choice(self.names()))
        if rng.random() < knobs.duplicate:
            schedule.counts["events duplicated"] += 1
            schedule.at(schedule.now + self._late(), partial(self.repair, names))
        if rng.random() < knobs.drop:
            schedule.counts["events dropped"] += 1
            schedule.at(schedule.now + int(LONGEST_DROP * rng.random()), partial(self.repair, names))
        else:
            schedule.at(schedule.now + self._late(), partial(self.repair, names))

    def _late(self) -> int:
        return int(self._rng.expovariate(1 / self._knobs.delay))

    def _soon(self, action: Callable[[], None]) -> None:
        """Do it when a handler may have come to any of its steps."""
        knobs = self._knobs
        longest = knobs.delay + 20 * knobs.quick + self._rng.choice((0, knobs.stall_time))
        self._schedule.at(self._schedule.now + int(self._rng.random() * longest), action)
