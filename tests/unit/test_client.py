"""`bucketdex.search`: what is asked of the API page by page, and what Python gets of its answers."""

import copy
import gzip
import json
import pickle
from concurrent.futures import ThreadPoolExecutor

import pytest

import bucketdex
from bucketdex.client import results as results_of
from bucketdex.client.connection import connection
from bucketdex.client.errors import ChangedError, NoAnswerError, NoStackError
from bucketdex.client.hits import EntryHit, ObjectHit, PackageHit
from client_answers import ENTRY, OBJECT, PACKAGE, TOP_HASH, all_kinds, page
from recorded_api import api

__all__ = ["api"]  # a fixture


# ---- asking ----------------------------------------------------------------------------------------------------------


def test_nothing_is_asked_before_it_is_looked_at_and_then_as_it_was_said(api):
    text = 'a+b & "c d" 100% é?# size:>1MB'
    results = bucketdex.search(text, kinds="object", buckets=["s3://lab/", "raw"], sort="newest")
    assert api.asked == []
    api.body = json.dumps(page(["a"], 1))
    assert (len(results), results.total, results.totals, results[0].key) == (1, 1, {"object": 1}, "a")
    assert len(api.asked) == 1 and api.asked[0].startswith("/api/search?")
    assert api.fields() == [
        ("q", text), ("bucket", "lab"), ("bucket", "raw"), ("kind", "object"), ("size", "100"), ("sort", "newest"),
    ]  # fmt: skip
    assert "Authorization" not in api.headers[0]


def test_all_pages_are_of_one_moment_and_each_is_asked_for_once(api):
    api.told["/api/search"] = [page(["a", "b"], 5, "1"), page(["c", "d"], 5, "2"), page(["e"], 5)]
    results = bucketdex.search("x")
    assert [hit.key for hit in results] == list("abcde") == [hit.key for hit in results]
    assert len(results) == 5 and results[-1].key == "e" and [hit.key for hit in results[1:4:2]] == ["b", "d"]
    asked = [dict(api.fields(number)) for number in range(len(api.asked))]
    assert [(it["snapshot"], it.get("cursor")) for it in asked] == [("true", None), ("true", "1"), ("true", "2")]


def test_who_looks_at_the_best_only_holds_no_snapshot_and_iterating_begins_with_one(api):
    now = page(["a", "b"], 3, "stateless")
    api.told["/api/search"] = [now, page(["z", "a"], 3, "1"), page(["b"], 3)]
    results = bucketdex.search("x")
    assert bool(results) and len(results) == 3 and [hit.key for hit in results[:2]] == ["a", "b"]
    assert "3 objects found" in str(results) and len(api.asked) == 1 and "snapshot" not in dict(api.fields())
    keys = []
    for hit in results:
        keys.append(hit.key)
        if len(keys) == 2:
            assert len(api.asked) == 2, "the next page waits until it is needed"
    assert keys == ["z", "a", "b"] and len(api.asked) == 3


def test_a_slice_asks_for_as_many_pages_as_it_needs(api):
    api.told["/api/search"] = [page(["a", "b"], 9, "s"), page(["a", "b"], 9, "1"), page(["c", "d"], 9, "2")]
    assert [hit.key for hit in bucketdex.search("x")[1:3]] == ["b", "c"] and len(api.asked) == 3


def test_fewer_hits_than_documents_are_counted_once_all_are_there(api):
    api.told["/api/search"] = [page(["a"], 4, "1"), page(["b"], 4)]
    results = bucketdex.search("x")
    list(results)
    assert (len(results), results.total) == (2, 4)
    with pytest.raises(IndexError):
        results[2]


def test_they_can_be_gone_through_backwards_although_fewer_than_were_counted(api):
    api.told["/api/search"] = [page(["a"], 4, "now"), page(["a"], 4, "1"), page(["b"], 4)]
    results = bucketdex.search("x")
    assert len(results) == 4 and [hit.key for hit in reversed(results)] == ["b", "a"]


