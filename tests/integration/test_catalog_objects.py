"""Objects and packages in the catalog, over OpenSearch and emulated S3: every state is a page, and none does harm."""

import re
from collections.abc import Callable

import pytest
from opensearchpy import OpenSearch

from bucketdex.aws import clients
from bucketdex.catalog import links, routing
from bucketdex.catalog.beside import beside
from bucketdex.catalog.edges import Edges
from bucketdex.catalog.packages import manifests, pieces
from bucketdex.catalog.packages.contents import contents_of
from bucketdex.catalog.packages.pieces import HEAVY, LATE, Making
from bucketdex.catalog.previews.bounds import SERVED_BYTES
from bucketdex.catalog.previews.kinds import Nothing
from bucketdex.manifest.layout import manifest_key
from bucketdex.searching.details import package_told
from catalog_html import HOSTILE, MARK, Read, addresses
from catalog_lab import COLD, EVIL, GONE, LATER, NEW, PNG, VERSIONED, lab, text
from served import served

__all__ = ["lab", "served"]  # fixtures


def test_an_object_is_shown_with_all_that_is_known_of_it(lab):
    html = lab.html(links.object(lab.bucket, "lab/plates/a b.csv"))
    said = text(html)
    assert (
        "A1" in said and "AssumedRole, session run-42" in said and "lab/plates" in said and "as plates/a b.csv" in said
    )
    assert links.search("column:well") in html and links.search("meta.plate:7") in html
    assert links.search("tag.stage:raw") in html and links.package(lab.bucket, "lab/plates") in html
    assert "computed from its bytes" in said and lab.versions["lab/plates/a b.csv"] in said
    assert f"s3://{lab.bucket}/lab/plates/a b.csv" in said and "pandas.read_csv" in said
    assert links.download(lab.bucket, "lab/plates/a b.csv") in html
    odd = lab.html(links.object(lab.bucket, f"lab/odd/{EVIL}"))
    assert "alert" not in odd and MARK in text(odd)


def test_a_folder_is_searched_where_its_name_is_not_too_long_for_a_query(lab):
    long = "/".join(["v", "x" * 240, "y" * 240]) + "/"
    lab.s3.put_object(Bucket=lab.bucket, Key=f"{long}a.csv", Body=b"x")
    for prefix, searched in ((long, False), ("v/", True), ("", True)):
        html = lab.html(links.folder(lab.bucket, prefix))
        found = [it for it in addresses(html) if it.startswith(routing.SEARCH) and "bucket:" in it]
        assert bool(found) == searched == ("Search in it" in html)
        assert all(lab.html(it) for it in found)
    lab.s3.delete_object(Bucket=lab.bucket, Key=f"{long}a.csv")


def test_results_are_counted_apart_from_matches_as_a_file_and_its_package_entries_are_one(lab):
    html = lab.html(links.search('"a b.csv"'))
    said = re.search(r"(\d+) results? for \S+ \S+ , (\d+) matches in all", text(html))
    assert said and int(said[1]) == html.count("data-hit") < int(said[2]), text(html)
    assert links.help() + "#matches" in html
    assert "are one result" not in text(lab.html(links.search("csv type:entry"))), "each is meant"


def test_versions_and_reads_are_told_and_an_older_version_is_shown_as_what_it_was(lab):
    html = lab.html(links.object(lab.bucket, VERSIONED))
    assert links.object(lab.bucket, VERSIONED, lab.versions["first"]) in html
    assert "33 reads by 3 readers" in text(html) and "without downloads from this catalog" in text(html)
    assert html.count("<rect") >= 3 and 'role="img"' in html
    older = lab.html(links.object(lab.bucket, VERSIONED, lab.versions["first"]))
    assert "This is an older version" in older and "computed from its bytes" not in older
    assert "8 B" in text(older) and "--version-id" in older and "columns-title" not in older
    same = lab.html(links.object(lab.bucket, VERSIONED, lab.versions[VERSIONED]))
    assert "This is an older version" not in same and "columns-title" in same


@pytest.mark.parametrize(
    ("key", "version", "status", "said"),
    [
        (GONE, "", 404, "It was deleted"),
        (GONE, "marker", 404, "This version is a delete marker"),
        (GONE, GONE, 200, "This is an older version"),
        (VERSIONED, "no such", 404, "There is no such version"),
        (COLD, "", 200, "This object is archived"),
        (NEW, "", 200, "The index does not have it yet"),
        (LATER, "", 200, "The index has another version of it"),
    ],
)
def test_every_state_of_an_object_is_a_page_that_says_so(lab, key, version, status, said):
    html = lab.html(links.object(lab.bucket, key, lab.versions.get(version, version) or None), status)
    assert said in html
    assert ('class="button primary" href="/download/' in html) == (status == 200 and key != COLD)


