"""S3 as the trail and the checks use it too: log files, listings, notifications' configuration, and who reads."""

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

from simulation.contents import Content
from simulation.model_s3 import ModelS3, Name, Version, error_of
from simulation.schedule import Schedule
from simulation.trail.knobs import Knobs
from simulation.trail.service import LOGS

LONGEST_UPLOAD = 300.0  # seconds by which an upload in parts begins before it completes


class TrailS3(ModelS3):
    """S3 of one world: `files` are the log files, `read_by_us` is told of reads by our functions."""

    def __init__(self, schedule: Schedule, faults: float, rng: Random, knobs: Knobs) -> None:
        super().__init__(schedule, faults)
        self.files: dict[str, bytes] = {}
        self.read_by_us: Callable[[Name], None] = lambda _: None
        self.rules: dict[str, dict[str, Any]] = {}
        self._rng, self._knobs = rng, knobs

    def put(
        self, name: Name, content: Content, metadata: dict[str, str], tags: dict[str, str], checksum: bool
    ) -> Version:
        """Write an object; its time is in whole seconds, and that of an upload in parts is when it began."""
        version = super().put(name, content, metadata, tags, checksum)
        if self._knobs.whole_seconds:
            version.modified = version.modified.replace(microsecond=0)
            if self._rng.random() < 0.2:
                version.modified -= timedelta(seconds=int(self._rng.random() * LONGEST_UPLOAD))
        return version

    def get_object(self, Bucket: str, Key: str, **how: str) -> dict[str, Any]:  # noqa: N803
        """Answer as GetObject does, also for log files; what our functions read is recorded like all reads."""
        if Bucket == LOGS:
            return self._get_file(Key)
        if self._rng.random() < self._knobs.own_reads:
            self.read_by_us((Bucket, Key))
        return super().get_object(Bucket, Key, **how)

    def _get_file(self, key: str) -> dict[str, Any]:
        self._schedule.pause("GetObject of a log file", key)
        self._fail("GetObject")
        data = self.files.get(key)
        if data is None:
            raise error_of("GetObject", 404, "NoSuchKey", "The specified key does not exist.")
        answered = {"HTTPStatusCode": 200, "HTTPHeaders": {}}
        return {"ResponseMetadata": answered, "ContentLength": len(data), "Body": self._body(data)}

    def list_objects_v2(self, Bucket: str, **how: Any) -> dict[str, Any]:  # noqa: N803
        """Answer as ListObjectsV2 does, in pages and in the order of UTF-8."""
        assert how.keys() == {"StartAfter", "MaxKeys"}, how
        self._schedule.pause("ListObjectsV2", (Bucket, how))
        self._fail("ListObjectsV2")
        after = how["StartAfter"]
        names = sorted((name for name in self.keys(Bucket) if name[1].encode() > after.encode()), key=_order)
        most = how["MaxKeys"]
        return {"Contents": [self._listed(name) for name in names[:most]], "IsTruncated": len(names) > most}

    def _listed(self, name: Name) -> dict[str, Any]:
        version = self.current(name)
        assert version and version.content
        return {
            "Key": name[1],
            "ETag": f'"{version.content.etag}"',
            "Size": len(version.content.data),
            "LastModified": version.modified,
            "StorageClass": "GLACIER" if version.archived else "STANDARD",
        }

    def get_bucket_notification_configuration(self, Bucket: str) -> dict[str, Any]:  # noqa: N803
        """Answer as GetBucketNotificationConfiguration does."""
        self._schedule.pause("GetBucketNotificationConfiguration", Bucket)
        self._fail("GetBucketNotificationConfiguration")
        return {"ResponseMetadata": {"HTTPStatusCode": 200}, **self.rules.get(Bucket, {})}


def _order(name: Name) -> bytes:
    return name[1].encode()
