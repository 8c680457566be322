"""Packages on the local stack, end to end: whoever pushed them, they are found, installed, moved and deleted."""

import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import parts
from bucketdex.buckets.connect import connect
from bucketdex.manifest.layout import manifest_key, pointer_key
from commands import Stack, it, lab

__all__ = ["it", "lab"]  # fixtures

PROGRAM = parts.ROOT / "tests/integration/quilt_client.py"
REGISTRY = "published"
OURS, THEIRS = "ours/plates", "theirs/slides"
FILES = {
    OURS: {"wellB7.csv": b"well,reading\nB7,0.7\n", "notes/Ad\u00e9lie 100%.txt": b"luminous"},
    THEIRS: {"kidney/slide-17.txt": b"nephron", "empty": b""},
}


def folder_of(parent: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        path = parent / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return parent / "data"


def contents(folder: Path) -> dict[str, bytes]:
    return {it.relative_to(folder).as_posix(): it.read_bytes() for it in folder.rglob("*") if it.is_file()}


def push(it: Stack, handle: str, source: Path | str, registry: str, *options: str) -> str:
    """Push by our command; return the top hash."""
    [told] = it.json("package", "push", handle, str(source), "--registry", f"s3://{registry}", *options)
    return told["top_hash"]


def quilt(it: Stack, home: Path, **job: Any) -> str:
    """Push or install by the reference client; return the top hash."""
    own = {name: str(home) for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")}
    silent = {"QUILT_DISABLE_USAGE_METRICS": "1", "QUILT_MINIMIZE_STDOUT": "true"}
    done = subprocess.run(
        [parts.QUILT / "bin/python", PROGRAM], input=json.dumps(job | {"registry": f"s3://{job['registry']}"}),
        env=os.environ | it.variables | own | silent, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    [told] = [json.loads(line)["done"] for line in done.stdout.splitlines() if line.startswith('{"done"')]
    assert "top_hash" in told, told
    return told["top_hash"]


def found(it: Stack, kind: str, *words: str) -> list[dict[str, Any]]:
    [answer] = it.json("search", *words, "--kind", kind)
    return answer["hits"]


def entries(it: Stack, *words: str) -> dict[str, list[str]]:
    """Return the entries that are found, and of which packages they are."""
    return {hit["logical_key"]: hit["handles"] for hit in found(it, "entry", *words)}


@pytest.fixture(scope="module")
def pushed(it: Stack, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A package of each client, in one registry: the top hash of each handle."""
    connect(REGISTRY, it.edges, lambda: datetime.now(UTC))
    ours = push(
        it, OURS, folder_of(tmp_path_factory.mktemp("ours"), FILES[OURS]), REGISTRY, "-m", "Luminescence of plates",
        "--meta", '{"campaign": {"name": "aurora", "year": 2024}}', "--meta-from", "well{well}.csv",
    )  # fmt: skip
    folder = folder_of(tmp_path_factory.mktemp("theirs"), FILES[THEIRS])
    theirs = quilt(
        it, tmp_path_factory.mktemp("home"), do="push", handle=THEIRS, registry=REGISTRY, folder=str(folder),
        message="Histology of slides", user_meta={"campaign": {"name": "borealis"}},
        meta={"kidney/slide-17.txt": {"stain": "eosin"}},
    )  # fmt: skip
    it.settle()
    return {OURS: ours, THEIRS: theirs}


@parts.requires("quilt")
@pytest.mark.parametrize(
    ("handle", "query"),
    [
        (OURS, "ours/plates"), (OURS, "plates"), (OURS, "luminescence"), (OURS, "aurora"),
        (OURS, "campaign.name=aurora"), (OURS, "campaign.year=2024"),
        (THEIRS, "theirs/slides"), (THEIRS, "slid"), (THEIRS, "histology slides"), (THEIRS, "borealis"),
        (THEIRS, "campaign.name=borealis"),
    ],
)  # fmt: skip
def test_a_package_is_found_by_what_is_said_of_it(it, pushed, handle, query):
    [hit] = found(it, "package", query, "--bucket", REGISTRY)
    assert (hit["handle"], hit["top_hash"], hit["verified"]) == (handle, pushed[handle], True)
    assert (hit["entries"], hit["total_bytes"]) == (2, sum(map(len, FILES[handle].values())))


@parts.requires("quilt")
@pytest.mark.parametrize("handle", [OURS, THEIRS])
def test_a_package_is_found_by_how_its_top_hash_begins(it, pushed, handle):
    top_hash = pushed[handle]
    for query in (top_hash[:6], top_hash[:20], top_hash, f"{handle}@{top_hash[:8]}"):
        [hit] = found(it, "package", query)
        assert (hit["handle"], hit["top_hash"]) == (handle, top_hash)


@parts.requires("quilt")
@pytest.mark.parametrize(
    ("query", "logical_key", "handle"),
    [
        ("wellB7.csv", "wellB7.csv", OURS), ("well=B7", "wellB7.csv", OURS), ("adelie", "notes/Adélie 100%.txt", OURS),
        ("slide-17", "kidney/slide-17.txt", THEIRS), ("kidney", "kidney/slide-17.txt", THEIRS),
        ("stain=eosin", "kidney/slide-17.txt", THEIRS),
    ],
)  # fmt: skip
def test_an_entry_is_found_and_says_of_which_package_it_is(it, pushed, query, logical_key, handle):
    assert entries(it, query) == {logical_key: [handle]}
    [hit] = found(it, "entry", query)
    assert entries(it, hit["hash"]["value"]) == entries(it, hit["physical_key"]) == {logical_key: [handle]}


@parts.requires("quilt")
def test_each_client_installs_what_the_other_pushed(it, pushed, tmp_path):
    theirs, ours = tmp_path / "by ours", tmp_path / "by theirs"
    [told] = it.json("package", "install", THEIRS, str(theirs), "--registry", f"s3://{REGISTRY}")
    assert told["top_hash"] == pushed[THEIRS]
    assert contents(theirs) == FILES[THEIRS]
    job = {"do": "install", "handle": OURS, "registry": REGISTRY, "folder": str(ours)}
    assert quilt(it, tmp_path / "home", **job) == pushed[OURS]
    assert contents(ours) == FILES[OURS]


@parts.requires("quilt")
def test_show_knows_pointers_and_manifests_and_s3_agrees(it, pushed):
    keys = [key for handle, top_hash in pushed.items() for key in (pointer_key(handle), manifest_key(top_hash))]
    for line in it.show(REGISTRY, *keys):
        assert line["agrees"] and line["indexed"]["verified"] and line["indexed"]["entries"] == 2
    shown = it.run("show", *(f"s3://{REGISTRY}/{key}" for key in keys))
    assert shown.returncode == 0 and shown.stdout.count("S3 agrees") == 4


@parts.requires("quilt")
def test_the_entries_that_are_found_are_those_of_the_latest_revision(it, lab, tmp_path):
    def revision(*names: str) -> str:
        return str(folder_of(tmp_path / "-".join(names), {f"{lab}-{name}": name.encode() for name in names}))

    first = push(it, "lab/moved", revision("kept", "old"), lab, "-m", "first")
    it.settle()
    assert entries(it, lab, "-b", lab).keys() == {f"{lab}-kept", f"{lab}-old"}
    job = {"do": "push", "handle": "lab/moved", "registry": lab, "folder": revision("kept", "new")}
    second = quilt(it, tmp_path / "home", **job, message="second")
    it.settle()
    assert entries(it, lab, "-b", lab) == {f"{lab}-{name}": ["lab/moved"] for name in ("kept", "new")}
    [hit] = found(it, "package", "lab/moved", "-b", lab)
    assert (hit["top_hash"], hit["message"]) == (second, "second")
    [older] = found(it, "package", first[:10])
    assert (older["handle"], older["latest"], older["message"]) == ("lab/moved", False, "first")

    it.run("package", "delete", f"lab/moved@{second[:8]}", "--yes", "--registry", f"s3://{lab}")
    it.settle()
    assert entries(it, lab, "-b", lab).keys() == {f"{lab}-kept", f"{lab}-old"}
    [hit] = found(it, "package", "lab/moved", "-b", lab)
    assert (hit["top_hash"], hit["message"]) == (first, "first")


def test_a_deleted_package_is_not_found_nor_is_anything_in_it(it, lab, tmp_path):
    top_hash = push(it, "lab/gone", folder_of(tmp_path, {"a.txt": b"a"}), lab, "-m", "for a while")
    it.settle()
    assert found(it, "package", "lab/gone", "-b", lab) and found(it, "entry", "a.txt", "-b", lab)
    assert it.json("package", "list", "--registry", f"s3://{lab}") == [{"handle": "lab/gone"}]
    deleted = it.run("package", "delete", "lab/gone", "--yes", "--registry", f"s3://{lab}")
    assert deleted.returncode == 0, deleted.stderr
    it.settle()
    assert found(it, "package", "lab/gone", "-b", lab) == found(it, "entry", "-b", lab) == []
    assert it.run("package", "list", "--registry", f"s3://{lab}").returncode == 1
    pointer, manifest = it.show(lab, pointer_key("lab/gone"), manifest_key(top_hash))
    assert pointer["agrees"] and pointer["deleted"] and manifest["agrees"] and manifest["indexed"]

    it.s3.delete_object(Bucket=lab, Key=manifest_key(top_hash))
    it.settle()
    [manifest] = it.show(lab, manifest_key(top_hash))
    assert manifest["agrees"] and manifest["deleted"]
    assert found(it, "package", top_hash) == []


def test_packages_that_contain_an_object_are_found_also_in_other_registries(it, lab, tmp_path):
    other = f"{lab}-other"
    connect(other, it.edges, lambda: datetime.now(UTC))
    address = f"s3://{lab}/raw/a b+c.csv"
    version = it.s3.put_object(Bucket=lab, Key="raw/a b+c.csv", Body=b"1")["VersionId"]
    push(it, "lab/near", f"s3://{lab}/raw/", lab)
    push(it, "lab/far", f"s3://{lab}/raw/", other)
    push(it, "lab/without", folder_of(tmp_path, {"x": b"x"}), lab)
    it.put(lab, "raw/a b+c.csv", body=b"2")
    it.settle()
    for asked in (address, f"s3://{lab}/raw/a%20b%2Bc.csv?versionId={version}"):
        [told] = it.json("search", "--containing", asked)
        assert told["total"] == 2
        assert {(on["registry"], *on["handles"], on["logical_key"], on["version_id"]) for on in told["packages"]} == {
            (lab, "lab/near", "a b+c.csv", version), (other, "lab/far", "a b+c.csv", version),
        }  # fmt: skip
    shown = it.run("search", "--containing", address)
    assert shown.returncode == 0 and "lab/near" in shown.stdout and f"s3://{other}" in shown.stdout
    [none] = it.json("search", "--containing", f"s3://{lab}/raw/none")
    assert (none["total"], none["packages"]) == (0, [])