def test_threads_that_look_at_the_same_results_ask_once_for_each_page(api):
    api.told["/api/search"] = [page([f"{number}"], 50, str(number)) for number in range(49)] + [page(["49"], 50)]
    results = bucketdex.search("x")
    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(lambda _: [hit.key for hit in results], range(8)))
    assert seen == [[str(number) for number in range(50)]] * 8 and len(api.asked) == 50
    for copied in (pickle.loads(pickle.dumps(results)), copy.deepcopy(results)):
        assert [hit.key for hit in copied] == seen[0] and len(api.asked) == 50


def test_hits_are_there_for_others_while_a_thread_begins_anew_with_those_of_one_moment(api, monkeypatch):
    found_by, looked = results_of.found_by, []

    def interrupted(*found):
        looked.append(str(results))
        return found_by(*found)

    api.told["/api/search"] = [page(["a"], 2, "now"), page(["a"], 2, "1"), page(["b"], 2)]
    results = bucketdex.search("x")
    shown = str(results)
    monkeypatch.setattr(results_of, "found_by", interrupted)
    assert len(list(results)) == 2 and looked[0] == shown


def test_what_is_no_text_is_refused(api):
    with pytest.raises(bucketdex.SearchError, match="no text"):
        len(bucketdex.search("a\udcff"))


def test_a_search_that_took_too_long_says_so(api):
    gone = {"title": "Gone", "status": 410, "detail": "the search was kept for 5 minutes and is gone: search again"}
    api.told["/api/search"] = [page(["a"], 2, "1"), (410, gone)]
    with pytest.raises(ChangedError, match="search again"):
        list(bucketdex.search("x"))


def test_a_token_is_sent_and_answers_may_be_packed(api, monkeypatch):
    packed = gzip.compress(json.dumps(page(["a"], 1)).encode())
    api.told["/api/search"] = 2 * [(200, packed, {"Content-Encoding": "gzip"})]
    monkeypatch.setenv("BUCKETDEX_API_TOKEN", "of the environment")
    assert bucketdex.search("x")[0].key == bucketdex.search("x", api=f"{api.url}/", token="mine")[0].key == "a"
    assert [it["Authorization"] for it in api.headers] == ["Bearer of the environment", "Bearer mine"]


def test_a_token_never_goes_over_the_network_in_the_clear():
    with pytest.raises(bucketdex.SearchError, match="has to begin with https://"):
        bucketdex.search("x", api="http://search.example.org", token="secret")
    assert connection("https://search.example.org/", "secret").url == "https://search.example.org"


@pytest.mark.parametrize("token", ["sécret€", "sec\nret", "sec\x00ret"])
def test_a_token_that_cannot_be_sent_is_refused_at_once_and_never_shown(api, token):
    with pytest.raises(bucketdex.SearchError, match=r"the token \(token=, or BUCKETDEX_API_TOKEN\)") as caught:
        bucketdex.search("x", token=token)
    assert "ret" not in str(caught.value) and api.asked == []


def test_without_a_stack_it_says_what_to_do():
    with pytest.raises(NoStackError, match=r"set BUCKETDEX_API_URL .*`bucketdex local up`"):
        bucketdex.search("x")


@pytest.mark.parametrize("url", ["notaurl", "http://", "ftp://x", "http://127.0.0.1:nope", "http://[::1"])
def test_what_is_no_address_is_told_at_once(url):
    with pytest.raises(NoStackError, match="is not an address such as"):
        bucketdex.search("x", api=url)


@pytest.mark.parametrize("wrong", [{"kinds": "table"}, {"kinds": ("object", "x")}, {"sort": "best"}])
def test_kinds_and_orders_that_there_are_not_are_refused_at_once(api, wrong):
    with pytest.raises(ValueError, match=r"is no (kind|order)"):
        bucketdex.search("x", **wrong)
    assert api.asked == []


