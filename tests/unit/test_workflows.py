"""Workflows in a registry that is a folder; what the reference client says of the same is in the integration tests."""

import json
import re
from pathlib import Path

import pytest

from bucketdex.manifest.layout import WORKFLOWS
from bucketdex.registry import revisions
from bucketdex.registry.errors import PackageError
from bucketdex.registry.package import Package
from bucketdex.registry.storage import storage_of
from bucketdex.registry.storage.local import LocalFolder
from bucketdex.registry.workflows import trial
from bucketdex.registry.workflows.trial import Demand, fault

CONFIG = """
version: "1"
default_workflow: strict
workflows:
  strict:
    name: Strict
    is_message_required: true
    handle_pattern: ^lab/
    metadata_schema: meta
    entries_schema: files
  loose: {name: Loose}
schemas:
  meta: {url: "SCHEMAS/meta.json"}
  files: {url: "SCHEMAS/files.json"}
"""
META = {
    "$schema": "https://json-schema.org/draft/2020-12/schema", "required": ["owner"],
    "properties": {"plates": {"type": "array", "prefixItems": [{"type": "integer"}]}},
}  # fmt: skip
FILES = {"items": {"properties": {"size": {"maximum": 10}, "meta": {"not": {"required": ["secret"]}}}}}


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUCKETDEX_STATE", str(tmp_path / "state"))


@pytest.fixture
def registry(tmp_path: Path) -> LocalFolder:
    found = storage_of(tmp_path / "registry")
    assert isinstance(found, LocalFolder)
    for name, schema in (("meta", META), ("files", FILES)):
        found.write(f"schemas/{name}.json", json.dumps(schema).encode())
    found.write(WORKFLOWS, CONFIG.replace("SCHEMAS", f"{found.uri}/schemas").encode())
    return found


def package(tmp_path: Path, **meta: object) -> Package:
    (tmp_path / "a.txt").write_text("a")
    return Package().set("a.txt", tmp_path / "a.txt").set_meta(meta)


def test_what_was_applied_stands_in_the_header(registry, tmp_path):
    made = package(tmp_path, owner="lab")
    made.push("lab/a", registry, message="message")
    found = Package.browse("lab/a", registry)
    schemas = {name: f"{registry.uri}/schemas/{name}.json" for name in ("meta", "files")}
    assert found.workflow == {"id": "strict", "config": f"{registry.uri}/{WORKFLOWS}", "schemas": schemas}
    made.push("lab/a", registry, message="message", workflow="loose")
    assert Package.browse("lab/a", registry).workflow == {"id": "loose", "config": f"{registry.uri}/{WORKFLOWS}"}
    made.build("lab/b", registry, message="message")
    assert Package.browse("lab/b", registry).workflow == found.workflow


@pytest.mark.parametrize(
    ("handle", "message", "meta", "workflow", "said"),
    [
        ("lab/a", None, {"owner": 1}, ..., "requires a message"),
        ("lab/a", "", {"owner": 1}, ..., "requires a message"),
        ("other/a", "m", {"owner": 1}, ..., "handles like"),
        ("lab/a", "m", {}, ..., "metadata.*'owner' is a required property"),
        ("lab/a", "m", {"owner": 1, "plates": ["x"]}, ..., r"not of type 'integer'.*\['plates'\]\[0\]"),
        ("lab/a", "m", {"owner": 1}, None, "requires a workflow.*loose, strict"),
        ("lab/a", "m", {"owner": 1}, "none", "no workflow 'none'.*loose, strict"),
    ],
)
def test_what_is_not_as_demanded_is_not_pushed(registry, tmp_path, handle, message, meta, workflow, said):
    with pytest.raises(PackageError, match=said):
        package(tmp_path, **meta).push(handle, registry, message=message, workflow=workflow)
    assert list(revisions.packages(registry)) == []
    assert not (registry.root / handle).exists()  # no data either


def test_files_are_held_against_their_schema(registry, tmp_path):
    made = package(tmp_path, owner=1)
    (tmp_path / "b.txt").write_text("longer than ten")
    made.set("b.txt", tmp_path / "b.txt")
    with pytest.raises(PackageError, match=r"15 is greater.*\[1\]\['size'\]"):
        made.push("lab/a", registry, message="m")
    made.delete("b.txt")
    made["a.txt"].set_meta({})
    made.push("lab/a", registry, message="m")