def test_what_never_was_or_is_not_connected_is_not_found(lab):
    assert "There is nothing here" in lab.html(links.object(lab.bucket, "never/was"), 404)
    assert "There is no bucket secret" in lab.html(links.object("secret", "x"), 404)
    assert "There is no package" in lab.html(links.package(lab.bucket, "no/package"), 404)
    assert "There is no package" in lab.html(links.package(lab.bucket, "lab/plates", "0" * 64), 404)
    assert "There is nothing in" in lab.html(links.package_folder(lab.bucket, "lab/plates", lab.latest, "none/"), 404)
    lab.html(links.package("secret", "lab/plates"), 404)
    lab.html(links.package(lab.bucket, "lab/plates", "ab"), 422)


def test_an_object_that_s3_refuses_is_shown_as_the_index_knows_it(lab, aws):
    key = "lab/plates/a b.csv"
    place = f"/{lab.bucket}/{key}"
    aws.fail(*({"method": it, "path": place, "code": "AccessDenied", "status": 403} for it in ("HEAD", "GET")))
    try:
        html = lab.html(links.object(lab.bucket, key))
    finally:
        aws.fail()
    assert "S3 does not let the catalog read it" in html and "There is no preview" in html
    assert links.search("column:well") in html


def test_without_an_index_an_object_is_shown_as_s3_knows_it(lab, monkeypatch):
    working = lab.edges()
    nowhere = OpenSearch("http://127.0.0.1:9", max_retries=0)
    edges = Edges(lambda: nowhere, clients.s3, clients.sqs, clients.dynamodb, working.table)
    monkeypatch.setattr(lab, "edges", lambda: edges)
    said = text(lab.html(links.object(lab.bucket, VERSIONED)))
    assert "A part of this cannot be told just now" in said and lab.versions[VERSIONED] in said
    assert "The index does not have it yet" not in said and "Preview" in said
    lab.html(links.package(lab.bucket, "lab/plates"), 503)


def test_packages_are_listed_filtered_and_found(lab):
    html = lab.html(links.packages())
    assert html.index("lab/plates") < html.index("bio/penguins") and "3 packages" in text(html)
    assert "3 packages" in text(lab.html(links.packages(registry=lab.bucket)))
    assert "bio/penguins" not in lab.html(links.packages("plates"))
    assert "No package was found" in lab.html(links.packages("nothinghasthis"))
    mistaken = lab.html(links.packages("gene:x"), 422)
    assert 'aria-describedby="mistake"' in mistaken and "There is no qualifier" in text(mistaken)
    assert lab.get(links.packages(registry="secret")).status == 404


def test_a_package_shows_its_readme_its_summary_and_its_files(lab):
    html = lab.html(links.package(lab.bucket, "lab/plates"))
    said, found = text(html), set(addresses(html))
    assert "verified" in said and lab.latest in html
    first = links.object(lab.bucket, "lab/plates/a b.csv", lab.versions["lab/plates/a b.csv"])
    assert first in found and links.package_folder(lab.bucket, "lab/plates", lab.latest, "plates/") in found
    raw = links.raw(lab.bucket, "lab/images/overview.png", lab.versions["lab/images/overview.png"])
    assert html.count(f'src="{raw}"') == 2, "in the README, and in the summary"
    assert lab.get(raw).content_type == "image/png"
    assert "Its bytes are in no bucket that this catalog shows" in said and "The package has no such file" in said
    assert "Row 4 names no file" in said and "A1" in said and "w-4" in html
    assert "javascript:" not in "".join(found) and not any("none.csv" in it for it in found)
    assert (
        "bucketdex package install lab/plates" in said and links.package(lab.bucket, "lab/plates", lab.older) in found
    )
    assert "These files are told by the manifest" not in said
    folder = lab.html(links.package_folder(lab.bucket, "lab/plates", lab.latest[:8], "plates/"))
    assert first in addresses(folder) and MARK in text(folder)


def test_large_images_come_from_s3_and_those_that_would_fill_a_browser_are_refused(lab):
    many_pixels = PNG[:16] + b"\0\0\xb0\0" * 2 + PNG[24:]
    large = bytes(SERVED_BYTES)
    images = {"large": PNG + large, "pixels": many_pixels, "large pixels": many_pixels + large, "text": b"abc" + large}
    for name, body in images.items():
        lab.s3.put_object(Bucket=lab.bucket, Key=f"v/{name}", Body=body)
    lab.s3.put_object(Bucket=lab.bucket, Key="v/report.md", Body=b"![](large)")
    raw = {name: lab.get(links.raw(lab.bucket, f"v/{name}")) for name in images}
    assert [it.status for it in raw.values()] == [302, 422, 422, 302]
    assert "too large to be shown" in raw["pixels"].body
    place = lab.get(raw["large"].headers["Location"]).headers["Location"]
    origin = "/".join(place.split("/")[:3])
    for page in (links.object(lab.bucket, "v/report.md"), links.package(lab.bucket, "lab/plates")):
        assert f"img-src 'self' data: {origin};" in lab.get(page).headers["Content-Security-Policy"], page
    text_page = lab.get(links.object(lab.bucket, VERSIONED)).headers["Content-Security-Policy"]
    assert "img-src 'self' data:;" in text_page


