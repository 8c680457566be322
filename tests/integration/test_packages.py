"""Pointers, manifests and entries in a real OpenSearch are what S3 holds, whatever order they are told in."""

import gzip
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

import packages
from bucketdex.changes.hint import Hint
from bucketdex.changes.outcome import Outcome, Tally
from bucketdex.errors import Transient
from bucketdex.index.generations import PACKAGES, ensure, entries_of
from bucketdex.index.ids import object_id
from bucketdex.manifest.layout import manifest_key, pointer_key
from bucketdex.packages import loading
from bucketdex.packages.reconcile import reconcile
from registries import Registry, control, registry

__all__ = ["control", "registry"]  # fixtures


def revision(registry: Registry, *keys: str, **header: Any) -> str:
    """Put a manifest with these entries and return its top hash."""
    top_hash, content = packages.manifest([packages.entry(registry.bucket, key) for key in keys], **header)
    packages.put(registry.s3, registry.bucket, top_hash, content)
    return top_hash


def test_a_package_is_found_with_what_its_manifest_says(registry):
    top_hash = revision(
        registry, "a/x.csv.gz", "b.txt", message="First of all", user_meta={"plate": {"well": "B7", "n": 3}},
        workflow={"id": "alpha", "config": "s3://x/y"},
    )  # fmt: skip
    latest = packages.point(registry.s3, registry.bucket, "lab/screen", top_hash)
    registry.tell(latest, manifest_key(top_hash))
    found = registry.document(latest)
    assert (found["handle"], found["author"], found["name"], found["latest"]) == ("lab/screen", "lab", "screen", True)
    assert (found["top_hash"], found["verified"], found["entries"], found["total_bytes"]) == (top_hash, True, 2, 6)
    assert (found["message"], found["workflow"]) == ("First of all", "alpha")
    assert found["metadata"] == ["plate.well=B7", "plate.n=3"]
    manifest = registry.document(manifest_key(top_hash))
    assert manifest["computed_top_hash"] == top_hash and manifest["entry_state"]["state"] == "complete"
    entries = registry.entries(top_hash)
    assert sorted(entries) == ["a/x.csv.gz", "b.txt"]
    x = entries["a/x.csv.gz"]
    assert x["object"] == object_id(registry.bucket, "data/a/x.csv.gz") and x["extensions"] == [".gz", ".csv.gz"]
    assert x["physical"] == {"bucket": registry.bucket, "key": "data/a/x.csv.gz", "version_id": "v1"}


@pytest.mark.parametrize("order", ["pointer first", "manifest first", "pointer long before"])
def test_pointer_and_manifest_come_in_any_order(registry, order):
    top_hash, content = packages.manifest([packages.entry(registry.bucket, "x")], message="m")
    if order == "pointer long before":
        latest = packages.point(registry.s3, registry.bucket, "a/b", top_hash)
        registry.tell(latest)
        assert registry.document(latest)["problem"] == "its manifest is missing"
        packages.put(registry.s3, registry.bucket, top_hash, content)
        registry.tell(manifest_key(top_hash))
    else:
        packages.put(registry.s3, registry.bucket, top_hash, content)
        latest = packages.point(registry.s3, registry.bucket, "a/b", top_hash)
        keys = [latest, manifest_key(top_hash)]
        for key in keys if order == "pointer first" else reversed(keys):
            registry.tell(key)
    found = registry.document(latest)
    assert found["message"] == "m" and found["verified"] and found["entries"] == 1 and "problem" not in found
    assert list(registry.entries(top_hash)) == ["x"]


def test_only_the_pointer_need_be_told(registry):
    top_hash = revision(registry, "x")
    registry.tell(packages.point(registry.s3, registry.bucket, "a/b", top_hash))
    assert list(registry.entries(top_hash)) == ["x"]


