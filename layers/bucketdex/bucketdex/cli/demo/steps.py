"""The steps of the demo. Each does one thing, shows it, and raises what it did not see."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rich.text import Text

from bucketdex.aws import clients, settings
from bucketdex.buckets import connect as buckets
from bucketdex.buckets import documents
from bucketdex.buckets.contents import contents
from bucketdex.check.agreement import agreements
from bucketdex.cli.demo import writing
from bucketdex.cli.demo.folder import TAG
from bucketdex.cli.demo.plan import Overwriting, Plan, Search
from bucketdex.cli.demo.screen import OWN_NAMES, Screen
from bucketdex.cli.failures import RefusedError
from bucketdex.cli.found import NOUNS
from bucketdex.cli.here import adopt
from bucketdex.cli.output import joined, plural, size
from bucketdex.client.asking import Question
from bucketdex.client.asking import search as ask
from bucketdex.client.connection import connection
from bucketdex.control import ControlTable
from bucketdex.index.generations import OBJECTS_ALIAS, PACKAGES_ALIAS
from bucketdex.local import stack as local

HITS = 100  # a page
FOLLOWS_SECONDS = 60.0  # it is one or two; a busy machine gets more
SETTLES_SECONDS = 120.0
LOOK_AGAIN = 0.1  # seconds
THREADS = 16  # requests to S3 at once

ONLY_THE_COPY = "This is the copy in the bucket; the file itself stays as it is."

type Answer = dict[str, Any]


class NotSeenError(RefusedError):
    """Search does not say what it should, or the index is not as the bucket."""


@dataclass(frozen=True)
class Stack:
    """The running stack: where it is, and clients of its parts."""

    state: local.State
    edges: buckets.Edges


def start(screen: Screen) -> Stack:
    """Start the stack, or join the one that runs."""
    template = local.find_template()
    home = local.default_home(template)
    said: list[str] = []

    def tell(text: str) -> None:
        said.append(text)
        screen.say(text, fold=True)

    with screen.downloads() as downloads:
        state = local.up(home, template, progress=tell, downloads=downloads)
    screen.told["notes"] += [note for note in state.notes if note in said]  # others are of when it was started
    adopt()
    queues = {it.logical_id: it.url for it in (state.deployment.queues if state.deployment else ())}
    edges = buckets.Edges(
        s3=clients.s3(),
        sqs=clients.sqs(),
        opensearch=clients.opensearch(settings.opensearch()),
        control=ControlTable(clients.dynamodb(), settings.control().table),
        object_events_url=queues["ObjectEvents"],
        bulk_events_url=queues["BulkEvents"],
    )
    return Stack(state, edges)


def connect(screen: Screen, stack: Stack, bucket: str) -> None:
    """Make the bucket where it is absent, and have it tell what happens in it."""
    done = buckets.connect(bucket, stack.edges, lambda: datetime.now(UTC))
    if done.created:
        screen.say("It is made, keeps versions, and tells the queue ObjectEvents of whatever happens in it.")
    else:
        screen.say(f"It is there, with {plural(done.keys_sent, 'key')}, which are looked at again.")


def write(screen: Screen, stack: Stack, bucket: str, plan: Plan) -> None:
    """Write the files and wait until all is indexed."""
    for note in plan.notes:
        screen.note(note)
    files = writing.changed(stack.edges.s3, bucket, plan.files)
    kinds = ", ".join(f"{number} {kind}" for kind, number in writing.kinds(plan.files).most_common(6))
    screen.say(f"{size(sum(file.path.stat().st_size for file in plan.files))}: {kinds}")
    if len(files) < len(plan.files):
        screen.say(f"{len(plan.files) - len(files)} of them are in the bucket already, unchanged.")
    if plan.own:
        tagged = sum(1 for file in plan.files if file.tags)
        screen.say(f"Tagged {'='.join(TAG)}: {'all' if tagged == len(plan.files) else f'{tagged:,}'} of them.")
    edges = writing.Edges(stack.edges.s3, stack.edges.opensearch, lambda: local.queues(stack.state))
    screen.watch(writing.write(edges, bucket, files))
    screen.told |= {"bucket": bucket, "files": len(plan.files), "written": len(files)}


def search(screen: Screen, stack: Stack, bucket: str, wanted: Search) -> None:
    """Search, and see that what should be found is."""
    begun = time.monotonic()
    answer = _ask(stack, bucket, wanted)
    show(screen, wanted, answer, f"in {(time.monotonic() - begun) * 1000:.0f} ms")
    missing = set(wanted.expected) - names(answer)
    if missing:
        raise NotSeenError(f"the search for {wanted.query} does not find {sorted(missing)[0]}")


def show(screen: Screen, wanted: Search, answer: Answer, when: str) -> None:
    """Show what a search finds, and when it did."""
    counts = [f"{count:,} {NOUNS[kind][count != 1]}" for kind in NOUNS if (count := answer["totals"].get(kind))]
    found = joined(counts) if counts else "nothing"
    screen.say(Text.assemble((wanted.query, "bold cyan"), f"  finds {found} by {wanted.by}, {when}"))
    screen.hits(answer["hits"])
    screen.told["searches"].append({"query": wanted.query, **answer})


def overwrite(screen: Screen, stack: Stack, bucket: str, change: Overwriting, *, own: bool) -> None:
    """Write an object anew, and see that it is found by what it says now and no more by what it said."""
    key = change.file.key
    screen.say(f"{key}: {change.old} becomes {change.new}")
    if own:
        screen.say(ONLY_THE_COPY)
    writing.put(stack.edges.s3, bucket, change.file, change.body())
    answer, seconds = follow(stack, bucket, Search(change.new, "content", (key,)), lambda answer: key in names(answer))
    before = _ask(stack, bucket, Search(f'"{change.old}"', "content", ()))
    if key in names(before):
        raise NotSeenError(f"{key} is found by {change.new}, and still by {change.old}, which it says no more")
    screen.say(f"{change.new}  finds it after {seconds:.1f} s")
    screen.hits([hit for hit in answer["hits"] if hit["key"] == key])
    screen.say(f"{change.old}  finds it no more{_others(before['total'], 'but still')}")
    screen.told["overwritten"] = {"key": key, "old": change.old, "new": change.new, "seconds": round(seconds, 2)}


def delete(screen: Screen, stack: Stack, bucket: str, wanted: Search, *, own: bool) -> None:
    """Delete an object, and see that what found it finds it no more."""
    (key,) = wanted.expected
    before = _ask(stack, bucket, wanted)
    if key not in names(before):
        raise NotSeenError(f"the search for {wanted.query} does not find {key}, which is still there")
    screen.say(key)
    if own:
        screen.say(ONLY_THE_COPY)
    screen.say(f"{wanted.query}  finds it{_others(before['total'] - 1, 'and')}")
    stack.edges.s3.delete_object(Bucket=bucket, Key=key)
    answer, seconds = follow(stack, bucket, wanted, lambda answer: key not in names(answer))
    screen.say(f"{wanted.query}  finds it no more after {seconds:.1f} s{_others(answer['total'], 'but still')}")
    screen.told["deleted"] = {"key": key, "seconds": round(seconds, 2)}


def compare(screen: Screen, stack: Stack, bucket: str, deletion: Search) -> None:
    """See that the index holds just what the bucket does: each key, its version, etag, size and tags, and no other."""
    if not local.settled(stack.state, SETTLES_SECONDS):
        raise NotSeenError(f"the queues are not empty after {SETTLES_SECONDS:.0f} s")
    edges = stack.edges
    edges.opensearch.indices.refresh(index=[OBJECTS_ALIAS, PACKAGES_ALIAS])
    keys = [found.key for found in contents(edges.s3, bucket)]
    named = [(bucket, key) for key in (*keys, *deletion.expected)]
    with ThreadPoolExecutor(THREADS) as threads:
        compared = list(agreements(named, edges.control, edges.opensearch, clients.s3(), threads.map))
    for it in compared:
        if not it.agrees:
            raise NotSeenError(f"index and bucket differ at {it.key}: {it.problem or ', '.join(it.differs)}")
    objects, packages = (documents.count(edges.opensearch, it, bucket) for it in (OBJECTS_ALIAS, PACKAGES_ALIAS))
    indexed = objects + packages
    if indexed != len(keys):
        raise NotSeenError(f"the index has {indexed} documents of the bucket, which holds {len(keys)} keys")
    screen.say(f"{plural(len(keys), 'key')} in the bucket, {indexed:,} in the index, {packages} of them of packages")
    screen.say("Version, etag, size and tags are the same.")
    screen.told["compared"] = len(keys)


def names(answer: Answer) -> set[str]:
    """Return the names of the hits: keys, handles, logical keys, and what objects are called in packages."""
    hits = answer["hits"]
    inside = {it["logical_key"] for hit in hits for it in hit.get("packages", ())}
    return {hit.get(OWN_NAMES[hit["kind"]]) or "" for hit in hits} | inside


def follow(stack: Stack, bucket: str, wanted: Search, seen: Callable[[Answer], bool]) -> tuple[Answer, float]:
    """Search until what is found is as it should be; return the answer and how long that took."""
    begun = time.monotonic()
    while not seen(answer := _ask(stack, bucket, wanted)):
        if time.monotonic() - begun > FOLLOWS_SECONDS:
            raise NotSeenError(f"search does not follow: {wanted.query} finds what it did {FOLLOWS_SECONDS:.0f} s ago")
        time.sleep(LOOK_AGAIN)
    return answer, time.monotonic() - begun


def _ask(stack: Stack, bucket: str, wanted: Search) -> Answer:
    return ask(connection(stack.state.api_url), Question(wanted.query, tuple(wanted.kinds), (bucket,)), HITS)


def _others(count: int, link: str) -> str:
    return f", {link} {plural(count, 'other')}" if count else ""
