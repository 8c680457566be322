"""The search API over HTTP, without a server behind it."""

import dataclasses
import json
from base64 import b64decode
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from aws_lambda_powertools.event_handler import ALBResolver

from bucketdex.api import resolver as api
from bucketdex.api.answers import Answers
from bucketdex.api.routes.searching import MOST_BYTES
from bucketdex.changes import Checksum
from bucketdex.errors import Permanent, Transient
from bucketdex.searching.containing import Containers, Containing
from bucketdex.searching.details import EntryList, Folder, PackageDetail, PackageList
from bucketdex.searching.duplicates import Duplicates, Known
from bucketdex.searching.hits import Answer, EntryHit, Hit, ObjectHit, PackageHit
from bucketdex.searching.language.mistakes import QuerySyntaxError
from bucketdex.searching.paging import LONGEST
from bucketdex.searching.question import KINDS, Question
from bucketdex.searching.reads import Asked, Day, OfObject, Readings
from bucketdex.searching.viewer import Gone

EVENT: dict[str, Any] = {
    "requestContext": {"elb": {"targetGroupArn": "arn"}},
    "httpMethod": "GET",
    "path": "/api/search",
    "multiValueQueryStringParameters": {},
    "multiValueHeaders": {"accept": ["*/*"]},
    "body": "",
    "isBase64Encoded": False,
}
HIT = ObjectHit("b", 1.5, {"name": ["<mark>k</mark>"]}, key="k", name="k", size=3)
COPY = Known("b", "k", 3, None, "v", "e", (Checksum("SHA256", "ab12", "computed"),))
READ = Readings(3, 2, "2026-01-30", [Day("2026-01-31", 3, 2)], [OfObject("a/b", 3)])
NONE = Answer(0, dict.fromkeys(KINDS, 0), [])


def a_search(text: str = "", *rest: Any, **narrowed: Any) -> Question:
    return Question(text, *rest, **narrowed, most_bytes=MOST_BYTES)


def nothing(*_: Any) -> Any:
    raise AssertionError("this was not asked for")


NOBODY = Answers(**dict.fromkeys((it.name for it in dataclasses.fields(Answers)), nothing))


def answering(**told: Callable[..., Any]) -> ALBResolver:
    return api.resolver(dataclasses.replace(NOBODY, **told))


def get(app: ALBResolver, path: str, query: dict[str, list[str]] | None = None, **event: Any) -> dict[str, Any]:
    return api.respond(app, EVENT | {"path": path, "multiValueQueryStringParameters": query or {}} | event, None)


def ask(
    query: dict[str, list[str]],
    path: str = "/api/search",
    error: Exception | None = None,
    hit: Hit = HIT,
    method: str = "GET",
    body: str = "",
) -> tuple[int, dict[str, Any], list[Any]]:
    asked: list[Any] = []

    def noted[T](answer: T) -> Callable[..., T]:
        def it(*question: Any) -> T:
            if error:
                raise error
            asked.append(question[0] if len(question) == 1 else question)
            return answer

        return it

    app = answering(
        search=noted(Answer(1, {"object": 1}, [hit])),
        containing=noted(Containers(1, [Containing("lab", ["a/b"], "ab12", "x.csv", None, latest=True)], 2)),
        duplicates=noted(Duplicates(1, {"SHA256": "ab12"}, [COPY])),
        digests=noted([COPY]),
        reads=noted(READ),
    )
    headers = {"content-type": ["application/json"]}
    answer = get(app, path, query, httpMethod=method, body=body, multiValueHeaders=headers)
    return answer["statusCode"], json.loads(answer["body"]), asked


def test_an_answer_is_totals_and_hits():
    status, body, _ = ask({"q": ["k"]})
    expected = {"kind": "object", "bucket": "b", "key": "k", "score": 1.5, "highlights": {"name": ["<mark>k</mark>"]}}
    assert status == 200
    assert body == {"total": 1, "totals": {"object": 1}, "hits": [expected | {"name": "k", "size": 3}]}


