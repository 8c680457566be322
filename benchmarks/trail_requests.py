"""What a full trail adds to the requests that a healthy stack sends to S3: its notifications told of all before.

On the local stack, whose edge counts requests and delivers the records of all calls as CloudTrail does. Each call is
told a second time, minutes late in AWS and at the end here, as nothing depends on how late it is. What is overwritten,
deleted or tagged was there for more than a minute before: a key that changes twice within a minute is looked at once
more, as the first change can be told from the second by time alone.
"""

import hashlib
import random
import time
from collections.abc import Callable
from typing import Any

import requests

from benchmarks.measure import Figure
from benchmarks.running_stack import BUCKET, RunningStack, running
from bucketdex.local import stack as local
from bucketdex.local import trail
from bucketdex.manifest.layout import manifest_key

GOAL = 0.10
CALLS = 2_000
# How many of a hundred calls are of which kind: of lake buckets where files are written once, mostly.
MIX = {"put": 80, "overwrite": 8, "upload in parts": 2, "delete": 7, "edit tags": 2, "write a manifest": 1}
PART = 5 * 1024 * 1024
NEVER = 1e6  # seconds
SETTLED_SECONDS = 600
OLD_SECONDS = 62  # what was looked at so long before a change is known to be older


def run(calls: int = CALLS) -> list[Figure]:
    """Measure, and return the figure."""
    with running() as stack:
        old = _write_before(stack, calls)
        trail.switch_on(stack.state, NEVER)
        begun = time.perf_counter()
        before, made = _requests(stack, lambda: _write(stack, calls, old))
        wrote = time.perf_counter() - begun
        after, told = _requests(stack, lambda: trail.switch_off(stack.state))
    share = after / before
    mix = ", ".join(f"{count} {kind}" for kind, count in made.items())
    return [
        Figure(
            what="requests to S3 that a full trail adds to a healthy stack",
            value=f"{100 * share:.1f} % ({after:,} beside {before:,})",
            goal=f"<= {100 * GOAL:.0f} %",
            met=share <= GOAL,
            details=(
                f"{sum(made.values()):,} calls in {wrote:.0f} s: {mix}",
                f"{told.records:,} records in {told.files} log file, those of our own reads among them",
                "what it adds: an edit of tags makes no version, so it is looked at again (two requests)",
            ),
        )
    ]


def _requests[T](stack: RunningStack, do: Callable[[], T]) -> tuple[int, T]:
    """Do something and return how many objects of the bucket were read or looked at until all was settled."""
    url = f"{stack.state.edge_url}/_bucketdex/requests"
    requests.delete(url, timeout=10).raise_for_status()
    done = do()
    if not local.settled(stack.state, SETTLED_SECONDS):
        raise RuntimeError("the stack did not settle")
    told = requests.get(url, timeout=10).json()
    mine = [it for it in told if it["path"].startswith(f"/{BUCKET}/") and it["method"] in ("GET", "HEAD")]
    return sum(it["answers"] for it in mine), done


def _write_before(stack: RunningStack, calls: int) -> list[str]:
    """Write what will be changed, and wait until that is a minute ago; return the keys."""
    s3 = stack.s3()
    keys = [f"old/{number:06}.csv" for number in range(calls * (100 - MIX["put"]) // 100)]
    for key in keys:
        s3.put_object(Bucket=BUCKET, Key=key, Body=key.encode())
    if not local.settled(stack.state, SETTLED_SECONDS):
        raise RuntimeError("the stack did not settle")
    time.sleep(OLD_SECONDS)
    return keys


def _write(stack: RunningStack, calls: int, old: list[str]) -> dict[str, int]:
    """Make so many calls, one after another, and return how many there were of each kind. None of them reads."""
    s3, rng = stack.s3(), random.Random(1)
    kinds = [kind for kind, share in MIX.items() for _ in range(calls * share // 100)]
    rng.shuffle(kinds)
    for number, kind in enumerate(kinds):
        _call(s3, kind, old, rng, number)
    return {kind: kinds.count(kind) for kind in MIX}


def _call(s3: Any, kind: str, old: list[str], rng: random.Random, number: int) -> None:
    body = f"line {number}\n".encode() * 20
    match kind:
        case "put":
            s3.put_object(Bucket=BUCKET, Key=f"data/{number:06}.csv", Body=body)
        case "overwrite":
            s3.put_object(Bucket=BUCKET, Key=old.pop(), Body=body)
        case "edit tags":
            tags = {"TagSet": [{"Key": "checked", "Value": str(number)}]}
            s3.put_object_tagging(Bucket=BUCKET, Key=old.pop(), Tagging=tags)
        case "delete":
            s3.delete_object(Bucket=BUCKET, Key=old.pop())
        case "write a manifest":
            top_hash = hashlib.sha256(body).hexdigest()
            s3.put_object(Bucket=BUCKET, Key=manifest_key(top_hash), Body=b'{"version": "v0"}\n')
        case "upload in parts":
            where = {"Bucket": BUCKET, "Key": f"large/{number:06}.bin"}
            upload = s3.create_multipart_upload(**where)["UploadId"]
            sent = s3.upload_part(**where, UploadId=upload, PartNumber=1, Body=rng.randbytes(PART))
            parts = [{"PartNumber": 1, "ETag": sent["ETag"]}]
            s3.complete_multipart_upload(**where, UploadId=upload, MultipartUpload={"Parts": parts})
