"""Packages from Python, in a registry that is a folder."""

import sys
from pathlib import Path

import pytest

import bucketdex
from bucketdex import Package
from bucketdex.hashing import SHA256, digest_of
from bucketdex.manifest import Hash, verify
from bucketdex.registry.entry import Entry
from bucketdex.registry.errors import AbsentError, PackageError

HANDLE = "lab/plates"


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    files = {"README.md": "# é", "plate7/wellB3.tif": "tif", "plate7/wellB4.tif": "tiff", "x.json": '{"a": [1]}'}
    for key, text in files.items():
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def registry(tmp_path, monkeypatch):
    monkeypatch.setenv("BUCKETDEX_REGISTRY", str(tmp_path / "registry"))
    return tmp_path / "registry"


def keys(package):
    return [key for key, _ in package.walk()]


def manifest_path(registry, top_hash):
    return registry / ".quilt/packages" / top_hash


def test_what_is_built_is_browsed(data, registry):
    package = Package().set_dir("/", data, meta={"owner": "lab"}).set_dir("copy", data, meta={"n": 1})
    package.set("one.txt", data / "README.md", meta={"label": 7})
    top_hash = package.build(HANDLE, message="first")
    found = Package.browse(HANDLE)
    assert found.top_hash == top_hash == package.top_hash and found.origin == package.origin
    assert found.message == "first" and found.meta == {"owner": "lab"} and found["copy"].meta == {"n": 1}
    assert keys(found) == keys(package) and found["one.txt"].meta == {"label": 7}
    assert found.diff(package) == ([], [], [])
    assert verify(lambda: [manifest_path(registry, top_hash).read_bytes()], top_hash).verified


def test_an_item_is_read_by_its_path(data, registry):
    Package().set_dir("/", data).build(HANDLE)
    found = Package.browse(HANDLE)
    entry = found["plate7"]["wellB3.tif"]
    assert entry.get() == found.get("plate7/wellB3.tif") == str(data / "plate7/wellB3.tif")
    assert entry.get_bytes() == b"tif" and found["README.md"].get_text() == "# é"
    assert found["x.json"].deserialize() == found["x.json"]() == {"a": [1]} == found["x.json"].get_as_json()
    assert found["x.json"].deserialize(len) == 10
    assert sorted(found) == sorted(found.keys()) == ["README.md", "plate7", "x.json"] and len(found) == 3
    assert "plate7/wellB3.tif" in found and "plate7" in found and "plate8" not in found and "x.json/y" not in found
    with pytest.raises(KeyError, match="nothing"):
        found["nothing"]
    with pytest.raises(PackageError, match="is a directory"):
        found.get("plate7")


def test_bytes_that_are_others_than_when_it_was_built_are_refused(data, registry):
    Package().set_dir("/", data).build(HANDLE)
    (data / "README.md").write_text("# e")
    (data / "x.json").write_text('{"a": [1,2]}')
    found = Package.browse(HANDLE)
    for key in ("README.md", "x.json"):
        with pytest.raises(PackageError, match=rf"{key} has (4|12|3|another).* changed since"):
            found[key].get_bytes()
    with pytest.raises(PackageError):
        found["x.json"].deserialize()


def test_a_file_is_fetched_to_where_it_is_wanted(data, registry, tmp_path, monkeypatch):
    monkeypatch.setenv("BUCKETDEX_STATE", str(tmp_path / "state"))
    package = Package().set_dir("/", data)
    package.build(HANDLE)
    to = tmp_path / "to"
    to.mkdir()
    assert package["README.md"].fetch(to) == to / "README.md"
    assert package["README.md"].fetch(to / "other.md").read_text(encoding="utf-8") == "# é"
    monkeypatch.chdir(to)
    assert package["x.json"].fetch().read_text() == '{"a": [1]}' and (to / "x.json").exists()


def test_metadata_are_kept_as_they_were_given(data, registry):
    package = Package().set("a", data / "x.json", meta={"n": 2**70, "é": [None, 1.5, "🧬"]})
    meta = package["a"].meta
    meta["lost"] = True
    assert package["a"].meta == {"n": 2**70, "é": [None, 1.5, "🧬"]}
    package["a"].set_meta({"x": 1})
    package.build(HANDLE)
    assert Package.browse(HANDLE)["a"].metadata == {"user_meta": {"x": 1}}
    for wrong in ({"a": {1}}, {"a": float("nan")}, {"a": "\ud800"}):
        with pytest.raises(PackageError, match="cannot be written as JSON"):
            package["a"].set_meta(wrong)
        with pytest.raises(PackageError, match="cannot be written as JSON"):
            package.set_meta(wrong)


