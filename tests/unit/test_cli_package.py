"""What `bucketdex package verify` says of a manifest."""

import json

from typer.testing import CliRunner

from bucketdex.cli.main import app

runner = CliRunner()
ENTRY = {
    "logical_key": "a.csv",
    "physical_keys": ["s3://b/a.csv"],
    "size": 3,
    "hash": {"type": "SHA256", "value": "00"},
    "meta": {},
}
MANIFEST = "".join(json.dumps(line) + "\n" for line in ({"version": "v0"}, ENTRY))


def verify(path, *options):
    return runner.invoke(app, ["package", "verify", str(path), *options])


def test_a_manifest_is_verified(tmp_path):
    path = tmp_path / "manifest.jsonl"
    path.write_text(MANIFEST)
    answer = verify(path, "--json")
    told = json.loads(answer.stdout)
    assert answer.exit_code == 0 and len(told.pop("top_hash")) == 64
    assert told == {"verified": True, "entries": 1, "total_bytes": 3, "problems": []}
    assert "verified" in verify(path).stdout


def test_a_manifest_under_another_hash_is_not(tmp_path):
    path = tmp_path / ("0" * 64)
    path.write_text(MANIFEST)
    answer = verify(path, "--json")
    assert answer.exit_code == 1 and "its name says 0000" in json.loads(answer.stdout)["problems"][0]


def test_a_manifest_that_is_cut_in_half_is_not(tmp_path):
    path = tmp_path / "manifest"
    path.write_text(MANIFEST[: len(MANIFEST) // 2])
    answer = verify(path)
    assert answer.exit_code == 1 and "problem: line 2: not JSON" in answer.stdout and "not verified" in answer.stdout


def test_a_file_that_is_not_there_is_a_matter_of_usage(tmp_path):
    assert verify(tmp_path / "nothing").exit_code == 2
