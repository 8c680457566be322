"""CloudTrail's log files: how fast `read_trail` reads one, beside unpacking and decoding it alone, and its memory.

Records of S3 as CloudTrail writes them, of 1.5 kB, with ids, keys and sessions of their own; one in a hundred is a
write of a connected bucket. What leaves the process is left out: hints are made into messages, but no queue takes them;
reads are counted, but their rows are not written. All of it runs in one process on one core.
"""

import gzip
import json
import random
import subprocess
import sys
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import batched
from typing import Any, cast
from uuid import UUID

import msgspec

from benchmarks.manifests import _peak_megabytes
from benchmarks.measure import Cost, Figure, alternated, median_ratio, spread
from bucketdex.changes.outcome import Tally
from bucketdex.changes.sending import send
from bucketdex.control.table import Bucket, ControlTable, Generation
from bucketdex.trail import files
from bucketdex.trail.edges import KEYS_EACH, Edges
from bucketdex.trail.reads import Reads
from bucketdex.trail.streaming import Record, batches

RECORDS, ROUNDS = 20_000, 9
LONG, SHORT = 1_000_000, 20_000
GOAL, MEGABYTES = 0.7, 256
PIECE = 1024 * 1024
SESSIONS = 500  # that call within the five minutes of a file
CONNECTED, OTHER = "quilt-results", "quilt-archive"
NAME = "111122223333_CloudTrail_eu-central-1_20261125T1010Z_Mu0KsOhtH1ar15ZZ.json.gz"
OTHER_CALLS = ("HeadObject", "ListObjects", "UploadPart", "GetObjectTagging")
# What all but one in a hundred records tell of: the call, and the bucket.
KINDS = {
    "other calls": (OTHER_CALLS, CONNECTED),
    "GetObject of connected buckets": (("GetObject",), CONNECTED),
    "GetObject of other buckets": (("GetObject",), OTHER),
}


def template() -> str:
    """Return a record, in which `%` stands for what differs."""
    role = {
        "type": "Role", "principalId": "AROA4EXAMPLE6PRINCIPL", "arn": "arn:aws:iam::111122223333:role/Sequencing",
        "accountId": "111122223333", "userName": "Sequencing",
    }  # fmt: skip
    times = {"creationDate": "2026-11-25T09:00:00Z", "mfaAuthenticated": "false"}
    record = {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole", "principalId": "AROA4EXAMPLE6PRINCIPL:session-%(session)d",
            "arn": "arn:aws:sts::111122223333:assumed-role/Sequencing/session-%(session)d",
            "accountId": "111122223333", "accessKeyId": "ASIA4EXAMPLE%(session)08X",
            "sessionContext": {"sessionIssuer": role, "attributes": times},
        },
        "eventTime": "2026-11-25T10:%(minute)02d:%(second)02dZ",
        "eventSource": "s3.amazonaws.com",
        "eventName": "%(call)s",
        "awsRegion": "eu-central-1",
        "sourceIPAddress": "10.0.%(minute)d.%(second)d",
        "userAgent": "[aws-cli/2.31.3 md/awscrt#0.27.6]",
        "requestParameters": {
            "bucketName": "%(bucket)s", "Host": "%(bucket)s.s3.eu-central-1.amazonaws.com", "key": "%(key)s",
        },
        "responseElements": "%(answer)s",
        "additionalEventData": {
            "SignatureVersion": "SigV4", "CipherSuite": "TLS_AES_128_GCM_SHA256", "bytesTransferredIn": 0,
            "AuthenticationMethod": "AuthHeader", "x-amz-id-2": "%(noise)s", "bytesTransferredOut": "%(bytes)d",
        },
        "requestID": "%(request)016X",
        "eventID": "%(id)s",
        "readOnly": True,
        "resources": [
            {"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::%(bucket)s/%(key)s"},
            {"accountId": "111122223333", "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::%(bucket)s"},
        ],
        "eventType": "AwsApiCall", "managementEvent": False, "recipientAccountId": "111122223333",
        "eventCategory": "Data",
    }  # fmt: skip
    text = json.dumps(record, separators=(",", ":"))
    return text.replace('"%(answer)s"', "%(answer)s").replace('"%(bytes)d"', "%(bytes)d")


TEMPLATE = template()


def record(kind: str, number: int, rng: random.Random, sessions: int) -> str:
    """Return a record of a file of this kind."""
    calls, bucket = KINDS[kind]
    call, answer = calls[number % len(calls)], "null"
    if number % 100 == 50:
        call, bucket = "PutObject", CONNECTED
        answer = json.dumps({"x-amz-version-id": f"{rng.getrandbits(128):032x}"})
    return TEMPLATE % {
        "session": rng.randrange(sessions),
        "minute": number * 5 // 1_000_000,
        "second": number % 60,
        "call": call,
        "bucket": bucket,
        "key": f"runs/run_{number // 1000:05}/sample_{number:08}.fastq.gz",
        "answer": answer,
        "noise": b64encode(rng.randbytes(56)).decode(),
        "bytes": rng.getrandbits(24),
        "request": rng.getrandbits(64),
        "id": UUID(int=rng.getrandbits(128)),
    }


def text(kind: str, records: int, sessions: int) -> Iterator[bytes]:
    """Yield a log file, about a megabyte at a time; it is never whole in memory."""
    rng = random.Random(1)
    before = '{"Records":['
    for numbers in batched(range(records), 700):
        yield (before + ",".join(record(kind, number, rng, sessions) for number in numbers)).encode()
        before = ","
    yield b"]}"


