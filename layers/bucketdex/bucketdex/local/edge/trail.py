"""The emulated CloudTrail: what S3 is asked for is recorded, and delivered as log files to a bucket. Off at first.

`POST /_bucketdex/trail`     switches it on, or over to other settings:

    {"bucket": "logs", "prefix": "", "seconds": 2, "roles": {"name": "arn:aws:iam::..."}, "own": false}

`DELETE /_bucketdex/trail`   delivers what is left, and switches it off
`GET /_bucketdex/trail`      tells the settings, and how many records wait, or were delivered in how many files

Every `seconds` the records since the last time become one file, `AWSLogs/ACCOUNT/CloudTrail/REGION/...json.gz` under
the `prefix`; after the first comes a digest file too, which is not for who reads records. `roles` are those that have
their names as access keys. Calls about the trail's own bucket are recorded only with `own`: then each delivery makes
another.
"""

import gzip
import logging
import secrets
import string
import threading
from collections import deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

import msgspec
from moto.s3.models import s3_backends
from werkzeug.test import EnvironBuilder, run_wsgi_app

from bucketdex.local.aws import ACCOUNT, REGION
from bucketdex.local.edge.calls import call_of
from bucketdex.local.edge.faults import Application
from bucketdex.local.edge.records import SERVICE, Answer, asked_by, record

LONGEST_REFUSAL = 65_536  # bytes; what S3 says when it refuses is less
MOST_WAITING = 200_000  # records, of which the oldest are forgotten where nothing can be delivered
NAME_CHARACTERS = string.ascii_letters + string.digits
# Of a log file's upload, by a service that is believed to be who it says it is, as everybody is here.
HEADERS = {
    "Authorization": f"AWS4-HMAC-SHA256 Credential={SERVICE}/20260101/{REGION}/s3/aws4_request, "
    "SignedHeaders=host, Signature=0",
    "Content-Type": "application/json",
    "Content-Encoding": "gzip",
}

log = logging.getLogger(__name__)

type Record = dict[str, Any]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where to, how often (seconds), and what is known about access keys."""

    bucket: Annotated[str, msgspec.Meta(min_length=3)]
    prefix: str = ""
    seconds: Annotated[float, msgspec.Meta(gt=0)] = 2
    roles: dict[str, str] = {}  # ARNs by name
    own: bool = False


class Told(msgspec.Struct, frozen=True):
    """What the trail does: None of settings while it is off; counts since it was switched on last."""

    on: Settings | None
    waiting: int
    records: int
    files: int


class Trail:
    """Records of requests, in front of an application. Costs nothing while it is off."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._settings: Settings | None = None
        self._ended = threading.Event()
        self._waiting: deque[Record] = deque(maxlen=MOST_WAITING)
        self._delivering = threading.Lock()  # held by whoever delivers, or switches
        self._records = self._files = 0
        self._digested = False

    def told(self) -> Told:
        """Return what it does, once no delivery is under way: until then its records may come back."""
        with self._delivering:
            return Told(self._settings, len(self._waiting), self._records, self._files)

    def switch_on(self, settings: Settings) -> Told:
        """Record from now on; raises ValueError where there is no such bucket."""
        if not _is_there(settings.bucket):
            raise msgspec.ValidationError(f"there is no bucket {settings.bucket}")
        self.switch_off()
        with self._delivering:
            self._waiting.clear()  # of what a former bucket did not take
            self._records, self._files, self._digested = 0, 0, False
            self._settings, self._ended = settings, threading.Event()
        threading.Thread(target=self._run, args=(settings, self._ended), name="trail", daemon=True).start()
        return self.told()

    def switch_off(self) -> Told:
        """Record no more, and deliver what is left."""
        with self._delivering:
            settings, self._settings = self._settings, None
            self._ended.set()
            if settings is not None:
                self._deliver(settings)
        return self.told()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a WSGI request, and record it before its answer is sent."""
        settings = self._settings
        if settings is None or not (call := call_of(environ)) or (call.bucket == settings.bucket and not settings.own):
            return self._application(environ, start_response)
        asked = asked_by(environ)
        if asked.service != "s3":
            return self._application(environ, start_response)
        said: list[Any] = ["500 Internal Server Error", []]

        def begin(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            said[:] = status, headers
            return start_response(status, headers, *more)

        body = self._application(environ, begin)
        status, headers = int(said[0].split()[0]), {name.lower(): value for name, value in said[1]}
        refusal = b""
        if status >= 400 and int(headers.get("content-length") or LONGEST_REFUSAL) < LONGEST_REFUSAL:
            body = [refusal := _read(body)]
        if settings is self._settings and _is_there(call.bucket):
            answer = Answer(status, headers, refusal)
            self._waiting.append(record(call, asked, environ, answer, settings.roles, datetime.now(UTC)))
        return body

    def _run(self, settings: Settings, ended: threading.Event) -> None:
        while not ended.wait(settings.seconds):
            with self._delivering:
                if not ended.is_set():
                    self._deliver(settings)

    def _deliver(self, settings: Settings) -> None:
        """Put what waits into the bucket, in one file; what cannot be delivered waits on."""
        now = datetime.now(UTC)
        records: list[Record] = []
        while self._waiting and len(records) < MOST_WAITING:
            records.append(self._waiting.popleft())
        if not records:
            return
        if not self._put(settings, log_key(settings.prefix, now), {"Records": records}):
            self._waiting.extendleft(reversed(records))
            return
        self._records += len(records)
        self._files += 1
        if not self._digested:
            self._digested = self._put(settings, digest_key(settings.prefix, now), {"awsAccountId": ACCOUNT})

    def _put(self, settings: Settings, key: str, content: Any) -> bool:
        """Write an object as any client does, so that the bucket tells of it; tell whether that was done."""
        builder = EnvironBuilder(
            method="PUT",
            path=f"/{settings.bucket}/{quote(key)}",
            data=gzip.compress(msgspec.json.encode(content)),
            headers=list(HEADERS.items()),
        )
        body, status, _ = run_wsgi_app(self, builder.get_environ(), buffered=True)
        if done := status.startswith("200"):
            return done
        log.warning("s3://%s/%s: not delivered: %s %r", settings.bucket, key, status, b"".join(body)[:500])
        return False


def log_key(prefix: str, time: datetime) -> str:
    """Return the key of a log file."""
    unique = "".join(secrets.choice(NAME_CHARACTERS) for _ in range(16))
    return f"{_folder(prefix, 'CloudTrail', time)}/{ACCOUNT}_CloudTrail_{REGION}_{time:%Y%m%dT%H%MZ}_{unique}.json.gz"


def digest_key(prefix: str, time: datetime) -> str:
    """Return the key of a digest file, by which it can be seen that no log file was changed."""
    name = f"{ACCOUNT}_CloudTrail-Digest_{REGION}_local_{REGION}_{time:%Y%m%dT%H%M%SZ}.json.gz"
    return f"{_folder(prefix, 'CloudTrail-Digest', time)}/{name}"


def _folder(prefix: str, kind: str, time: datetime) -> str:
    return f"{prefix}{'/' if prefix else ''}AWSLogs/{ACCOUNT}/{kind}/{REGION}/{time:%Y/%m/%d}"


def _is_there(bucket: str) -> bool:
    """Tell whether the account has this bucket: of others, and of what no S3 address is, CloudTrail tells nothing."""
    return bucket in s3_backends[ACCOUNT]["aws"].buckets


def _read(body: Iterable[bytes]) -> bytes:
    try:
        return b"".join(body)
    finally:
        close = getattr(body, "close", None)
        if close is not None:
            close()
