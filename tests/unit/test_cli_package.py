"""What `bucketdex package verify` says of a manifest."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bucketdex.cli.main import app
from bucketdex.cli.package import app as commands_of

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


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BUCKETDEX_REGISTRY", "./registry")
    folder = tmp_path / "data"
    (folder / "plate7").mkdir(parents=True)
    (folder / "plate7/wellB3.tif").write_text("tif")
    (folder / "README.md").write_text("# plates")
    return folder


def package(*arguments, code=0, given=None):
    answer = runner.invoke(app, ["package", *arguments], input=given)
    assert answer.exit_code == code, (answer.stdout, answer.stderr)
    return answer


def told(*arguments, code=0):
    return [json.loads(line) for line in package(*arguments, "--json", code=code).stdout.splitlines()]


def test_what_is_built_is_browsed_listed_and_verified(data):
    pattern = "plate{plate:int}/well{well}.tif"
    given = ["build", "lab/plates", "data", "-m", "first", "--meta", '{"owner": "lab"}', "--meta-from", pattern]
    (built,) = told(*given)
    assert built == built | {"handle": "lab/plates", "entries": 2, "total_bytes": 11}
    (found,) = told("browse", "lab/plates")
    about = {"message": "first", "metadata": {"owner": "lab"}, "verified": True, "entries": 2, "total_bytes": 11}
    assert found == found | about | {"top_hash": built["top_hash"], "registry": built["registry"]}
    assert [(it["path"], it["type"], it["files"]) for it in found["items"]] == [
        ("README.md", "file", 1), ("plate7/", "directory", 1)
    ]  # fmt: skip
    (found,) = told("browse", f"lab/plates@{built['top_hash'][:6]}", "plate7", "--recursive")
    assert found["items"][0]["metadata"] == {"user_meta": {"plate": 7, "well": "B3"}}
    (listed,) = told("list", "lab/plates")
    assert listed == listed | {"top_hash": built["top_hash"], "latest": True} and listed["created"]
    assert told("list") == [{"handle": "lab/plates"}]
    verified = {"top_hash": built["top_hash"], "verified": True, "entries": 2, "total_bytes": 11, "problems": []}
    assert told("verify", "lab/plates") == told("verify", "lab/plates", "--folder", "data") == [verified]
    for command in (["browse", "lab/plates"], ["list"], ["list", "lab/plates"], ["verify", "lab/plates"]):
        assert package(*command).stdout


def test_sources_come_to_where_they_are_wanted(data):
    package("build", "lab/plates", "in/it=data/plate7/", "data/README.md", "other.md=data/README.md")
    (found,) = told("browse", "lab/plates", "-R")
    assert [it["path"] for it in found["items"]] == ["README.md", "in/it/wellB3.tif", "other.md"]


def test_what_differs_is_exit_code_1(data):
    package("build", "lab/plates", "data")
    first = told("list", "lab/plates")[0]["top_hash"]
    assert "the same" in package("diff", f"lab/plates@{first}", "lab/plates").stdout
    (data / "new").write_text("new")
    (data / "README.md").unlink()
    package("build", "lab/plates", "data", "--registry", "./other")
    answer = package("diff", "lab/plates", "lab/plates", "--other-registry", "./other", code=1)
    assert answer.stdout.splitlines() == ["+ new", "- README.md", "2 files differ: 1 added, 0 modified, 1 deleted."]
    told_ = told("diff", "lab/plates", "lab/plates", "--other-registry", "./other", code=1)
    assert told_ == [{"added": ["new"], "modified": [], "deleted": ["README.md"]}]


def test_a_folder_that_differs_is_not_verified(data):
    package("build", "lab/plates", "data")
    (data / "new").write_text("new")
    (data / "README.md").write_text("# PLATES")
    (answer,) = told("verify", "lab/plates", "--folder", "data", code=1)
    assert not answer["verified"] and answer["problems"] == ["changed: README.md", "extra: new"]


def test_a_deletion_asks(data):
    package("build", "lab/plates", "data", "-m", "first")
    package("build", "lab/plates", "data", "-m", "second")
    first, second = (it["top_hash"] for it in told("list", "lab/plates"))
    package("delete", "lab/plates", code=1, given="n\n")
    assert len(told("list", "lab/plates")) == 2
    answer = package("delete", f"lab/plates@{second[:8]}", given="y\n")
    assert f"The latest revision is {first}" in answer.stdout
    assert told("delete", "lab/plates", "--yes")[0]["deleted"]
    assert told("list", code=1) == [] and told("list", "lab/plates", code=1) == []
    assert "there is no package" in package("delete", "lab/plates", "--yes", code=1).stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["browse", "lab"], ["browse", "lab/plates@"], ["build", "lab/plates@1", "data"], ["verify", "no/such/file"],
        ["build", "lab/plates", "data", "--meta", "[1]"], ["build", "lab/plates", "data", "--meta", "{"],
        ["build", "lab/plates", "data", "--meta", "@nothing"],
        ["build", "lab/plates", "data", "--workflow", "a", "--no-workflow"],
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_a_matter_of_usage(data, arguments):
    package(*arguments, code=2)


def test_what_is_not_there_is_said_in_a_line(data):
    package("build", "lab/plates", "data", "--meta", "@data/meta.json", code=2)
    (data / "meta.json").write_text('{"a": 1}')
    (data / "empty").mkdir()
    package("build", "lab/plates", "data", "--meta", "@data/meta.json")
    for arguments, said in (
        (["browse", "lab/other"], "those that are: bucketdex package list"),
        (["browse", "lab/other", "--registry", "my-data"], "the bucket is s3://my-data, a new folder is ./my-data"),
        (["push", "lab/other", "data/empty/"], "data/empty/ holds no files"),
        (["browse", "lab/plates@000000"], "there is no revision 000000"),
        (["browse", "lab/plates", "nothing"], "there is no 'nothing' in this package"),
        (["build", "lab/plates", "nothing"], "there is no file nothing"),
        (["build", "lab/plates", "data", "--meta-from", "{x"], "the pattern '{x' cannot be used"),
        (["build", "lab/plates", "data", "--workflow", "a"], "there are no workflows"),
        (["list", "--registry", "s3://my-data/prefix"], "is no registry: in S3 that is a whole bucket"),
    ):
        answer = package(*arguments, code=1)
        assert said in answer.stderr and answer.stderr.count("\n") == 1


def test_a_manifest_that_is_not_what_its_name_says_is_shown_with_a_warning(data, tmp_path):
    (built,) = told("build", "lab/plates", "data")
    path = tmp_path / "registry/.quilt/packages" / built["top_hash"]
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    answer = package("browse", "lab/plates")
    assert "its end is missing" in answer.stderr and "not verified" in answer.stdout
    assert not told("verify", "lab/plates", code=1)[0]["verified"]


ESCAPE = "\x1b]0;evil\x07"


def test_no_name_reaches_into_the_terminal(data, tmp_path):
    """Whoever may write to a registry names packages, files and places in it."""
    package("build", "lab/plates", "data/")
    pointers = tmp_path / "registry/.quilt/named_packages"
    (pointers / f"lab/{ESCAPE}").mkdir()
    (pointers / f"lab/{ESCAPE}/latest").write_text("0" * 64)
    (pointers / f"lab/plates/{ESCAPE}").write_text("0" * 64)
    (manifest,) = (tmp_path / "registry/.quilt/packages").iterdir()
    lines = manifest.read_text().splitlines()
    lines[1] = json.dumps(json.loads(lines[1]) | {"physical_keys": [f"s3s://{ESCAPE}"]})
    manifest.write_text("\n".join(lines) + "\n")
    for arguments, code in (
        (["list"], 0), (["list", "lab/plates"], 0), (["browse", "lab/plates"], 0),
        (["install", "lab/plates", "dest"], 1),
    ):  # fmt: skip
        answer = package(*arguments, code=code)
        assert not set("\x1b\x07") & {*answer.stdout, *answer.stderr}
    assert r"s3s://\x1b]0;evil" in answer.stderr


@pytest.mark.parametrize("size", ["Infinity", "NaN", "1" + "0" * 400, "-1"])
def test_a_size_that_no_file_has_is_shown(data, tmp_path, size):
    package("build", "lab/plates", "data/")
    (manifest,) = (tmp_path / "registry/.quilt/packages").iterdir()
    manifest.write_text(
        manifest.read_text().replace('"size":8', f'"size":{size}').replace('"size": 8', f'"size": {size}')
    )
    assert json.loads(package("browse", "lab/plates", "--json").stdout)["total_bytes"] == 3
    shown = {"Infinity": "inf", "NaN": "nan"}.get(size, size[:10])
    assert shown in package("browse", "lab/plates").stdout


def test_every_command_is_documented_and_shows_examples():
    page = (Path(__file__).parents[2] / "docs/packages.md").read_text()
    commands = [it.name or it.callback.__name__ for it in commands_of.registered_commands]
    assert len(commands) == 9 and [name for name in commands if f"`package {name} " not in page] == []
    for name in commands:
        assert f"bucketdex package {name}" in package(name, "--help").stdout