def test_a_hit_tells_its_kind_and_an_unverified_package_says_so():
    package = PackageHit("lab", 2.0, {}, latest=True, handle="a/b", top_hash="ab12", verified=False, problem="cut")
    assert ask({}, hit=package)[1]["hits"] == [
        {"kind": "package", "bucket": "lab", "score": 2.0, "highlights": {}, "latest": True, "handle": "a/b",
         "top_hash": "ab12", "verified": False, "problem": "cut"}
    ]  # fmt: skip
    entry = EntryHit("lab", 2.0, {}, logical_key="x", top_hash="ab12", handles=[], latest=False)
    assert ask({}, hit=entry)[1]["hits"] == [
        {"kind": "entry", "bucket": "lab", "score": 2.0, "highlights": {}, "logical_key": "x", "top_hash": "ab12",
         "handles": [], "latest": False}
    ]  # fmt: skip
    assert msgspec.json.decode(msgspec.json.encode([HIT, package, entry]), type=list[Hit]) == [HIT, package, entry]


def test_the_query_is_decoded_as_a_form_is():
    assert ask({"q": ["red+flower%2B%F0%9F%A7%AC"], "bucket": ["a", "b"], "size": ["3"]})[2] == [
        a_search("red flower+🧬", 3, ("a", "b"), KINDS)
    ]
    assert ask({})[2] == [a_search()]
    more = {"sort": ["newest"], "cursor": ["abc"], "snapshot": ["true"], "highlights": ["false"]}
    assert ask(more)[2] == [a_search(sort="newest", cursor="abc", snapshot=True, highlights=False)]


def test_kinds_can_be_asked_for():
    assert ask({"kind": ["entry", "package", "entry"]})[2] == [a_search(kinds=("package", "entry"))]
    status, body, asked = ask({"kind": ["table"]})
    assert (status, asked) == (422, []) and body["detail"].startswith("kind: ") and "package" in body["detail"]


def test_the_packages_that_contain_an_object_are_told():
    found = {"registry": "lab", "handles": ["a/b"], "top_hash": "ab12", "logical_key": "x.csv"}
    status, body, asked = ask({"bucket": ["raw"], "key": ["a+b%2B.csv"]}, path="/api/containing")
    assert (status, asked) == (200, [("raw", "a b+.csv", None)])
    assert body == {"total": 1, "packages": [found | {"version_id": None, "latest": True}], "unsearched": 2}
    assert ask({"bucket": ["raw"], "key": ["k"], "version_id": ["v1"]}, path="/api/containing")[2] == [
        ("raw", "k", "v1")
    ]
    status, body, asked = ask({"bucket": ["raw"]}, path="/api/containing")
    assert status == 422 and "key" in body["detail"] and asked == []


@pytest.mark.parametrize("size", ["-1", "101", "many", ""])
def test_a_size_that_cannot_be_is_named(size):
    status, body, asked = ask({"q": ["a"], "size": [size]})
    assert status == 422 and "size" in body["detail"] and asked == []


def test_a_path_that_is_not_there_says_where_to_look():
    for path in ("/api/nothing", "/api/objects/b/a/k.csv", "/api/search/"):
        status, body, _ = ask({}, path=path)
        assert status == 404 and "/api/docs" in body["detail"] and "%2F" in body["detail"]


def test_an_index_that_is_away_is_a_503_with_its_reason():
    status, body, _ = ask({"q": ["a"]}, error=Transient("OpenSearch did not answer"))
    assert (status, body["detail"]) == (503, "OpenSearch did not answer")


def test_a_mistake_in_a_query_is_told_with_its_place_and_what_helps():
    error = QuerySyntaxError("size: takes a size", column=6, length=4, expected=("a size",), suggestion="size:>1MB")
    status, body, _ = ask({"q": ["size:big"]}, error=error)
    assert (status, body["detail"], body["column"], body["length"]) == (422, "size: takes a size", 6, 4)
    assert (body["expected"], body["suggestion"]) == (["a size"], "size:>1MB")


