"""The demo without notifications: the bucket tells nothing, and search follows by CloudTrail, which knows who wrote."""

import contextlib
import secrets
import time
from collections.abc import Iterator

import boto3
from rich.text import Text

from bucketdex.buckets import rules
from bucketdex.check.agreement import agreements
from bucketdex.cli.demo.plan import Search
from bucketdex.cli.demo.screen import Screen
from bucketdex.cli.demo.steps import NotSeenError, Stack, follow, names
from bucketdex.local import trail
from bucketdex.local.aws import KEY, REGION

# Not below a folder, so no file of the user's has such a key.
KEPT, GONE = "written without notifications.txt", "deleted without notifications.txt"
WHO = "ada"
SECONDS = 0.5  # between two log files; those of the real CloudTrail come after five minutes


def follow_the_trail(screen: Screen, stack: Stack, bucket: str) -> None:
    """Write two objects and delete one of them while the bucket tells nothing, and see that search knows."""
    word = f"bucketdex{secrets.token_hex(3)}"  # another one each time, so that what is found was written now
    wanted, keys = Search(word, "content", (KEPT, GONE)), [KEPT, GONE]
    s3 = boto3.client("s3", aws_access_key_id=WHO, aws_secret_access_key=KEY, region_name=REGION)
    with _trail(stack), _no_notifications(stack, bucket):
        screen.say("The bucket tells nothing now; a CloudTrail records who asks S3 for what.")
        begun = time.monotonic()
        for key in keys:
            s3.put_object(Bucket=bucket, Key=key, Body=f"Nobody told of {word}.".encode(), ContentType="text/plain")
        screen.say(f"{WHO} writes {KEPT} and {GONE}")
        follow(stack, bucket, wanted, lambda answer: names(answer).issuperset(keys))
        found = time.monotonic() - begun
        screen.say(Text.assemble((word, "bold cyan"), f"  finds both after {found:.1f} s"))
        author = _author(stack, bucket, KEPT)
        screen.say(f"the index knows who wrote the first: {author['name']} ({author['type']})")
        begun = time.monotonic()
        s3.delete_object(Bucket=bucket, Key=GONE)
        follow(stack, bucket, wanted, lambda answer: names(answer) == {KEPT})
        gone = time.monotonic() - begun
        screen.say(f"{WHO} deletes the second, and after {gone:.1f} s only the first is found")
    screen.say("The bucket tells of everything again.")
    seconds = [round(found, 2), round(gone, 2)]
    screen.told["unnoticed"] = {"written": keys, "deleted": GONE, "seconds": seconds, "written_by": author}


@contextlib.contextmanager
def _trail(stack: Stack) -> Iterator[None]:
    """Keep a trail; afterwards it is as it was before."""
    before = trail.told(stack.state).on
    trail.switch_on(stack.state, SECONDS)
    try:
        yield
    finally:
        if before:
            trail.switch_on(stack.state, before.seconds)
        else:
            trail.switch_off(stack.state)


@contextlib.contextmanager
def _no_notifications(stack: Stack, bucket: str) -> Iterator[None]:
    """Take our rule from the bucket, and give it back."""
    edges = stack.edges
    queue_arn = rules.queue_arn(edges.sqs, edges.object_events_url)
    rules.remove(edges.s3, bucket, queue_arn)
    try:
        yield
    finally:
        rules.add(edges.s3, bucket, queue_arn)


def _author(stack: Stack, bucket: str, key: str) -> dict[str, str]:
    """Return who wrote an object, as the index has it."""
    edges = stack.edges
    (found,) = agreements([(bucket, key)], edges.control, edges.opensearch, edges.s3, map)
    author = (found.indexed or {}).get("written_by") or {}
    if author.get("name") != WHO:
        raise NotSeenError(f"{WHO} wrote {key}, but the index has {author or 'nobody'}")
    return dict(author)