def test_a_mistake_in_the_query_is_shown_under_its_column(api):
    text = "遺伝子 gene:BRCA1"
    told = {
        "type": "about:blank", "title": "Unprocessable Content", "status": 422, "detail": "gene: is not a qualifier",
        "column": 5, "expected": ["name:", "hash:"], "suggestion": '遺伝子 "gene:BRCA1"',
    }  # fmt: skip
    api.told["/api/search"] = 2 * [(422, told)]
    with pytest.raises(bucketdex.QueryError) as caught:
        len(bucketdex.search(text))
    error = caught.value
    assert str(error).splitlines() == [
        "gene: is not a qualifier", "  遺伝子 gene:BRCA1", "         ^", "expected: name:, hash:",
        'did you mean: 遺伝子 "gene:BRCA1"',
    ]  # fmt: skip
    assert (error.column, error.status, error.suggestion) == (5, 422, '遺伝子 "gene:BRCA1"')
    assert isinstance(error, bucketdex.SearchError) and str(pickle.loads(pickle.dumps(error))) == str(error)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((503, {"title": "Service Unavailable", "detail": "OpenSearch did not answer"}), "503: OpenSearch did not ans"),
        ((502, b"<html>"), "answers 502, and no JSON"),
        ((200, b"<html>"), "answers 200, and no JSON"),
        ((200, {"total": "many"}), "of another version than this client"),
        ((401, b"<html>"), "a token is needed: set BUCKETDEX_API_TOKEN"),
        ((403, {"detail": "no"}), "403: no; a token is needed"),
        ((301, b"", {"Location": "https://other.example/api"}), "at https://other.example/api: set BUCKETDEX_API_URL"),
    ],
)
def test_what_goes_wrong_is_one_kind_of_error(api, answer, said):
    api.told["/api/search"] = [answer]
    with pytest.raises(bucketdex.SearchError, match=said):
        len(bucketdex.search("x"))


def test_who_does_not_answer_is_named():
    with pytest.raises(NoAnswerError, match=r"http://127.0.0.1:1 does not answer"):
        len(bucketdex.search("x", api="http://127.0.0.1:1"))


# ---- hits ------------------------------------------------------------------------------------------------------------


def test_hits_are_typed_and_know_their_address(api):
    package, entry, found = all_kinds(api)
    assert (type(package), type(entry), type(found)) == (PackageHit, EntryHit, ObjectHit)
    assert found.uri == "s3://lab/a%20b/c%2B.csv?versionId=v1" == str(found)
    assert entry.uri == "s3://raw/a%20b/7.png?versionId=v2" and str(entry).startswith("images/7.png in bio/penguins (")
    assert package.uri == f"s3://lab/.quilt/packages/{TOP_HASH}"
    assert str(package) == "bio/penguins@ab12cd34ef56 in s3://lab"
    assert pickle.loads(pickle.dumps(found)) == found


def test_what_is_not_in_s3_cannot_be_opened(api):
    api.body = json.dumps({
        "total": 2, "totals": {}, "hits": [
            ENTRY | {"physical_key": "file:///etc/passwd"}, {k: v for k, v in PACKAGE.items() if k != "top_hash"},
        ],
    })  # fmt: skip
    for hit in bucketdex.search("x"):
        with pytest.raises(bucketdex.SearchError, match="has no bytes in S3"):
            hit.open()


def test_a_notebook_shows_a_table_in_which_nothing_is_markup(api):
    evil = "<script>alert(1)</script>"
    hits = [
        OBJECT | {"key": evil, "highlights": {"content": [f"<mark>fox</mark> &lt;b&gt; {evil}"]}},
        PACKAGE | {"handle": evil, "bucket": evil}, ENTRY | {"handles": [evil], "logical_key": evil},
    ]  # fmt: skip
    api.body = json.dumps({"total": 3, "totals": {"object": 1, "package": 1, "entry": 1}, "hits": hits})
    shown = bucketdex.search("x")._repr_html_()
    assert "1 package, 1 entry and 1 object found" in shown and "9007 TB" in shown and "2026-01-01 00:00" in shown
    assert "<mark>fox</mark> &lt;b&gt; &lt;script&gt;" in shown and "<script" not in shown
    api.body = json.dumps({"total": 0, "totals": {}, "hits": [], "did_you_mean": "a<b"})
    results = bucketdex.search("x")
    assert str(results) == "nothing found\ndid you mean: a<b" and results.did_you_mean == "a<b"
    assert "<table" not in results._repr_html_() and "<code>a&lt;b</code>" in results._repr_html_()
