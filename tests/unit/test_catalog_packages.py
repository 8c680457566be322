"""What the pages of packages show of what is known: manifests, folders, differences, links of a README."""

import ast
import gzip
import io
import json
import shlex
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from bucketdex.catalog.packages import manifests, shown
from bucketdex.catalog.packages.comparing import changes
from bucketdex.catalog.packages.contents import detail, folder_of
from bucketdex.catalog.packages.manifests import Manifest, TooLargeError, header_of, manifest_of
from bucketdex.catalog.packages.pieces import readable, within
from bucketdex.catalog.pages import diff
from bucketdex.errors import Permanent
from bucketdex.hashing import from_sha256
from bucketdex.manifest import Entry, Hash, Header
from bucketdex.searching.details import PackageDetail, Revision
from bucketdex.searching.viewer import Viewer

HOSTILE = "<script>alert(1)</script>"
TOP_HASH = "ab" * 32


class Stored:
    """S3 that has one manifest."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def get_object(self, **_: str) -> dict:
        if not self.body:
            raise ClientError(
                {"Error": {"Code": "NoSuchKey"}, "ResponseMetadata": {"HTTPStatusCode": 404}}, "GetObject"
            )
        return {"ContentLength": len(self.body), "Body": io.BytesIO(self.body)}


def line(key: str, size: int | None = 3, value: str = "a", meta: object = None, place: str = "s3://lake/x") -> dict:
    return {
        "logical_key": key, "physical_keys": [f"{place}?versionId=v1"], "size": size,
        "hash": {"type": "SHA256", "value": value}, "meta": meta or {},
    }  # fmt: skip


def manifest(*lines: dict, **header: object) -> Manifest:
    text = "\n".join(json.dumps(it) for it in ({"version": "v0", **header}, *lines))
    return manifest_of(Stored(text.encode()), "lake", TOP_HASH)


def package(**fields: object) -> PackageDetail:
    told = {"registry": "lake", "registries": ("lake",), "handle": "lab/plates", "top_hash": TOP_HASH, "manifest": "m"}
    return PackageDetail(**(told | {"latest": True} | fields))


def test_a_manifest_is_read_with_what_is_wrong_in_it():
    found = manifest(
        line("a/b.csv", meta={"user_meta": {"plate": 7}}), {"logical_key": "a/", "meta": {"user_meta": {"x": 1}}},
        {"no": 1}, message=HOSTILE, user_meta={"owner": "lab"},
    )  # fmt: skip
    assert found.header.message == HOSTILE and list(found.entries) == ["a/b.csv"] and len(found.problems) == 1
    assert detail(found.entries["a/b.csv"]).metadata == ("user_meta.plate=7",)
    assert found.directories == {"a/": {"user_meta": {"x": 1}}}


def test_a_header_is_read_alone_from_plain_or_packed_manifests():
    text = json.dumps({"version": "v0", "message": "m"}).encode() + b"\n" + json.dumps(line("a")).encode()
    for body in (text, gzip.compress(text)):
        found = header_of(Stored(body), "lake", TOP_HASH)
        assert found and found.message == "m"
    assert header_of(Stored(b"no manifest"), "lake", TOP_HASH) is None


def test_what_is_larger_than_a_page_may_read_is_refused_with_a_way_out(monkeypatch):
    monkeypatch.setattr(manifests, "MOST_ENTRIES", 2)
    assert manifest(line("a"), line("b")).entries
    with pytest.raises(TooLargeError, match="bucketdex package"):
        manifest(line("a"), line("b"), line("c"))
    monkeypatch.setattr(manifests, "MOST_BYTES", 10)
    with pytest.raises(TooLargeError):
        manifest(line("a"))
    with pytest.raises(Permanent, match="not there any more"):
        manifest_of(Stored(b""), "lake", TOP_HASH)
    with pytest.raises(Permanent, match="cannot be read"):
        manifest_of(Stored(b"{}"), "lake", TOP_HASH)


def pages(entries: dict[str, Entry], prefix: str, size: int) -> Iterator[tuple[list[str], list[str]]]:
    after: str | None = ""
    while after is not None:
        page = folder_of(entries, prefix, after, size)
        assert len(page.folders) + len(page.files) <= size
        yield [it.prefix for it in page.folders], [it.logical_key for it in page.files]
        after = page.cursor


NAMES = st.lists(st.text("ab/é", min_size=1, max_size=6), max_size=20, unique=True)


@given(NAMES, st.integers(1, 5))
def test_a_folder_tells_each_name_once_however_it_is_paged(keys, size):
    entries = {key: Entry(key, ["s3://lake/x"], 1) for key in keys}
    for prefix in ("", "a/"):
        folders = [it for some, _ in pages(entries, prefix, size) for it in some]
        files = [it for _, some in pages(entries, prefix, size) for it in some]
        below = [key for key in keys if key.startswith(prefix) and key != prefix]
        assert sorted(files) == sorted(key for key in below if "/" not in key[len(prefix) :])
        assert set(folders) == {
            prefix + key[len(prefix) :].split("/")[0] + "/" for key in below if "/" in key[len(prefix) :]
        }
        assert len(folders) == len(set(folders))


def test_a_folder_counts_what_is_in_its_folders():
    entries = manifest(line("a/1", 2), line("a/b/2", 3), line("c", None), line("d", float("1e3"))).entries
    found = folder_of(entries, "", "")
    assert [(it.name, it.entries, it.total_bytes) for it in found.folders] == [("a", 2, 5)]
    assert [(it.name, it.size) for it in found.files] == [("c", None), ("d", 1000)]
    assert found.files[0].physical and found.files[0].physical.version_id == "v1"


def test_rows_link_to_versions_of_objects_only_where_these_may_be_seen():
    entries = manifest(
        line("in.csv"), line("out.csv", place="s3://secret/y"), line("odd.csv", place="file:///x")
    ).entries
    inside, odd, outside = shown.rows(folder_of(entries, "", ""), package(), {"lake"})
    assert inside.href == "/b/lake/object/x?version=v1" and inside.download == "/download/lake/x?version=v1"
    assert (outside.href, outside.download, outside.where) == ("", "", "s3://secret/y?versionId=v1")
    assert not odd.href and odd.where.startswith("file:")
    entry = detail(entries["out.csv"])
    assert readable(entry, Viewer(frozenset({"lake"}))) is None and readable(None, Viewer(frozenset())) is None
    assert readable(entry, Viewer(frozenset({"secret"}))) == ("secret", "y", "v1")


def test_what_differs_is_added_removed_or_changed_in_content_or_metadata():
    old = manifest(
        line("same"), line("gone"), line("size", 3), line("hash", value="a"),
        line("meta", meta={"user_meta": {"n": 1}}), line("moved", place="s3://lake/old"),
        {"logical_key": "d/", "meta": {"x": 1}},
        message="one", user_meta={"owner": "lab", "plate": {"well": "B7"}, "gone": 1},
    )  # fmt: skip
    new = manifest(
        line("same"), line("new", value="n"), line("size", 4), line("hash", value="b"),
        line("meta", meta={"user_meta": {"n": 2}}),
        line("moved", place="s3://lake/new"),
        message=HOSTILE, user_meta={"owner": "lab", "plate": {"well": "B8"}},
    )  # fmt: skip
    found = changes(old, new)
    assert [it.logical_key for it in found.added] == ["new"] and [it.logical_key for it in found.removed] == ["gone"]
    assert [(it.key, it.size, it.hash, it.metadata) for it in found.changed] == [
        ("hash", False, True, False), ("meta", False, False, True), ("size", True, False, False),
    ]  # fmt: skip
    assert [(it.name, it.old, it.new) for it in found.fields] == [
        ("message", "one", HOSTILE), ("metadata: gone", "1", None), ("metadata: plate.well", "B7", "B8"),
        ("metadata of d/", '{"x": 1}', None),
    ]  # fmt: skip
    assert found.same == 2 and not found.none and changes(old, old).none
    made = diff.rows(found, {"lake"})
    assert [it.said for it in made["changed"]] == [("content",), ("metadata",), ("content",)]


def test_what_has_the_same_bytes_under_another_key_was_renamed():
    old = manifest(
        line("a.csv", value="a"), line("raw/b.csv", value="b"), line("raw/c.csv", value="b"), line("d", value="d"),
        line("empty/1", 0, "e"), line("empty/2", 0, "e"), line("size", 3, "s"), {**line("x"), "hash": None},
    )  # fmt: skip
    new = manifest(
        line("A.csv", value="a", meta={"user_meta": {"n": 1}}), line("kept/c.csv", value="b"),
        line("kept/new.csv", value="b"), line("d", value="d"), line("copy of d", value="d"), line("none/1", 0, "e"),
        line("none/3", 0, "e"), line("none/4", 0, "e"), line("Size", 4, "s"), {**line("y"), "hash": None},
    )  # fmt: skip
    found = changes(old, new)
    assert [(it.old.logical_key, it.new.logical_key, it.metadata) for it in found.renamed] == [
        ("a.csv", "A.csv", True), ("raw/c.csv", "kept/c.csv", False), ("raw/b.csv", "kept/new.csv", False),
        ("empty/1", "none/1", False),
    ]  # fmt: skip
    assert [it.logical_key for it in found.added] == ["Size", "copy of d", "none/3", "none/4", "y"]
    assert [it.logical_key for it in found.removed] == ["empty/2", "size", "x"]
    assert not found.none
    [row, *_] = diff.rows(found, {"lake"})["renamed"]
    assert (row.old_key, row.key, row.said) == ("a.csv", "A.csv", ("metadata",))


def test_the_same_bytes_by_another_type_of_hash_are_no_change():
    digest = "00" * 32
    one = Entry("a", ["s3://lake/x"], 5, Hash("SHA256", digest))
    other = Entry("a", ["s3://lake/x"], 5, Hash("sha2-256-chunked", from_sha256(bytes.fromhex(digest), 5)))
    assert changes(*(Manifest(Header({}), {"a": it}, {}) for it in (one, other))).none


def test_a_page_shows_as_much_of_what_differs_as_it_can_hold():
    keys = [f"{number:04}{'é' * 400}" for number in range(500)]
    made = diff.rows(changes(manifest(), manifest(*map(line, keys))), {"lake"})
    assert 0 < len(made["added"]) <= 200 and sum(len(it.key) for it in made["added"]) <= diff.MOST_CHARACTERS


def test_each_revision_links_to_what_it_changed():
    hashes = ["c" * 64, "b" * 64, "b" * 64]
    listed = [Revision(revision=str(at), latest=not at, top_hash=it, message=HOSTILE) for at, it in enumerate(hashes)]
    found = shown.steps([*listed, Revision(revision="9", latest=False)], package(top_hash="b" * 64))
    assert [it.changes for it in found] == [f"/p/lake/lab/plates/diff?from={'b' * 64}&to={'c' * 64}", "", ""]
    assert [it.shown for it in found] == [False, True, True]


def test_the_revision_before_is_one_that_differs():
    assert diff._before(["c", "b", "b", "a"], "b") == "a"
    assert diff._before(["c", "b"], "b") == "b" and diff._before(["c"], "x") == "c"


@given(st.from_regex(r"[\w-]{1,20}/[\w-]{1,20}", fullmatch=True), st.booleans())
def test_snippets_of_a_package_are_what_a_shell_and_python_read_back(handle, latest):
    install, quilt, python = shown.snippets(package(handle=handle, latest=latest))
    words = shlex.split(install.text)
    assert words[3] == (handle if latest else f"{handle}@abababab") and words[-1] == "s3://lake"
    assert shlex.split(quilt.text)[2] == handle and ("--top-hash" in quilt.text) != latest
    assert handle in {it.value for it in ast.walk(ast.parse(python.text)) if isinstance(it, ast.Constant)}


@pytest.mark.parametrize(
    ("folder", "target", "path"),
    [
        ("", "a.csv", "a.csv"),
        ("docs", "../a%20b.csv?x#y", "a b.csv"),
        ("docs", "/a.csv", "a.csv"),
        ("", "plates/", "plates"),
        ("", "../a", None),
        ("", "https://x/y", None),
        ("", "//x/y", None),
        ("", "#top", None),
    ],
)
def test_a_link_of_a_readme_means_a_logical_key(folder, target, path):
    assert within(folder, target) == path


def test_metadata_are_shown_as_they_were_written_or_else_as_they_are_indexed():
    tree = shown.metadata_tree(Header({"user_meta": {"n": 1.5, "owner": HOSTILE, "odd": "\ud800"}}))
    assert tree and [it.key for it in tree.roots[0].children] == ["n", "owner", "odd"]
    assert shown.metadata_tree(None) is None and shown.metadata_tree(Header({})) is None
    told = dict(shown.workflow(Header({"workflow": {"id": "w", "config": "s3://lake/c"}}), package()))
    assert told == {"Workflow": "w", "Set by": "s3://lake/c"}
    assert shown.workflow(None, package(workflow="w")) == [("Workflow", "w")]