def test_a_directorys_metadata_are_changed_in_the_whole(data, registry):
    package = Package().set_dir("a/b", data)
    package["a/b"].set_meta({"deep": 1})
    package["a"]["b"].set("new", data / "x.json")
    package.build(HANDLE)
    found = Package.browse(HANDLE)
    assert found["a/b"].meta == {"deep": 1} and "a/b/new" in found and found["a"].meta == {}


def test_set_dir_honours_quiltignore_and_takes_metadata_from_paths(data, registry):
    (data / ".quiltignore").write_text("*.json\nold/\n")
    (data / "old").mkdir()
    (data / "old/x.tif").write_text("old")
    package = Package().set_dir("images", data, meta_from="plate{plate:int}/well{well}.tif")
    assert keys(package["images"]) == [".quiltignore", "README.md", "plate7/wellB3.tif", "plate7/wellB4.tif"]
    assert package["images/plate7/wellB4.tif"].meta == {"plate": 7, "well": "B4"}
    assert package["images/README.md"].meta == {}
    with pytest.raises(PackageError, match=r"none of 4 files .* is like"):
        Package().set_dir("/", data, meta_from="x{plate:int}")


def test_a_registry_within_the_folder_is_no_data(data):
    Package().set_dir("/", data).build(HANDLE, registry=data)
    assert len(keys(Package().set_dir("/", data))) == 4
    assert Package.browse(HANDLE, data).verify(data)


def test_set_dir_can_leave_what_is_there(data, registry, tmp_path):
    package = Package().set("README.md", data / "x.json")
    package.set_dir("/", data, update_policy="existing")
    assert package.get("README.md") == str(data / "x.json") and len(keys(package)) == 4
    package.set_dir("/", data)
    assert package.get("README.md") == str(data / "README.md")
    with pytest.raises(PackageError, match="incoming or existing"):
        package.set_dir("/", data, update_policy="both")
    with pytest.raises(AbsentError, match="there is no folder"):
        package.set_dir("/", tmp_path / "nothing")