def test_without_workflows_none_can_be_named(tmp_path):
    registry = storage_of(tmp_path / "registry")
    with pytest.raises(PackageError, match="no workflows"):
        package(tmp_path).push("lab/a", registry, message="m", workflow="strict")
    package(tmp_path).push("lab/a", registry, message="m")
    assert Package.browse("lab/a", registry).workflow is None


def test_a_missing_library_is_named(registry, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "jsonschema", None)
    with pytest.raises(PackageError, match=r"jsonschema: install bucketdex\[packages\]"):
        package(tmp_path, owner=1).push("lab/a", registry, message="m")


def schema_is(registry: LocalFolder, schema: object, name: str = "meta") -> None:
    registry.write(f"schemas/{name}.json", json.dumps(schema).encode())


@pytest.mark.parametrize("keyword", ["$ref", "$dynamicRef", "$recursiveRef"])
@pytest.mark.parametrize("address", ["http://127.0.0.1:1/x", "file:///etc/hostname", "#/properties"])
def test_a_schema_refers_to_nothing(registry, tmp_path, keyword, address):
    schema_is(registry, {"$schema": META["$schema"], "allOf": [{keyword: address}]})
    with pytest.raises(PackageError, match=rf"the schema 'meta'.*refers to another place \({re.escape(keyword)}\)"):
        package(tmp_path, owner=1).push("lab/a", registry, message="m")


def test_what_a_schema_means_is_fetched_from_nowhere():
    demand = Demand("Draft202012Validator", {"$ref": "http://127.0.0.1:1/x"}, False)
    with pytest.raises(PackageError, match="cannot be applied"):
        fault(demand, {})


def test_patterns_are_tried_as_everything_else(registry, tmp_path):
    schema_is(registry, {"properties": {"owner": {"pattern": "^[a-z]+$"}, "plates": {"items": {"maximum": 3}}}})
    schema_is(registry, {"items": {"patternProperties": {"^logical": {"pattern": "txt$"}}}}, "files")
    package(tmp_path, owner="lab").push("lab/a", registry, message="m")
    with pytest.raises(PackageError, match=r"metadata are not.*'LAB' does not match.*\['owner'\]"):
        package(tmp_path, owner="LAB").push("lab/a", registry, message="m")
    with pytest.raises(PackageError, match=r"greater than the maximum.*\['plates'\]\[1\]"):
        package(tmp_path, plates=[1, 4]).push("lab/a", registry, message="m")
    with pytest.raises(PackageError, match=r"the files are not.*does not match.*\[1\]\['logical_key'\]"):
        package(tmp_path).set("b.csv", tmp_path / "a.txt").push("lab/a", registry, message="m")


def test_a_pattern_that_takes_for_ever_is_given_up(registry, tmp_path, monkeypatch):
    monkeypatch.setattr(trial, "SECONDS", 1.0)
    schema_is(registry, {"properties": {"owner": {"pattern": "^(a+)+$"}}})
    with pytest.raises(PackageError, match="a pattern of the schema takes longer"):
        package(tmp_path, owner="a" * 40 + "!").push("lab/a", registry, message="m")
    config = registry.read(WORKFLOWS).decode().replace("^lab/", r"^(\w+\w?)+!$")
    registry.write(WORKFLOWS, config.encode())
    with pytest.raises(PackageError, match=r"the pattern .* takes longer"):
        package(tmp_path, owner="a").push(f"{'a' * 40}/b", registry, message="m")


@pytest.mark.parametrize(
    "text", ['{"not":' * 3000 + "{}" + "}" * 3000, '{"not":' * 200_000, '{"$schema": []}', "1" * 5000]
)
def test_a_schema_that_is_too_much_is_refused_in_a_line(registry, tmp_path, text):
    registry.write("schemas/meta.json", text.encode())
    with pytest.raises(PackageError, match="the schema 'meta'"):
        package(tmp_path, owner=1).push("lab/a", registry, message="m")


@pytest.mark.parametrize(
    "change",
    [
        ("^lab/", "(" * 5000 + ")" * 5000),
        ("name: Loose", "name: " + "[" * 5000),
        ("name: Loose", "name: " + "1" * 5000),
    ],
)
def test_a_configuration_that_is_too_much_is_refused_in_a_line(registry, tmp_path, change):
    registry.write(WORKFLOWS, registry.read(WORKFLOWS).decode().replace(*change).encode())
    with pytest.raises(PackageError, match=r"config\.yml"):
        package(tmp_path, owner=1).push("lab/a", registry, message="m")
