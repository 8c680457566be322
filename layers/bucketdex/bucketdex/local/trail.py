"""The trail of a local stack: log files of what S3 is asked for come to a bucket, which tells the stack of them.

The emulated AWS records (`edge/trail.py`); here it is told where to, and who has which role.
"""

from http import HTTPStatus

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from bucketdex.buckets import trail_files
from bucketdex.local import edge_requests
from bucketdex.local.aws import session
from bucketdex.local.state import StackError, State

BUCKET, QUEUE = "bucketdex-trail", "TrailFiles"
SECONDS = 2.0  # between two files


class Settings(msgspec.Struct, frozen=True):
    """Where log files go, and how often (seconds)."""

    bucket: str
    seconds: float


class Trail(msgspec.Struct, frozen=True):
    """What the trail does; counts are of since it was switched on last."""

    on: Settings | None  # None: it is off
    waiting: int  # records that are not delivered yet
    records: int  # those that are
    files: int  # in which they are


def switch_on(state: State, seconds: float = SECONDS) -> Trail:
    """Make the trail's bucket where it is absent, have it tell the queue of trail files, and record from now on."""
    deployment = state.deployment
    queue = next((it for it in deployment.queues if it.logical_id == QUEUE), None) if deployment else None
    if deployment is None or queue is None:
        raise StackError(f"{state.template} has no queue {QUEUE}, which is told of log files")
    s3 = session().client("s3", endpoint_url=state.edge_url)
    sqs = session().client("sqs", endpoint_url=state.edge_url)
    try:
        if all(it.get("Name") != BUCKET for it in s3.list_buckets()["Buckets"]):
            s3.create_bucket(Bucket=BUCKET)
    except (BotoCoreError, ClientError) as error:
        raise StackError(f"the emulated S3 makes no bucket {BUCKET}: {error}") from error
    trail_files.tell(s3, sqs, queue.url, BUCKET)
    roles = {it.role_name: it.role for it in deployment.functions if it.role}
    return _ask(state, "POST", {"bucket": BUCKET, "seconds": seconds, "roles": roles})


def switch_off(state: State) -> Trail:
    """Have what is left delivered, and record no more. Bucket and log files stay."""
    return _ask(state, "DELETE")


def told(state: State) -> Trail:
    """Return what the trail does."""
    return _ask(state, "GET")


def _ask(state: State, method: str, body: object = None) -> Trail:
    status, said = edge_requests.request(state.edge_url, method, "trail", body, timeout=30)
    if status != HTTPStatus.OK:
        raise StackError(f"the emulated AWS does not keep such a trail: {said.decode(errors='replace')}")
    return msgspec.json.decode(said, type=Trail)