def test_entries_follow_latest_back_and_forth(registry):
    first, second = revision(registry, "x", "y"), revision(registry, "x", "z", message="2")
    for top_hash, other in ((first, second), (second, first), (first, second)):
        latest = packages.point(registry.s3, registry.bucket, "a/b", top_hash)
        registry.tell(latest, manifest_key(first), manifest_key(second))
        assert len(registry.entries(top_hash)) == 2 and registry.entries(other) == {}
        assert (registry.state(top_hash), registry.state(other)) == ("complete", "none")


def test_a_manifest_that_two_handles_name_keeps_its_entries_until_both_are_gone(registry):
    top_hash = revision(registry, "x")
    keys = [packages.point(registry.s3, registry.bucket, handle, top_hash) for handle in ("a/b", "c/d")]
    registry.tell(*keys)
    for key, left in zip(keys, (1, 0), strict=True):
        registry.s3.delete_object(Bucket=registry.bucket, Key=key)
        registry.tell(key)
        assert len(registry.entries(top_hash)) == left
        assert registry.document(key)["deleted"]
    packages.point(registry.s3, registry.bucket, "c/d", top_hash)
    registry.tell(keys[1])
    assert len(registry.entries(top_hash)) == 1


def test_a_deleted_manifest_takes_its_entries_with_it_and_its_pointers_say_so(registry):
    top_hash = revision(registry, "x", message="m")
    latest = packages.point(registry.s3, registry.bucket, "a/b", top_hash)
    registry.tell(latest)
    registry.s3.delete_object(Bucket=registry.bucket, Key=manifest_key(top_hash))
    registry.tell(manifest_key(top_hash))
    assert registry.entries(top_hash) == {}
    assert registry.document(manifest_key(top_hash))["deleted"]
    found = registry.document(latest)
    assert found["problem"] == "its manifest is missing" and "message" not in found


def test_switching_to_all_and_back_converges(registry):
    old, new = revision(registry, "x"), revision(registry, "y", message="2")
    pointers = [
        packages.point(registry.s3, registry.bucket, "a/b", old, packages.TIME),
        packages.point(registry.s3, registry.bucket, "a/b", new),
    ]
    both = [manifest_key(old), manifest_key(new)]
    registry.tell(*pointers, *both)
    assert registry.entries(old) == {} and len(registry.entries(new)) == 1
    assert registry.control.set_entries(registry.bucket, "all")
    registry.tell(*both)
    assert len(registry.entries(old)) == len(registry.entries(new)) == 1
    assert registry.control.set_entries(registry.bucket, "latest")
    registry.tell(*both)
    assert registry.entries(old) == {} and len(registry.entries(new)) == 1


def test_a_manifest_that_is_replaced_leaves_nothing_of_the_old_one(registry):
    top_hash = revision(registry, "x", "y")
    registry.tell(packages.point(registry.s3, registry.bucket, "a/b", top_hash))
    _, other = packages.manifest([packages.entry(registry.bucket, "y"), packages.entry(registry.bucket, "z")])
    packages.put(registry.s3, registry.bucket, top_hash, other)
    registry.tell(manifest_key(top_hash))
    assert sorted(registry.entries(top_hash)) == ["y", "z"]
    found = registry.document(manifest_key(top_hash))
    assert found["verified"] is False and "its name says" in found["problem"]
    latest = registry.document(pointer_key("a/b"))
    assert latest["verified"] is False and "its name says" in latest["problem"]


@pytest.fixture
def small_requests(monkeypatch) -> None:
    monkeypatch.setattr(loading, "REQUEST_BYTES", 2_000)  # some three entries


def interrupted_after(monkeypatch, requests: int, interrupt: Callable[[], None]) -> None:
    """Call `interrupt` when so many requests with entries have been sent."""
    put, sent = loading._put, iter(range(requests, 0, -1))

    def counting(*arguments: Any) -> int:
        refused = put(*arguments)
        if next(sent, None) == 1:
            interrupt()
        return refused

    monkeypatch.setattr(loading, "_put", counting)


