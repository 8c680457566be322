"""Whatever a manifest or a pointer holds, it is indexed with its problem, and stops nobody."""

import gzip
import json
from typing import Any

import pytest

import packages
from bucketdex.errors import Permanent
from bucketdex.manifest.layout import manifest_key, pointer_key
from registries import Registry, control, registry

__all__ = ["control", "registry"]  # fixtures

HASH = {"type": "SHA256", "value": "ab" * 32}
SOUND = {"logical_key": "sound.txt", "physical_keys": ["s3://b/sound.txt"], "size": 1, "hash": HASH, "meta": {}}


def lines(*entries: Any, header: Any = None) -> bytes:
    told = [{"version": "v0"} if header is None else header, *entries]
    return "".join((it if isinstance(it, str) else json.dumps(it)) + "\n" for it in told).encode()


def named(registry: Registry, content: bytes, top_hash: str = "cd" * 32) -> dict[str, Any]:
    """Put a manifest under a name that a `latest` names, and return its document."""
    packages.put(registry.s3, registry.bucket, top_hash, content)
    packages.point(registry.s3, registry.bucket, "a/b", top_hash)
    outcomes = registry.tell(pointer_key("a/b"), manifest_key(top_hash))
    assert {outcome.state for outcome in outcomes.values()} == {"indexed"}, outcomes
    return registry.document(manifest_key(top_hash))


def nested(levels: int) -> dict[str, Any]:
    return {"a": nested(levels - 1)} if levels else {}


@pytest.mark.parametrize(
    ("content", "problem", "entries"),
    [
        (b"", "the manifest is empty", []),
        (b"\0\1\2\3", "line 1: not JSON", []),
        (lines(SOUND)[:-30], "line 2: not JSON", []),
        (lines(SOUND, "[1]"), "line 3: not a JSON object", ["sound.txt"]),
        (lines(SOUND, '{"logical_key": "x"'), "line 3: not JSON", ["sound.txt"]),
        (lines(SOUND).split(b"\n", 1)[1], "the header is missing", []),
        (lines(SOUND, header={"version": "v9"}), "only 'v0' is known", ["sound.txt"]),
        (lines(SOUND, SOUND), "two entries have the logical key 'sound.txt'", ["sound.txt"]),
        (lines(SOUND, SOUND | {"logical_key": "../../etc/passwd"}), "leads out", ["../../etc/passwd", "sound.txt"]),
        (lines(SOUND | {"logical_key": "/abs"}), "is no path", ["/abs"]),
        (lines(SOUND | {"logical_key": ""}), "is no path", [""]),
        (lines(SOUND | {"logical_key": "a\0b"}), "is no path", ["a\0b"]),
        (lines(SOUND | {"size": -1}), "the size of 'sound.txt' is -1", ["sound.txt"]),
        (lines(SOUND | {"size": "5"}), "the size is '5'", []),
        (lines(SOUND | {"size": 2**70}), "its top hash is", ["sound.txt"]),
        (lines(SOUND | {"hash": None}), "'sound.txt' has no hash", ["sound.txt"]),
        (lines(SOUND | {"physical_keys": ["file:///C:/x y"]}), "its top hash is", ["sound.txt"]),
        (lines(SOUND | {"physical_keys": ["https://host/x"]}), "its top hash is", ["sound.txt"]),
        (lines(SOUND | {"physical_keys": [""]}), "its top hash is", ["sound.txt"]),
        (lines(SOUND | {"meta": {"big": "x" * 10_000_000}}), "its top hash is", ["sound.txt"]),
        (lines(SOUND | {"meta": nested(900)}), "its top hash is", ["sound.txt"]),
        (lines(SOUND | {"logical_key": "k" * 40_000}), "its top hash is", ["k" * 1_024]),
        (lines(SOUND | {"meta": {"d": "9999-99-99", "n": float("nan"), "\ud800": 1}}), "top hash", ["sound.txt"]),
        (lines(SOUND, SOUND | {"logical_key": "deep", "meta": {}}).replace(b'"deep"', b'"' + b"a/" * 16_000 + b'deep"'),
         "its top hash is", ["a/" * 512, "sound.txt"]),
        (lines(SOUND, SOUND | {"logical_key": "n", "meta": {"n": 0}}).replace(b'"n": 0', b'"n": ' + b"1" * 5_000),
         "line 3: Exceeds the limit", ["n", "sound.txt"]),
        (gzip.compress(b"\n" * 3_000_000), "and 996 problems more", []),
        (gzip.compress(lines(SOUND))[:-9], "gzip stream breaks off", ["sound.txt"]),
        (gzip.compress(lines(SOUND) + b" " * 200_000_000), "longer than", ["sound.txt"]),
        (lines(SOUND, header={"version": "v0", "message": 5, "user_meta": [1]}), "top hash", ["sound.txt"]),
    ],
)  # fmt: skip
def test_a_bad_manifest_is_indexed_as_far_as_it_goes_and_says_what_is_wrong(registry, content, problem, entries):
    found = named(registry, content)
    assert found["verified"] is False and problem in found["problem"], found
    assert sorted(registry.entries("cd" * 32)) == entries
    latest = registry.document(pointer_key("a/b"))
    assert latest["verified"] is False and problem[:20] in latest["problem"]


