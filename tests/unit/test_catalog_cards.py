"""What is shown of a hit: where it is, why it was found; and names are text, whatever they try to be."""

from datetime import UTC, datetime

import pytest

from bucketdex.catalog import links
from bucketdex.catalog.answers import Page
from bucketdex.catalog.cards import card
from bucketdex.catalog.rendering import rendered
from bucketdex.changes import Author
from bucketdex.http import Request
from bucketdex.manifest.layout import s3_uri
from bucketdex.searching.hits import EntryHit, Hit, ObjectHit, PackageHit
from bucketdex.searching.in_packages import InPackage
from catalog_html import HOSTILE, Read, addresses

NOW = datetime(2026, 1, 31, tzinfo=UTC)
LAB = frozenset({"lab"})
SEARCH = {
    "title": "x", "text": "x", "sort": "relevance", "sorts": (), "filters": (), "tabs": (), "facets": (),
    "mistake": None, "meant": None, "total": 3, "first": 1, "last": 3, "next": "", "again": "",
    "wider": None, "folds": False, "buckets": ["lab"],
}  # fmt: skip


def an_object(key: str = "runs/2024/a.csv", **more: object) -> ObjectHit:
    highlights = more.pop("highlights", {})
    return ObjectHit("lab", 1.0, highlights, key=key, **more)  # type: ignore[arg-type]


def page_of(hits: list[Hit], **more: object) -> str:
    cards = [card(hit, LAB) for hit in hits]
    return rendered(Page("search.html", SEARCH | {"cards": cards} | more), Request(path="/search"), NOW)


def test_an_object_is_shown_by_its_name_in_its_folder():
    shown = card(an_object(size=5, modified="2026-01-01T00:00:00Z", written_by=Author("IAMUser", "ada")), LAB)
    assert (shown.title, shown.folder, shown.place) == ("a.csv", "runs/2024/", "lab")
    assert (shown.href, shown.folder_href) == ("/b/lab/object/runs/2024/a.csv", "/b/lab/tree/runs/2024/")
    assert (shown.size, shown.author) == (5, "ada")


@pytest.mark.parametrize(
    ("key", "folder", "title"),
    [("a.csv", "", "a.csv"), ("a/b/", "a/", "b/"), ("a//b", "a//", "b"), ("/", "", "/"), ("x/\n", "x/", "␊")],
)
def test_folder_and_name_are_told_apart_where_the_last_name_begins(key, folder, title):
    shown = card(an_object(key), LAB)
    assert (shown.folder, shown.title) == (folder, title)


def test_what_matched_is_marked_in_folder_and_name():
    key = "runs &lt;1&gt;&#x2F;<mark>plate</mark> 7&#x2F;<mark>plate</mark>.csv"
    shown = card(an_object("runs <1>/plate 7/plate.csv", highlights={"key": [key]}), LAB)
    assert shown.folder == "runs &lt;1&gt;/<mark>plate</mark> 7/"
    assert shown.title == "<mark>plate</mark>.csv"


def test_a_mark_across_the_last_slash_is_cut_there():
    shown = card(an_object("a/b", highlights={"key": ["<mark>a/b</mark>"]}), LAB)
    assert (shown.folder, shown.title) == ("<mark>a/</mark>", "<mark>b</mark>")


def test_a_fragment_of_something_else_marks_nothing():
    shown = card(an_object("runs/a.csv", highlights={"key": ["runs/<mark>b</mark>.csv"]}), LAB)
    assert (shown.folder, shown.title) == ("runs/", "a.csv")


def test_text_and_metadata_say_why_it_was_found():
    highlights = {"content": ["one <mark>fox</mark>", "two", "three"], "tags": ["animal=<mark>fox</mark>"]}
    shown = card(an_object(highlights=highlights), LAB)
    assert shown.snippet == "one <mark>fox</mark> … two"
    assert shown.pairs == ("animal=<mark>fox</mark>",)


def test_an_object_names_the_packages_that_it_is_in():
    packages = [InPackage("reg", f"bio/p{number}", "a.csv") for number in range(5)]
    shown = card(an_object(packages=packages), LAB)
    assert [(it.text, it.href) for it in shown.packages][:1] == [("bio/p0", "/p/reg/bio/p0")]
    assert (len(shown.packages), shown.more_packages) == (3, 2)


def test_a_package_that_is_not_what_its_top_hash_says_is_told_so():
    hit = PackageHit("reg", 1.0, {}, latest=False, handle="bio/p", top_hash="4f2a90" * 4, verified=False, message="<b>")
    shown = card(hit, LAB)
    assert [it.text for it in shown.badges] == ["not verified", "revision 4f2a904f2a90"]
    assert shown.href == f"/p/reg/bio/p/{'4f2a90' * 4}"
    assert shown.snippet == "&lt;b&gt;"


def test_an_entry_leads_to_its_object_where_that_has_a_page_and_else_into_its_package():
    hit = {"logical_key": "a/b.csv", "top_hash": "4f2a90", "handles": ["bio/p", "bio/q"], "latest": True}
    here = EntryHit("reg", 1.0, {}, physical_key="s3://lab/raw/b.csv?versionId=v1", **hit)
    elsewhere = EntryHit("reg", 1.0, {}, physical_key="s3://other/b.csv", **hit)
    assert card(here, LAB).href == "/b/lab/object/raw/b.csv?version=v1"
    assert card(elsewhere, LAB).href == "/p/reg/bio/p/4f2a90/tree/a/"
    assert [it.text for it in card(here, LAB).packages] == ["bio/q"]
    odd = EntryHit("reg", 1.0, {}, physical_key=s3_uri("lab", "my data/100% ü+b.csv", "v 1"), **hit)
    assert card(odd, LAB).href == links.object("lab", "my data/100% ü+b.csv", "v 1")


@pytest.mark.parametrize(
    ("shown", "said", "because"),
    [
        ({"total": 1}, "1 result for x", False),
        ({"total": 3}, "1 result for x, 3 matches in all", True),
        ({"total": 30, "next": "/search?cursor=x", "last": 1}, "Results 1–1 for x, 30 matches in all", True),
        (
            {"total": 30, "next": "/search?cursor=x", "last": 1, "folds": False},
            "Results 1–1 for x, 30 matches in all",
            False,
        ),
    ],
)
def test_results_are_counted_apart_from_matches(shown, said, because):
    html = page_of([an_object()], **{"folds": True, "text": "x", **shown})
    assert said in "".join(Read(html).text)
    assert ("a file and its package entries are one result" in html) == because


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_text_whatever_they_try_to_be(name):
    marks = {"key": [f"<mark>{name}</mark>"], "content": [name], "metadata": [f"x={name}"], "message": [name]}
    hits: list[Hit] = [
        an_object(f"{name}/{name}", highlights=marks, name=name, problem=name, written_by=Author(name, name),
                  packages=[InPackage(name, f"{name}/{name}", name)], storage_class="GLACIER"),
        PackageHit(name, 1.0, marks, latest=False, handle=f"{name}/{name}", top_hash=name, message=name, problem=name),
        PackageHit(name, 1.0, {}, latest=True, top_hash=name, message=name),
        EntryHit(name, 1.0, marks, logical_key=f"{name}/{name}", top_hash=name, handles=[f"{name}/x", name],
                 latest=False, physical_key=f"s3://lab/{name}?versionId={name}", problem=name),
    ]  # fmt: skip
    html = page_of(hits)
    assert Read(html).harm == []
    assert Read(html).open == []
    assert len(list(addresses(html))) > 10