def test_links_to_files_are_followed_and_links_to_folders_are_not(data, registry, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/f").write_text("f")
    (data / "link.txt").symlink_to(tmp_path / "elsewhere/f")
    (data / "folder").symlink_to(tmp_path / "elsewhere")
    (data / "loop").symlink_to(data)
    package = Package().set_dir("/", data)
    assert package.get("link.txt") == str(tmp_path / "elsewhere/f") and len(keys(package)) == 5


@pytest.mark.parametrize("key", ["", "/a", "a/", "a//b", "../a", "a/../b", "a\\b", "a\0b"])
def test_a_logical_key_that_no_file_can_have_is_refused(data, key):
    with pytest.raises(PackageError, match="cannot be a logical key"):
        Package().set(key, data / "x.json")


def test_a_path_is_a_file_or_a_directory(data):
    package = Package().set("a/b", data / "x.json")
    with pytest.raises(PackageError, match="is a directory"):
        package.set("a", data / "x.json")
    with pytest.raises(PackageError, match="is a file"):
        package.set("a/b/c", data / "x.json")
    with pytest.raises(AbsentError, match="there is no file"):
        package.set("c", data / "nothing")
    with pytest.raises(AbsentError, match="there is no file"):
        package.set("c", data)
    assert keys(package) == ["a/b"]


def test_a_deletion_takes_directories_that_are_empty_then(data):
    package = Package().set("a/b/c", data / "x.json").set("d", data / "x.json").set("e/f", data / "x.json")
    package["e"].set_meta({"kept": 1})
    package.delete("a/b/c").delete("e/f")
    assert sorted(package) == ["d", "e"]
    package.delete("e")
    assert sorted(package) == ["d"]
    package.set_dir("x/y", data).delete("x/y/plate7").delete("x/y/README.md").delete("x/y/x.json")
    assert sorted(package) == ["d"]
    with pytest.raises(KeyError):
        package.delete("a")


def test_a_filtered_package_is_one_of_its_own(data, registry):
    package = Package().set_dir("a", data, meta={"n": 1}).set_dir("b", data).set_meta({"owner": "lab"})
    package.build(HANDLE, message="m")
    found = package.filter(lambda key, entry: key.startswith("a/") and entry.size > 3)
    assert keys(found) == ["a/README.md", "a/plate7/wellB4.tif", "a/x.json"]
    assert found.meta == {"owner": "lab"} and found["a"].meta == {"n": 1} and "b" not in found
    found["a/x.json"].set_meta({"x": 1})
    found["a"].set_meta({"n": 2})
    assert package["a/x.json"].meta == {} and package["a"].meta == {"n": 1} and found.origin == package.origin


def test_a_diff_names_what_was_added_modified_and_deleted(data, registry):
    before = Package().set_dir("/", data)
    before.build(HANDLE)
    after = Package.browse(HANDLE).delete("x.json").set("new", data / "x.json")
    after["README.md"].set_meta({"n": 1})
    after.build(HANDLE)
    found = before.diff(after)
    assert found == (["new"], ["README.md"], ["x.json"]) and found.modified == ["README.md"]


def test_a_hash_of_the_former_type_is_no_modification(data):
    content = (data / "x.json").read_bytes()
    old = Package().set("x", Entry("s3://b/x", len(content), Hash(SHA256, digest_of(SHA256, content))))
    new = Package().set("x", data / "x.json")
    new.build(HANDLE, registry=data.parent / "r")
    assert old.diff(new) == ([], [], [])
    old["x"].hash = Hash(SHA256, "0" * 64)
    assert old.diff(new).modified == ["x"]


def test_a_folder_is_verified_byte_by_byte(data, registry):
    package = Package().set_dir("/", data)
    package.build(HANDLE)
    assert package.verify(data)
    (data / "README.md").write_text("# e ", encoding="utf-8")  # of the same size
    (data / "x.json").unlink()
    (data / "plate7/wellB3.tif").write_text("longer")
    (data / "new").write_text("")
    check = package.verify(data)
    assert not check and (check.missing, check.extra) == (["x.json"], ["new"])
    assert check.changed == ["README.md", "plate7/wellB3.tif"]
    with pytest.raises(PackageError, match="there is no folder"):
        package.verify(data / "nothing")


def test_extra_files_can_be_accepted_and_ignored_ones_are_not_extra(data, registry):
    (data / ".quiltignore").write_text("*.log\n")
    package = Package().set_dir("/", data)
    package.build(HANDLE)
    (data / "a.log").write_text("log")
    assert package.verify(data)
    (data / "new").write_text("")
    assert not package.verify(data) and package.verify(data, extra_files_ok=True)


def test_of_an_unknown_hash_only_the_size_is_compared(data, registry):
    package = Package().set_dir("/", data)
    package["README.md"].hash = Hash("BLAKE9", "x")
    check = package.verify(data)
    assert not check and "README.md" in check.unverifiable


def test_a_file_that_changed_its_size_since_it_was_set_is_not_built(data, registry):
    package = Package().set_dir("/", data)
    (data / "README.md").write_text("longer than before")
    with pytest.raises(PackageError, match="list it again, by `set`"):
        package.build(HANDLE)
    (data / "README.md").unlink()
    with pytest.raises(PackageError, match=r"README.md: No such file"):
        package.build(HANDLE)
    assert not list(bucketdex.list_packages())


@pytest.mark.parametrize("handle", ["plates", "lab/", "lab/a/b", "lab/a b", "../a", "lab/pl@tes"])
def test_a_handle_that_no_package_can_have_is_refused(data, registry, handle):
    with pytest.raises(PackageError, match="is no handle"):
        Package().build(handle)
    with pytest.raises(PackageError, match="is no handle"):
        Package.browse(handle)


def test_import_costs_nothing_of_it():
    import subprocess

    code = (
        "import bucketdex, sys; print(sorted(it for it in sys.modules if it.startswith(('bucketdex.', 'boto', 'msg'))))"
    )
    path = Path(bucketdex.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=path, check=True)
    assert done.stdout.strip() == "[]"
    assert {"Package", "list_packages", "copy_package"} <= set(dir(bucketdex))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        bucketdex.nothing  # noqa: B018


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Package().diff("x"), lambda: Package().set("z", b"bytes"), lambda: Package().set_meta("x"),
        lambda: Package().set("z", __file__, meta="x"),
    ],
)  # fmt: skip
def test_arguments_of_another_type_are_told_what_is_wanted(wrong):
    with pytest.raises(TypeError, match=r"Package\.browse|a path, an s3|a dict such as"):
        wrong()