def test_an_unknown_kind_of_hash_and_odd_metadata_are_kept(registry):
    entry = SOUND | {"hash": {"type": "new-2030", "value": "é/+="}, "meta": {"user_meta": {"é": ["🧬", None, 1e400]}}}
    top_hash, content = packages.manifest([entry], user_meta={"n": 2**60})
    found = named(registry, content, top_hash)
    assert found["verified"] and "problem" not in found
    [document] = registry.entries(top_hash).values()
    assert document["hash"] == {"type": "new-2030", "value": "é/+="}
    assert document["metadata"] == ["é=🧬", "é=inf"]


def test_fifty_thousand_names_of_metadata_are_no_fields(registry):
    entries = [
        packages.entry(registry.bucket, f"{n}", meta={f"name-{n}-{i}": n for i in range(50)}) for n in range(1000)
    ]
    top_hash, content = packages.manifest(entries)
    assert named(registry, content, top_hash)["verified"]
    assert len(registry.entries(top_hash)) == 1000
    [generation] = registry.control.generations("packages")
    mapping = json.dumps(registry.index.indices.get_mapping(index="bucketdex-*"))
    assert "name-7" not in mapping and generation.index in mapping


@pytest.mark.parametrize(
    ("key", "content", "problem"),
    [
        (pointer_key("a/b"), b"", "does not hold a top hash"),
        (pointer_key("a/b"), b"\xff\xfe", "does not hold a top hash"),
        (pointer_key("a/b"), b"x" * 2_000, "no pointer: 2000 bytes"),
        (pointer_key("a/b"), b"cd" * 32, "its manifest is missing"),
        (pointer_key("a/b", "yesterday"), b"cd" * 32, "neither latest nor a Unix time"),
        (pointer_key("a/b", "9" * 300), b"cd" * 32, "neither latest nor a Unix time"),
        (pointer_key("ä b/c+d"), b"cd" * 32, "no handle"),
    ],
)
def test_a_bad_pointer_is_indexed_with_its_problem(registry, key, content, problem):
    registry.s3.put_object(Bucket=registry.bucket, Key=key, Body=content)
    assert registry.tell(key)[key].state == "indexed"
    assert problem in registry.document(key)["problem"]


def test_a_pointer_may_end_with_a_newline(registry):
    top_hash, content = packages.manifest([packages.entry(registry.bucket, "x")])
    packages.put(registry.s3, registry.bucket, top_hash, content)
    packages.point(registry.s3, registry.bucket, "a/b", f"{top_hash}\n")
    registry.tell(pointer_key("a/b"))
    assert registry.document(pointer_key("a/b"))["verified"]


def test_a_manifest_whose_name_is_no_top_hash_is_indexed_with_that(registry):
    key = packages.put(registry.s3, registry.bucket, "readme.txt", lines(SOUND))
    registry.tell(key)
    found = registry.document(key)
    assert found["verified"] is False and "'readme.txt' is no top hash" in found["problem"]


def test_a_key_that_is_neither_is_set_aside(registry):
    outcome = registry.tell(".quilt/named_packages/a/b/c/d")[".quilt/named_packages/a/b/c/d"]
    assert isinstance(outcome.error, Permanent)


@pytest.mark.parametrize("code", ["AccessDenied", "SlowDown"])
def test_what_s3_refuses_for_a_while_costs_nothing_that_is_known(registry, code):
    top_hash, content = packages.manifest([packages.entry(registry.bucket, "x")], message="m")
    packages.put(registry.s3, registry.bucket, top_hash, content)
    keys = [packages.point(registry.s3, registry.bucket, "a/b", top_hash), manifest_key(top_hash)]
    registry.tell(*keys)
    fault = {"code": code, "status": 403 if code == "AccessDenied" else 503}
    registry.aws.fail(
        *(fault | {"method": method, "path": f"/{registry.bucket}/{key}"} for method in ("GET", "HEAD") for key in keys)
    )
    told = registry.tell(*keys)
    registry.aws.fail()
    for key in keys:
        found = registry.document(key)
        assert found["message"] == "m" and found["top_hash"] == top_hash
        if code == "AccessDenied":
            assert told[key].state == "indexed" and "refuses" in found["problem"]
        else:
            assert told[key].state == "failed" and "problem" not in found
    assert list(registry.entries(top_hash)) == ["x"]
    registry.tell(*keys)
    assert all("problem" not in registry.document(key) for key in keys)
