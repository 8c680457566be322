"""Our top hash is that of the reference client, for whatever a manifest may hold."""

import json
import os
import random
import subprocess
from typing import Any

import pytest

import parts
from bucketdex.manifest import verify

pytestmark = parts.requires("quilt")
PROGRAM = parts.ROOT / "tests/integration/quilt_top_hashes.py"
NAMES = ["a", "b", "a-b", "a b", "é", "🧬", "A", "0", "a.b", "~", "\uffff", "\ud7ff"]
SCALARS: list[Any] = [
    0, -1, 2**53 + 1, 10**30, 0.1, 1e308, -0.0, 5.0, 1e-7, 1e16, 123456789.123456789, float("nan"), float("-inf"),
    "", "é", "🧬", "\ud800", "a\0b", '"q\\', "<>&\u2028", None, True, False,
]  # fmt: skip


def value(chance: random.Random, depth: int = 0) -> Any:
    kind = chance.random()
    if depth > 3 or kind < 0.6:
        return chance.choice(SCALARS)
    if kind < 0.8:
        return [value(chance, depth + 1) for _ in range(chance.randint(0, 3))]
    return {
        chance.choice(["a", "b", "é", "B", "\ud800"]): value(chance, depth + 1) for _ in range(chance.randint(0, 3))
    }


def manifest(chance: random.Random) -> str:
    header: dict[str, Any] = {"version": "v0"}
    for name, values in {
        "message": [None, "m", "é"],
        "user_meta": [None, {}, {"x": value(chance)}],
        "top_hash": ["old"],
        "workflow": [{"id": None, "config": "c"}],
    }.items():
        if chance.random() < 0.5:
            header[name] = chance.choice(values)
    files: list[str] = []
    folders: set[str] = set()
    for _ in range(chance.randint(0, 12)):
        names = [chance.choice(NAMES) for _ in range(chance.randint(1, 4))]
        key, above = "/".join(names), {"/".join(names[:depth]) for depth in range(1, len(names))}
        if key not in folders and not above & {*files} and key not in files:
            files.append(key)
            folders |= above
    if chance.random() < 0.4:
        files.sort(key=lambda name: name.split("/"))
    told = [name for name in sorted(folders) if chance.random() < 0.2]
    lines = [header, *({"logical_key": f"{name}/", "meta": {"d": 1}} for name in told)]
    for key in files:
        digest = {"type": chance.choice(["SHA256", "sha2-256-chunked", "é", '"x']), "value": "ab"}
        meta = value(chance) if chance.random() < 0.5 else {}
        size = chance.choice([0, 5, 10**12, 2**70])
        lines.append({"logical_key": key, "physical_keys": ["s3://b/k"], "size": size, "hash": digest, "meta": meta})
    return "\n".join(json.dumps(line) for line in lines)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_top_hash_is_that_of_the_reference_client(seed):
    chance = random.Random(seed)
    manifests = [manifest(chance) for _ in range(1_000)]
    given = "".join(f"{json.dumps(text)}\n" for text in manifests)
    silent = os.environ | {"QUILT_DISABLE_USAGE_METRICS": "1"}  # else it waits for a server to tell what it did
    command = [parts.QUILT / "bin/python", PROGRAM]
    answer = subprocess.run(command, input=given, env=silent, capture_output=True, text=True, check=True, timeout=120)
    theirs = [json.loads(line) for line in answer.stdout.splitlines()]
    ours = [verify(lambda text=text: [text.encode()]).top_hash for text in manifests]
    assert ours == theirs and len(set(ours)) > 900
