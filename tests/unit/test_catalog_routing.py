"""Every address that the catalog makes leads back to what it was made of, whatever that is called."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bucketdex.catalog import links, routing
from bucketdex.http import Request, request_of

# Keys are any Unicode but surrogates; what is special in addresses is likelier than chance has it.
KEYS = st.text(
    st.one_of(
        st.sampled_from("/.?#%&+= ;:@'\"<>\\~^|é🧬\x00\n\u202e"), st.characters(exclude_categories=["Cs"])
    ),
    min_size=1,
    max_size=60,
)  # fmt: skip
PARTS = st.text(st.one_of(st.sampled_from(".%?#-_"), st.characters(exclude_categories=["Cs"], exclude_characters="/")),
                min_size=1, max_size=20)  # fmt: skip
BUCKETS = st.sampled_from(["lab", "my-data", "a.b.c"])


def asked(address: str) -> Request:
    """Return the request that a browser makes of a link: it resolves `.` and `..`, and normalises nothing else."""
    parts = urlsplit(urljoin("https://catalog.example/b/x", address))
    assert parts.netloc == "catalog.example"
    assert not parts.fragment
    assert address.isascii()
    assert address.isprintable()
    segments = [each.lower().replace("%2e", ".") for each in parts.path.split("/")]
    assert "." not in segments, "a browser resolves it"
    assert ".." not in segments, "a browser resolves it"
    query = dict(each.split("=", 1) for each in parts.query.split("&") if each)
    return request_of({"httpMethod": "GET", "path": parts.path, "queryStringParameters": query})


@given(BUCKETS, KEYS, st.none() | st.text("abcXYZ019._-", min_size=1, max_size=32))
@example("lab", "..", None)
@example("lab", "a/../b", "v1")
@example("lab", "//x", None)
@example("lab", "/", None)
@example("lab", "a+b/100% sure 🧬.csv?x#y", None)
@example("lab", "a%2Fb", None)
@example("lab", "tree/x", None)
def test_a_key_comes_back_as_it_was(bucket, key, version):
    for link, page in ((links.object, "object"), (links.raw, "raw"), (links.download, "download")):
        request = asked(link(bucket, key, version))
        assert routing.found(request) == routing.Found(page, {"bucket": bucket, "key": key})
        assert request.one("version") == (version or "")


@given(BUCKETS, st.just("") | KEYS.map(lambda it: f"{it}/"), st.just("") | KEYS)
@example("lab", "../", "")
@example("lab", "//", "")
def test_a_folder_comes_back_as_it_was(bucket, prefix, after):
    request = asked(links.folder(bucket, prefix, after))
    assert routing.found(request) == routing.Found("folder", {"bucket": bucket, "prefix": prefix})
    assert request.one("after") == after


@given(BUCKETS, PARTS, PARTS, st.none() | st.text("0123456789abcdef", min_size=6, max_size=64))
@example("lab", ".", "..", None)
def test_a_package_comes_back_as_it_was(registry, author, name, top_hash):
    found = routing.found(asked(links.package(registry, f"{author}/{name}", top_hash)))
    parts = {"registry": registry, "author": author, "name": name} | ({"top_hash": top_hash} if top_hash else {})
    assert found == routing.Found("revision" if top_hash else "package", parts)


@given(PARTS, PARTS, st.just("") | KEYS.map(lambda it: f"{it}/"))
def test_a_folder_of_a_package_comes_back_as_it_was(author, name, path):
    found = routing.found(asked(links.package_folder("lab", f"{author}/{name}", "4f2a90", path)))
    parts = {"registry": "lab", "author": author, "name": name, "top_hash": "4f2a90", "path": path}
    assert found == routing.Found("revision", parts)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=100))
def test_a_query_comes_back_as_it_was(text):
    request = asked(links.search(text, "newest", "abc_-", 20))
    assert request.path == routing.SEARCH
    assert request.one("q") == text
    assert (request.one("sort"), request.one("cursor"), request.one("start")) == ("newest", "abc_-", "20")


def test_what_is_usual_is_left_out():
    assert links.search() == "/search"
    assert links.search("a b", "relevance") == "/search?q=a%20b"
    assert links.object("lab", "runs/2024/a b.csv") == "/b/lab/object/runs/2024/a%20b.csv"
    assert links.diff("lab", "bio/penguins", "4f2a90", "77aa11") == "/p/lab/bio/penguins/diff?from=4f2a90&to=77aa11"


@pytest.mark.parametrize(
    "path", ["/nope", "/b", "/b/lab/", "/b/lab/object", "//", "/static/x", "/p/lab/bio", "/search/x"]
)
def test_what_is_no_address_is_found_nowhere(path):
    assert routing.found(Request(path=path)) is None
