"""The demo's plan for a folder of the user's: which files it takes, and that what it searches for can be found."""

from pathlib import Path

import pytest

from bucketdex.cli.demo.files import LONGEST_KEY, of_folder
from bucketdex.cli.demo.folder import NOTE, NothingToWrite, plan_for_folder
from bucketdex.manifest.layout import fault_of_handle


def write(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text)


def keys(folder: Path) -> list[str]:
    return [file.key for file in of_folder(folder).files]


def test_keys_begin_with_the_name_of_the_folder(tmp_path: Path):
    folder = tmp_path / "my data"
    (folder / "a+b").mkdir(parents=True)
    write(folder, one="")
    write(folder / "a+b", two="")
    assert keys(folder) == ["my data/one.txt", "my data/a+b/two.txt"]


def test_what_cannot_be_an_object_is_left_out_with_a_note(tmp_path: Path):
    write(tmp_path, kept="x")
    (tmp_path / "link").symlink_to(tmp_path / "kept.txt")
    (tmp_path / "folder-link").symlink_to(tmp_path)
    (tmp_path / "two\nlines").touch()
    (tmp_path / ".git").mkdir()
    deep = tmp_path
    for _ in range(LONGEST_KEY // 200):
        deep /= "d" * 200
    deep.mkdir(parents=True)
    (deep / "too-far-down").touch()
    found = of_folder(tmp_path)
    assert [file.path.name for file in found.files] == ["kept.txt"]
    assert set(found.notes) == {
        "left out: 2 × symbolic link (folder-link, link)",
        "left out: 1 × name with control characters, or not in UTF-8 (two\\nlines)",
        "left out: 1 × hidden file or folder (.git)",
        f"left out: 1 × name longer than 1,024 bytes (…{'d' * 47}/too-far-down)",
    }


def test_not_more_files_are_taken_than_a_demo_should(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("bucketdex.cli.demo.files.MOST_FILES", 2)
    write(tmp_path, a="", b="", c="", d="")
    found = of_folder(tmp_path)
    assert [file.path.name for file in found.files] == ["a.txt", "b.txt"]
    assert found.notes == ("left out: all beyond the first 2 files and 500 MB, from c.txt on",)


def test_only_some_of_what_is_left_out_is_named(tmp_path: Path):
    for number in range(5):
        (tmp_path / f"{number}").symlink_to(tmp_path)
    assert of_folder(tmp_path).notes == ("left out: 5 × symbolic link (0, 1, 2, …)",)


def test_an_empty_folder_is_refused(tmp_path: Path):
    with pytest.raises(NothingToWrite, match="no file"):
        plan_for_folder(tmp_path)


def test_the_text_search_picks_a_word_that_few_files_have_and_no_key(tmp_path: Path):
    common = "everywhere everywhere everywhere "
    write(tmp_path, **{f"note{number}": common for number in range(30)})
    write(tmp_path, wolfram=common + "wolfram wolfram wolfram melting")
    plan = plan_for_folder(tmp_path)
    text, name, tag = plan.searches
    assert text.query == '"melting"'
    assert text.expected == (f"{tmp_path.name}/wolfram.txt",)
    assert name.query == "wolfram"
    assert set(tag.expected) == {file.key for file in plan.files if file.tags}


def test_each_occurrence_of_the_word_is_overwritten_and_other_bytes_stay(tmp_path: Path):
    (tmp_path / "a.txt").write_bytes("Xylophone xylophone XYLOPHONE ünd".encode())
    write(tmp_path, b="")
    change = plan_for_folder(tmp_path).overwriting
    assert change.old == "xylophone"
    assert change.body() == f"{change.new} {change.new} {change.new} ünd".encode()


def test_overwritten_and_deleted_are_two_objects(tmp_path: Path):
    write(tmp_path, a="telescope", b="microscope")
    plan = plan_for_folder(tmp_path)
    assert (plan.overwriting.file.key,) != plan.deletion.expected


@pytest.mark.parametrize("content", [b"", b"\0\1\2", b"telescope"])
def test_a_single_file_gets_a_note_of_ours_beside_it(tmp_path: Path, content: bytes):
    (tmp_path / "001").write_bytes(content)
    plan = plan_for_folder(tmp_path)
    assert [file.key for file in plan.files] == [f"{tmp_path.name}/001", NOTE.key]
    assert {plan.overwriting.file.key, *plan.deletion.expected} == {file.key for file in plan.files}
    assert plan.overwriting.body() != plan.overwriting.file.path.read_bytes()
    assert any(NOTE.key in note for note in plan.notes)


def test_the_package_of_a_folder_has_its_files_under_their_paths_there(tmp_path: Path):
    folder = tmp_path / "my data: 100%"
    (folder / "deep").mkdir(parents=True)
    write(folder, one="1")
    write(folder / "deep", two="22")
    packaging = plan_for_folder(folder).packaging
    assert (packaging.handle, packaging.message) == ("demo/my-data-100", "The folder my data: 100%")
    assert [(it.logical_key, it.metadata) for it in packaging.files] == [
        ("deep/two.txt", {"bytes": 2}), ("one.txt", {"bytes": 1}),
    ]  # fmt: skip
    assert [search.expected for search in packaging.searches] == [("demo/my-data-100",), ("one.txt",)]


def test_of_a_large_folder_the_package_has_the_smallest_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("bucketdex.cli.demo.folder.PACKED_BYTES", 5)
    write(tmp_path, a="xxx", b="x", c="xx", d="xxxxxx")
    packaging = plan_for_folder(tmp_path).packaging
    assert [it.logical_key for it in packaging.files] == ["b.txt", "c.txt"]
    assert packaging.message.endswith(", 2 of its 4 files")


@pytest.mark.parametrize(("name", "handle"), [("demo", "the-demo/demo"), ("…", "demo/data"), ("a_b-", "demo/a_b")])
def test_whatever_a_folder_is_called_its_package_can_be_called_so(tmp_path: Path, name: str, handle: str):
    (tmp_path / name).mkdir()
    write(tmp_path / name, a="x")
    assert plan_for_folder(tmp_path / name).packaging.handle == handle
    assert fault_of_handle(handle) is None
