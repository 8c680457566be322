"""Indexes that an earlier version made go on, and get the fields that were added since, in a real OpenSearch."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from opensearchpy import OpenSearch

from bucketdex.control import Bucket, Generation, Hashing
from bucketdex.index import writer
from bucketdex.index.generations import FIRST, NOT_DELETED, OBJECTS, OBJECTS_ALIAS, ensure
from bucketdex.index.mappings import OBJECTS_ADDED, OBJECTS_VERSION, objects_index

NOTED = {"bucket": "lab", "key": "a", "observed_at": "2026-01-01T00:00:00Z", "digest_note": "too large"}


@pytest.fixture
def earlier(index: OpenSearch) -> Iterator[str]:
    """The index that version 1 made, by the name that it had."""
    name = "bucketdex-objects-v1-1"
    index.indices.delete(index=name, params={"ignore_unavailable": "true"})
    body = objects_index(1, 0)
    added = frozenset().union(*OBJECTS_ADDED.values())
    properties = {field: it for field, it in body["mappings"]["properties"].items() if field not in added}
    mapping = body["mappings"] | {"properties": properties, "_meta": {"kind": "objects", "version": 1}}
    made = body | {"mappings": mapping, "aliases": {OBJECTS_ALIAS: {"filter": NOT_DELETED}}}
    index.indices.create(index=name, body=made)
    yield name
    index.indices.delete(index=name, params={"ignore_unavailable": "true"})


def write(index: OpenSearch, name: str) -> writer.Result:
    [result] = writer.write(index, [writer.Write(name, uuid.uuid4().hex, msgspec.json.encode(NOTED))])
    return result


def mapping(index: OpenSearch, name: str) -> dict[str, Any]:
    found: dict[str, Any] = index.indices.get_mapping(index=name)[name]["mappings"]
    return found


def test_an_index_of_version_1_goes_on_with_what_was_added(index, control, earlier):
    control.add_generation(OBJECTS, Generation(earlier, 1))
    assert write(index, earlier).status == writer.REFUSED
    for _ in range(2):
        assert ensure(index, control, OBJECTS) == (Generation(earlier, OBJECTS_VERSION),)
    assert control.generations(OBJECTS) == (Generation(earlier, OBJECTS_VERSION),)
    assert write(index, earlier).status == writer.DONE
    told = mapping(index, earlier)
    assert (told["dynamic"], told["_meta"]["version"]) == ("strict", OBJECTS_VERSION)
    wanted = objects_index(1, 0)["mappings"]["properties"]
    assert told["properties"].keys() == wanted.keys() and told["properties"]["digest_note"] == wanted["digest_note"]
    assert set(index.indices.get_alias(name=OBJECTS_ALIAS)) & {f"{OBJECTS_ALIAS}-v{n}-1" for n in (1, 2)} == {earlier}


def test_an_index_that_version_1_made_and_did_not_name_is_taken_up(index, control, earlier):
    assert FIRST[OBJECTS].index == earlier
    assert ensure(index, control, OBJECTS) == (FIRST[OBJECTS],)
    assert write(index, earlier).status == writer.DONE


def test_what_a_later_version_recorded_is_left_as_it_is(index, control, earlier):
    later = (Generation(earlier, OBJECTS_VERSION + 1), Generation("not-ours", OBJECTS_VERSION, read=False))
    control.add_generation(OBJECTS, later[0])
    assert control.raise_mappings(OBJECTS, OBJECTS_VERSION) == later[:1]


def test_a_generation_that_is_added_meanwhile_is_not_lost(control, monkeypatch):
    control.add_generation(OBJECTS, Generation("one", 1))
    generations = control.generations
    stale = [(Generation("one", 1, read=False),)]  # what was read before another changed it
    monkeypatch.setattr(control, "generations", lambda kind: stale.pop() if stale else generations(kind))
    assert control.raise_mappings(OBJECTS, 2) == (Generation("one", 2),)


def test_what_is_hashed_is_a_setting_of_a_bucket_and_changes_only_as_it_was_known(control):
    control.add_bucket(Bucket("lab", datetime(2026, 1, 1, tzinfo=UTC)))
    some = Hashing("read", ("raw/",), ("raw/tmp/",), 5 * 10**12, ("STANDARD_IA",))
    assert control.set_hashing("lab", Hashing(), some)
    assert control.view(OBJECTS, ["lab"]).buckets["lab"].hashing == some
    assert not control.set_hashing("lab", Hashing(), Hashing("off"))
    assert not control.set_hashing("another", Hashing(), some)
    assert control.set_hashing("lab", some, Hashing("off"))
    assert [bucket.hashing for bucket in control.buckets()] == [Hashing("off")]