def test_a_snapshot_that_was_let_go_is_gone():
    assert ask({"cursor": ["x"]}, error=Gone("search again"))[0] == 410


def test_another_query_is_suggested_only_where_nothing_is_found():
    questions: list[Question] = []

    def meant(question: Question) -> str:
        questions.append(question)
        return "penguins"

    app = answering(search=lambda _: NONE, did_you_mean=meant)
    assert json.loads(get(app, "/api/search", {"q": ["pengiuns"]})["body"])["did_you_mean"] == "penguins"
    assert questions == [a_search("pengiuns")]
    assert "did_you_mean" not in json.loads(get(app, "/api/search")["body"])
    assert "did_you_mean" not in json.loads(get(app, "/api/search", {"q": ["a"], "cursor": ["x"]})["body"])
    assert len(questions) == 1


def test_what_opensearch_refuses_is_the_askers_to_mend():
    assert ask({"q": ["a"]}, error=Permanent("too many clauses"))[0] == 422


def test_another_method_is_refused_by_name():
    answer = get(answering(), "/api/search", httpMethod="POST")
    assert answer["statusCode"] == 405 and answer["multiValueHeaders"]["allow"] == ["GET"]
    answer = get(answering(), "/api/digests")
    assert answer["statusCode"] == 405 and answer["multiValueHeaders"]["allow"] == ["POST"]
    assert get(answering(), "/api/objects/b/k%2Fl", httpMethod="DELETE")["statusCode"] == 405