def test_previews_of_a_package_end_in_time_and_fit_a_page(lab, monkeypatch):
    edges = lab.edges()
    package = package_told(edges.opensearch, edges.viewer, "lab/plates", lab.bucket)
    assert package

    def reasons(clock: Callable[[], float]) -> list[str]:
        with beside() as requests:
            made = Making(edges, package, contents_of(edges, package), requests).pieces(clock)
        shown = [it.preview for row in made.rows for it in row]
        return [it.reason for it in shown if isinstance(it, Nothing)]

    assert len(reasons(lambda: 0.0)) == 2, "one that may not be seen, and one that is not there"
    with monkeypatch.context() as patched:
        patched.setattr(pieces, "SECONDS", 0.0)
        assert reasons(lambda: 0.0).count(LATE) >= 2
    monkeypatch.setattr(pieces, "WEIGHT", 10)
    assert reasons(lambda: 0.0).count(HEAVY) >= 2


def test_an_older_revision_is_told_by_its_manifest(lab):
    html = lab.html(links.package(lab.bucket, "lab/plates", lab.older))
    said = text(html)
    assert "This is not the latest revision" in said and "These files are told by the manifest in S3" in said
    assert "README.md" not in said.split("Files")[-1] and "quilt_summarize.json" in said and f"@{lab.older[:8]}" in said
    assert links.diff(lab.bucket, "lab/plates", lab.older, lab.latest) in addresses(html)
    below = lab.html(links.package_folder(lab.bucket, "lab/plates", lab.older, "plates/"))
    assert links.object(lab.bucket, "lab/plates/a b.csv", lab.versions["lab/plates/a b.csv"]) in addresses(below)


def test_a_manifest_that_is_too_large_or_gone_leaves_the_page_standing(lab, monkeypatch):
    monkeypatch.setattr(manifests, "MOST_ENTRIES", 2)
    said = text(lab.html(links.package(lab.bucket, "lab/plates", lab.older)))
    assert "more than a page reads" in said and "first" in said
    assert "cannot be compared here" in text(lab.html(links.diff(lab.bucket, "lab/plates")))
    monkeypatch.undo()
    body = lab.s3.get_object(Bucket=lab.bucket, Key=manifest_key(lab.older))["Body"].read()
    lab.s3.delete_object(Bucket=lab.bucket, Key=manifest_key(lab.older))
    assert "is not there any more" in text(lab.html(links.package(lab.bucket, "lab/plates", lab.older)))
    lab.html(links.diff(lab.bucket, "lab/plates"), 422)
    lab.s3.put_object(Bucket=lab.bucket, Key=manifest_key(lab.older), Body=body)


def test_two_revisions_are_compared(lab):
    html = lab.html(links.diff(lab.bucket, "lab/plates", lab.older, lab.latest))
    said = text(html)
    assert "plate.well" in said and "B7" in said and "B8" in said and MARK in said
    assert "Added 1" in said and "README.md" in said and "Changed 4" in said and "Removed" in said
    assert text(lab.html(links.diff(lab.bucket, "lab/plates"))) == said, "the latest and the one before, by themselves"
    assert "Removed 1" in text(lab.html(links.diff(lab.bucket, "lab/plates", lab.latest, lab.older)))
    assert "Nothing differs" in lab.html(links.diff(lab.bucket, "lab/plates", lab.latest, lab.latest))
    lab.html(links.diff(lab.bucket, "lab/plates", "f" * 64, lab.latest), 404)


@pytest.mark.parametrize("odd", HOSTILE)
def test_what_is_typed_into_addresses_does_no_harm(lab, odd):
    for address in (
        links.object(lab.bucket, VERSIONED, odd),
        links.object(lab.bucket, VERSIONED, None, odd),
        links.object(lab.bucket, odd),
        links.packages(odd),
        links.packages("", "", odd),
        links.package(lab.bucket, odd if "/" in odd else f"{odd}/x"),
        links.package(lab.bucket, "lab/plates", odd),
        links.package(lab.bucket, "lab/plates", None, odd),
        links.package_folder(lab.bucket, "lab/plates", lab.latest, odd, odd),
        links.diff(lab.bucket, "lab/plates", odd, odd),
    ):
        answer = lab.get(address)
        assert answer.status in (200, 404, 422), address
        assert isinstance(answer.body, str) and Read(answer.body).harm == [], address
