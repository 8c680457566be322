"""What the reference client pushes ours installs, and the reverse: equal bytes, equal top hash, equal workflows."""

import json
import os
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import parts
from bucketdex.manifest.layout import WORKFLOWS
from bucketdex.registry import revisions
from bucketdex.registry.errors import PackageError
from bucketdex.registry.fetching.install import fetch_all
from bucketdex.registry.package import Package
from emulated import Aws
from package_registries import Registries, forget_clients, registries

pytestmark = parts.requires("quilt")
PROGRAM = parts.ROOT / "tests/integration/quilt_client.py"
MIB = 1024 * 1024
NAMES = ["a", "b.txt", "a-b", "a b", "é", "日本.csv", "A1", "0", "a.b", "x+y%z", "~", "q?r#s&t=u"]
VALUES: list[Any] = [1, 2**60, 0.5, "é", None, True, [1, "x"], {"n": {"m": []}}, "", -1.5e-7]


@pytest.fixture
def here(aws: Aws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Registries]:
    yield registries(aws, monkeypatch, tmp_path / "state")
    forget_clients()


def quilt(here: Registries, home: Path, jobs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Let the reference client do all of it, in one process."""
    own = {name: str(home) for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")}
    silent = {"QUILT_DISABLE_USAGE_METRICS": "1", "QUILT_MINIMIZE_STDOUT": "true"}
    answer = subprocess.run(
        [parts.QUILT / "bin/python", PROGRAM], input="".join(f"{json.dumps(job)}\n" for job in jobs),
        env=os.environ | here.environment | own | silent, capture_output=True, text=True, check=True, timeout=240,
    )  # fmt: skip
    told = [json.loads(line)["done"] for line in answer.stdout.splitlines() if line.startswith('{"done"')]
    assert len(told) == len(jobs), answer.stderr
    return told


def files(chance: random.Random, folder: Path, large: bool) -> dict[str, Any]:
    """Make a random tree of files; return metadata for some of them."""
    meta: dict[str, Any] = {}
    for _ in range(chance.randint(1, 12)):
        key = "/".join(chance.choice(NAMES) for _ in range(chance.randint(1, 3)))
        path = folder / key
        if path.exists() or any(above.is_file() for above in path.parents):
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(chance.randbytes(chance.choice([0, 1, 1000, 70_000])))
        if chance.random() < 0.5:
            meta[key] = {chance.choice(NAMES): chance.choice(VALUES)}
    if large:
        (folder / "large.bin").write_bytes(chance.randbytes(9 * MIB))
    return meta


def contents(folder: Path) -> dict[str, bytes]:
    return {str(it.relative_to(folder)): it.read_bytes() for it in folder.rglob("*") if it.is_file()}


def test_each_installs_what_the_other_pushed(here, tmp_path):
    chance = random.Random(7)
    bucket = here.bucket()
    jobs: list[dict[str, Any]] = []
    ours: list[str] = []
    folders: list[Path] = []
    for number in range(5):
        folder = tmp_path / f"data-{number}"
        folder.mkdir()
        folders.append(folder)
        meta = files(chance, folder, large=number == 0)
        user_meta = {"v": chance.choice(VALUES), "é": number}
        package = Package().set_dir("/", folder).set_meta(user_meta)
        for key, value in meta.items():
            package[key].set_meta(value)
        message = chance.choice([None, "é message", ""])
        ours.append(package.push(f"ours/p{number}", bucket, message=message).top_hash)
        about = {"registry": bucket.uri, "folder": str(folder), "message": message}
        jobs += [
            about | {"do": "push", "handle": f"theirs/p{number}", "meta": meta, "user_meta": user_meta},
            about | {"do": "install", "handle": f"ours/p{number}", "folder": str(tmp_path / f"by-quilt-{number}")},
        ]
    told = quilt(here, tmp_path / "home", jobs)
    for number, folder in enumerate(folders):
        pushed, installed = told[number * 2 : number * 2 + 2]
        # The same files, metadata and message are the same package, whoever pushes them.
        assert pushed.get("top_hash") == installed.get("top_hash") == ours[number], (pushed, installed)
        assert contents(tmp_path / f"by-quilt-{number}") == contents(folder)
        package = Package.browse(f"theirs/p{number}", bucket)
        fetched = fetch_all(package.walk(), tmp_path / f"by-ours-{number}", names="here")
        assert contents(tmp_path / f"by-ours-{number}") == contents(folder) and not fetched.unverified
        assert package.top_hash == ours[number]
        again = Package.browse(f"theirs/p{number}", bucket).push(f"theirs/p{number}", bucket, message=package.message)
        assert again.unchanged  # nothing of what the reference client wrote is written otherwise


WORKFLOWS_TRIED = ("default", "alpha", "beta", "gamma", None, "none of them")
CONFIG = """
version:
  base: "1.1.0"
  catalog: "1"
is_workflow_required: {required}
default_workflow: alpha
workflows:
  alpha:
    name: Alpha
    is_message_required: true
    metadata_schema: meta
    entries_schema: files
  beta:
    name: Beta
    description: none
    handle_pattern: ^wf/
  gamma:
    name: Gamma
    metadata_schema: twin
    entries_schema: meta
schemas:
  meta:
    url: s3://{bucket}/schemas/meta.json
  twin:
    url: s3://{bucket}/schemas/meta.json
  files:
    url: s3://{bucket}/schemas/files.json?versionId={version}
"""


@pytest.mark.parametrize("versioned", [True, False])
def test_workflows_say_in_the_header_what_the_reference_client_says(here, tmp_path, versioned):
    bucket = here.bucket(versioned=versioned)
    schema = {"$schema": "http://json-schema.org/draft-07/schema#", "type": ["object", "array"], "minProperties": 1}
    bucket.write("schemas/meta.json", json.dumps(schema).encode())
    entries = {"type": "array", "items": {"properties": {"logical_key": {"pattern": "^[a-z.]+$"}}}, "maxItems": 5}
    version = bucket.write("schemas/files.json", json.dumps(entries).encode()).version_id
    config = CONFIG.format(required="false", bucket=bucket.name, version=version)
    if not versioned:
        config = config.replace("?versionId=None", "")
    bucket.write(WORKFLOWS, config.encode())
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "a.txt").write_text("a")

    tried = [(name, *how) for name in WORKFLOWS_TRIED for how in (({"x": 1}, "m", "wf/p"), ({}, None, "wf/p"))]
    tried += [("beta", {}, "m", "other/p"), ("default", {}, "m", "wf/p"), ("default", {"x": 1}, None, "wf/p")]
    cases: list[dict[str, Any]] = [
        {"handle": handle, "message": message, "user_meta": meta} | ({} if name == "default" else {"workflow": name})
        for name, meta, message, handle in (tried if versioned else tried[:6])
    ]
    jobs = [case | {"do": "push", "registry": bucket.uri, "folder": str(folder)} for case in cases]
    told = quilt(here, tmp_path / "home", jobs)
    accepted = 0
    refusals: list[Any] = []
    for case, theirs in zip(cases, told, strict=True):
        package = Package().set_dir("/", folder).set_meta(case["user_meta"])
        options = {"workflow": case["workflow"]} if "workflow" in case else {}
        try:
            done = package.push(case["handle"], bucket, message=case["message"], force=True, **options)
        except PackageError as error:
            refusals.append((case, str(error), theirs))
            continue
        accepted += 1
        assert done.top_hash == theirs.get("top_hash"), (case, package.fields, theirs)
        assert package.workflow == theirs["header"]["workflow"]
    assert all("error" in theirs for _, _, theirs in refusals), refusals
    assert accepted and refusals


ALPHA = "version: '1'\nworkflows: {a: {name: x, metadata_schema: m}}\ndefault_workflow: a\nschemas: {m: {url: '%s'}}"
REFUSED = [
    "version: 1", "version: '2'", "version: '1.2'", "version: '1.1.0.0'", "version: '0'",
    "version: {base: '1', x: '1'}",
    "version: '1'\nworkflows: {}", "version: '1'\nworkflows: {'a b': {name: x}}", "version: '1'\nworkflows: {a: {}}",
    "version: '1'\nworkflows: {a: {name: x, other: 1}}", "version: '1'\nworkflows: {a: {name: x}}\nother: 1",
    "version: '1'\nworkflows: {a: {name: x}}\ndefault_workflow: 5", "{", "", "- a",
    "version: '1'\nworkflows: {a: {name: x, metadata_schema: none}}\ndefault_workflow: a",
    "version: '1'\nworkflows: {a: {name: x}}\ndefault_workflow: b",
    "version: '1'\nworkflows: {a: {name: x}}",
    "version: '1'\nworkflows: {a: {name: x}}\nschemas: {}",
    ALPHA % "file:///x",
    ALPHA % "http://x/y",
    ALPHA % "s3://BUCKET/none",
    ALPHA % "s3://BUCKET/ref",
    ALPHA % "s3://BUCKET/draft4",
    ALPHA % "s3://BUCKET/bad",
    "version: '1'\nworkflows: {a: {name: x, handle_pattern: '('}}\ndefault_workflow: a",
]  # fmt: skip


def test_workflows_that_the_reference_client_refuses_are_refused(here, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "a.txt").write_text("a")
    jobs = []
    for broken in REFUSED:
        bucket = here.bucket()
        bucket.write("ref", b'{"$ref": "#/definitions/a", "definitions": {"a": {}}}')
        bucket.write("draft4", b'{"$schema": "http://json-schema.org/draft-04/schema#"}')
        bucket.write("bad", b'{"type": "nothing"}')
        bucket.write(WORKFLOWS, broken.replace("BUCKET", bucket.name).encode())
        with pytest.raises(PackageError):
            Package().set_dir("/", folder).push("wf/p", bucket, message="m")
        assert revisions.latest(bucket, "wf/p") is None
        jobs.append({"do": "push", "handle": "wf/p", "registry": bucket.uri, "folder": str(folder), "message": "m"})
    told = quilt(here, tmp_path / "home", jobs)
    assert [case for case, it in zip(REFUSED, told, strict=True) if "error" not in it] == []