def packed(kind: str, records: int, sessions: int, level: int) -> Iterator[bytes]:
    """Yield the same as gzip."""
    packer = zlib.compressobj(level, wbits=31)
    for piece in text(kind, records, sessions):
        yield packer.compress(piece)
    yield packer.flush()


class Outside:
    """Stands for what is outside: the control table, the queue and OpenSearch."""

    def buckets(self) -> list[Bucket]:
        """Return the connected buckets."""
        return [Bucket(name, datetime(2026, 1, 1, tzinfo=UTC)) for name in (CONNECTED, "another-bucket")]

    def generations(self, kind: str) -> list[Generation]:
        """Return an index."""
        return [Generation(f"bucketdex-{kind}-v1-1", 1, True)]

    def send_message_batch(self, **_: Any) -> dict[str, Any]:
        """Take messages."""
        return {}

    def edges(self) -> Edges:
        """Return all of it."""
        return Edges(
            control=cast("ControlTable", self),
            opensearch=cast("Any", self),
            send=partial(send, cast("Any", self), "queue", keys_each=KEYS_EACH),
            want_check=lambda *_: None,
            now=lambda: datetime(2026, 11, 25, 11, tzinfo=UTC),
            remaining=lambda: 900.0,
            identities="principal",
            own_roles=("arn:aws:iam::111122223333:role/ReadTrail",),
            delay_seconds=300,
        )


class CountedReads(Reads):
    """Counts reads, and forgets them where they would be written."""

    def write(self, *_: Any) -> int:
        rows = len(self)
        self._told.clear()
        return rows


def read(pieces: Iterator[bytes]) -> Tally:
    """Do what `read_trail` does with a log file."""
    tally = Tally()
    files.Reads = CountedReads  # type: ignore[misc]
    files.read_file(Outside().edges(), NAME, pieces, tally)
    return tally


def speed(kind: str) -> Figure:
    """Measure the work of one core on a file of this kind, in turns with what is the least that can be done."""
    content = b"".join(packed(kind, RECORDS, SESSIONS, 6))
    length = len(gzip.decompress(content))
    typed = msgspec.json.Decoder(Records).decode
    told = read(iter([content])).counts
    if told["TrailRecords"] != RECORDS or told["TrailHints"] != RECORDS // 100 or told["TrailUnreadable"]:
        raise RuntimeError(f"the benchmark's own file is read as {dict(told)}")
    runs: dict[str, Callable[[], object]] = {
        "read_trail": lambda: read(pieces(content)),
        "streaming alone": lambda: sum(len(batch.records) for batch in batches(pieces(content))),
        "gzip and msgspec": lambda: msgspec.json.decode(gzip.decompress(content)),
        "gzip and msgspec, of the fields that are looked at": lambda: typed(gzip.decompress(content)),
    }
    costs = alternated(runs, ROUNDS)
    ratios = {name: _ratio(costs[name], costs["read_trail"]) for name in runs}
    ratio = ratios["gzip and msgspec"]
    return Figure(
        f"records/s of read_trail, 99 % {kind}, against unpacking and decoding alone",
        f"{ratio:.2f}", f">= {GOAL}", ratio >= GOAL,
        (
            f"{RECORDS:,} records of {length / RECORDS:,.0f} bytes, {len(content) / RECORDS:.0f} packed",
            *(
                f"{name}: {spread([RECORDS / it.cpu for it in of_one], 1000)} thousand/s (ratio {ratios[name]:.2f})"
                for name, of_one in costs.items()
            ),
            f"{told['TrailHints']:,} hints, {told['TrailReads']:,} reads, {told['TrailForeign']:,} of other buckets",
        ),
    )  # fmt: skip


class Records(msgspec.Struct):
    """A file, decoded at once."""

    records: list[Record] = msgspec.field(name="Records")


def _ratio(of_one: list[Cost], ours: list[Cost]) -> float:
    return median_ratio([it.cpu for it in of_one], [it.cpu for it in ours])


def pieces(content: bytes) -> Iterator[bytes]:
    """Yield a file as it comes from S3."""
    for start in range(0, len(content), PIECE):
        yield content[start : start + PIECE]


def memory() -> Figure:
    """Measure the most memory that a process of its own takes, for a long file and for a short one."""
    found = {records: _megabytes(records) for records in (LONG, SHORT)}
    (most, size), (few, _) = found[LONG], found[SHORT]
    return Figure(
        f"memory for a file of {LONG:,} records, {size:.0f} MB packed, MB",
        f"{most:.0f}", f"<= {MEGABYTES}", most <= MEGABYTES,
        (f"for {SHORT:,} records: {few:.0f} MB",),
    )  # fmt: skip


def _megabytes(records: int) -> tuple[float, float]:
    """Return the most memory of the process, and the length of the file."""
    command = [sys.executable, "-m", __spec__.name, str(records)]
    most, size = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return float(most), float(size)


def run() -> list[Figure]:
    """Measure, and return the figures."""
    return [*map(speed, KINDS), memory()]


def _alone(records: int) -> None:
    """Read a file of different keys that is packed as it is read, and print the memory of all that."""
    size = 0

    def counted() -> Iterator[bytes]:
        nonlocal size
        for piece in packed("GetObject of connected buckets", records, max(SESSIONS, records // 50), 1):
            size += len(piece)
            yield piece

    read(counted())
    print(_peak_megabytes(), size / 1e6)


if __name__ == "__main__":
    _alone(int(sys.argv[1]))