def test_what_time_is_too_short_for_goes_on_where_it_was(registry, small_requests, monkeypatch):
    top_hash = revision(registry, *(f"f{number:02}" for number in range(20)))
    packages.point(registry.s3, registry.bucket, "a/b", top_hash)
    interrupted_after(monkeypatch, 2, lambda: setattr(registry, "remaining", 20.0))
    registry.tell(pointer_key("a/b"), rounds=2)
    state = registry.document(manifest_key(top_hash))["entry_state"]
    assert state["state"] == "loading" and state["offset"] > 0 and state["loaded"] == len(registry.entries(top_hash))
    assert 0 < state["loaded"] < 20
    registry.remaining = 300.0
    registry.tell(manifest_key(top_hash))
    assert len(registry.entries(top_hash)) == 20
    assert registry.document(manifest_key(top_hash))["entry_state"]["loaded"] == 20


@pytest.mark.parametrize("slow", [timedelta(), timedelta(minutes=2)], ids=["giving signs", "slow beyond measure"])
def test_a_manifest_that_is_replaced_while_it_is_loaded_leaves_neither_gap_nor_rest(
    registry, small_requests, monkeypatch, slow
):
    top_hash = revision(registry, *(f"f{number:02}" for number in range(20)))
    packages.point(registry.s3, registry.bucket, "a/b", top_hash)
    _, other = packages.manifest([packages.entry(registry.bucket, f"g{number:02}") for number in range(9)])
    told: dict[str, Outcome] = {}

    def replace() -> None:
        packages.put(registry.s3, registry.bucket, top_hash, other)
        registry.ahead_of_time += slow
        told.update(registry.tell(manifest_key(top_hash)))

    interrupted_after(monkeypatch, 3, replace)
    first = registry.tell(pointer_key("a/b"))[manifest_key(top_hash)]
    second = told[manifest_key(top_hash)]
    # One of the two gives way, and its message comes back.
    assert [isinstance(it.error, Transient) for it in (first, second)] == [bool(slow), not slow]
    registry.tell(manifest_key(top_hash))
    assert sorted(registry.entries(top_hash)) == [f"g{number:02}" for number in range(9)]


def test_a_gzip_manifest_is_read_like_any_other(registry):
    top_hash, content = packages.manifest([packages.entry(registry.bucket, "x")])
    packages.put(registry.s3, registry.bucket, top_hash, gzip.compress(content))
    registry.tell(packages.point(registry.s3, registry.bucket, "a/b", top_hash))
    assert registry.document(manifest_key(top_hash))["verified"] and list(registry.entries(top_hash)) == ["x"]


def test_a_bucket_that_is_not_connected_has_no_documents(registry):
    registry.control.remove_bucket(registry.bucket)
    top_hash = revision(registry, "x")
    assert registry.tell(manifest_key(top_hash))[manifest_key(top_hash)].state == "not connected"
    assert registry.document(manifest_key(top_hash)) == {}


def test_of_many_hints_only_those_are_followed_that_were_sent_since(registry):
    top_hash = revision(registry, "x")
    latest = packages.point(registry.s3, registry.bucket, "a/b", top_hash)
    registry.tell(latest)
    now = time.time()
    for key in (latest, manifest_key(top_hash)):
        told = {
            sent: reconcile(registry.edges, [Hint(registry.bucket, key, sent=sent)], Tally())[
                registry.bucket, key
            ].state
            for sent in (now - 60, now + 60, None)
        }
        assert told == {now - 60: "settled", now + 60: "indexed", None: "indexed"}


def test_half_an_index_that_is_lost_is_made_anew_with_the_other_half(registry):
    top_hash = revision(registry, "x")
    latest = packages.point(registry.s3, registry.bucket, "a/b", top_hash)
    registry.tell(latest)
    [generation] = registry.control.generations(PACKAGES)
    registry.index.indices.delete(index=entries_of(generation.index))
    ensure(registry.index, registry.control, PACKAGES)
    registry.tell(latest)
    assert list(registry.entries(top_hash)) == ["x"]