def test_hits_leave_room_for_the_rest_in_what_the_load_balancer_takes():
    large = msgspec.structs.replace(HIT, tags=["値札" * 400] * 10)
    hits = [large] * (MOST_BYTES // len(msgspec.json.encode([large])))
    answer = get(answering(search=lambda _: Answer(500, {"object": 500}, hits, "c" * LONGEST)), "/api/search")
    assert answer["isBase64Encoded"]  # in which it has a length that can be foretold
    assert len(json.dumps(answer)) < 1_000_000 and len(json.loads(b64decode(answer["body"]))["hits"]) == len(hits) > 10


def test_a_list_of_packages_is_never_larger_than_the_load_balancer_takes():
    large = PackageHit("lab", 1.0, {}, latest=True, handle="a/b", metadata=["値札" * 400] * 10)

    def packages(_text: str, _registry: str | None, _cursor: str | None, size: int) -> PackageList:
        return PackageList(500, [large] * size, f"after {size}")

    found = json.loads(b64decode(get(answering(packages=packages), "/api/packages", {"size": ["100"]})["body"]))
    # The cursor is that of what was told, so that nothing is skipped.
    assert 10 < len(found["packages"]) < 100 and found["cursor"] == f"after {len(found['packages'])}"


def test_packages_are_those_of_a_registry_also_by_the_name_that_it_had_first():
    asked: list[str | None] = []

    def packages(_text: str, registry: str | None, _cursor: str | None, _size: int) -> PackageList:
        asked.append(registry)
        return PackageList(0, [])

    app = answering(packages=packages)
    for query in ({"registry": ["a"]}, {"bucket": ["a"]}, {"registry": ["a"], "bucket": ["a"]}, {}):
        assert get(app, "/api/packages", query)["statusCode"] == 200
    assert get(app, "/api/packages", {"registry": ["a"], "bucket": ["b"]})["statusCode"] == 422
    assert asked == ["a", "a", "a", None]


def test_a_parameter_that_is_not_known_is_told_beside_the_one_that_is_missing():
    status, body, _ = ask({"bukcet": ["raw"], "key": ["k"]}, path="/api/containing")
    assert status == 422 and "bucket: Field required" in body["detail"] and "did you mean bucket?" in body["detail"]


def test_files_of_a_revision_that_is_not_searchable_are_said_to_be_none_that_can_be_told():
    older = PackageDetail(
        registry="lab", registries=("lab",), handle="a/b", top_hash="ab12cd", manifest="m", latest=False
    )
    app = answering(
        package=lambda *_: older, entries=lambda *_: EntryList(0, 0, []), folder=lambda *_: Folder("", (), ())
    )
    for what in ("entries", "folder"):
        assert json.loads(get(app, f"/api/packages/a/b/ab12cd/{what}")["body"])["searchable"] == "none"


def test_halves_of_characters_and_paths_that_no_route_takes_are_no_server_error():
    assert ask({"q": ["a\ud800"], "bucket": ["\udfff"]})[2] == [a_search("a?", buckets=("?",))]
    assert get(answering(), "/api/\ud800")["statusCode"] == 404
    assert get(answering(), '/api/objects/b/a"b')["statusCode"] == 404  # a quote is written %22


def test_the_objects_with_the_same_bytes_are_told():
    status, body, asked = ask({"bucket": ["b"], "key": ["a/b+c"]}, "/api/duplicates")
    assert (status, asked) == (200, [("b", "a/b c")])  # a query is a form
    assert body["total"] == 1 and body["digests"] == {"SHA256": "ab12"}
    assert body["objects"][0]["checksums"] == [{"type": "SHA256", "value": "ab12", "origin": "computed"}]


def test_the_digests_of_many_objects_are_asked_for_at_once():
    names = [{"bucket": "b", "key": "k"}, {"bucket": "b", "key": "a+b \u00e9"}]
    status, body, asked = ask({}, "/api/digests", method="POST", body=json.dumps(names))
    assert status == 200 and asked == [[("b", "k"), ("b", "a+b \u00e9")]]
    assert body["objects"][0]["etag"] == "e"


@pytest.mark.parametrize(
    "body", ["", "{", "[]", '[{"bucket": "b"}]', '[{"bucket": "b", "key": ""}]', '{"bucket": "b"}']
)
def test_what_is_no_list_of_objects_is_the_askers_to_mend(body):
    status, told, asked = ask({}, "/api/digests", method="POST", body=body)
    assert status == 422 and told["detail"] and not asked


@pytest.mark.parametrize("body", ["[" * 100_000, '[{"bucket": "b", "key": ' + "9" * 5_000 + "}]"])
def test_what_cannot_be_read_at_all_is_no_server_error(body):
    status, told, asked = ask({}, "/api/digests", method="POST", body=body)
    assert status in (400, 422) and told["detail"] and not asked


def test_the_reads_of_an_object_a_folder_or_a_bucket_are_told():
    status, body, asked = ask({"bucket": ["b"], "key": ["a+b/c%2B"], "days": ["30"]}, "/api/reads")
    assert (status, asked) == (200, [Asked("b", "a b/c+", days=30)])
    assert body == {
        "total": 3, "readers": 2, "since": "2026-01-30", "days": [{"day": "2026-01-31", "count": 3, "readers": 2}],
        "objects": [{"key": "a/b", "count": 3}],
    }  # fmt: skip
    assert ask({"bucket": ["b"], "prefix": ["a/"]}, "/api/reads")[2] == [Asked("b", None, "a/", 365)]
    assert ask({"bucket": ["b"], "prefix": [""]}, "/api/reads")[2] == [Asked("b")]


@pytest.mark.parametrize(
    ("query", "named"),
    [({}, "prefix"), ({"key": ["k"], "prefix": ["a/"]}, "prefix"), ({"key": ["k"], "days": ["366"]}, "days"),
     ({"key": ["k"], "days": ["0"]}, "days"), ({"key": [""]}, "key")],
)  # fmt: skip
def test_reads_that_cannot_be_asked_for_are_the_askers_to_mend(query, named):
    status, body, asked = ask({"bucket": ["b"]} | query, "/api/reads")
    assert status == 422 and named in body["detail"] and asked == []
