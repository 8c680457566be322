"""The search API over HTTP, without a server behind it."""

import json
from typing import Any

import msgspec
import pytest
from aws_lambda_powertools.event_handler import ALBResolver

from bucketdex.changes import Checksum
from bucketdex.errors import Permanent, Transient
from bucketdex.api import resolver as api
from bucketdex.searching.containing import Containers, Containing
from bucketdex.searching.duplicates import Duplicates, Known
from bucketdex.searching.hits import Answer, EntryHit, Hit, ObjectHit, PackageHit
from bucketdex.searching.question import KINDS, Question
from bucketdex.searching.reads import Asked, Day, OfObject, Readings

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


def answering(answer: Answer) -> ALBResolver:
    none = (lambda *_: Containers(0, []), lambda *_: Duplicates(0, {}, []), lambda _: [], lambda _: READ)
    return api.resolver(api.Answers(lambda _: answer, *none))


def ask(
    query: dict[str, list[str]],
    path: str = "/api/search",
    error: Exception | None = None,
    hit: Hit = HIT,
    method: str = "GET",
    body: str = "",
) -> tuple[int, dict[str, Any], list[Any]]:
    asked: list[Any] = []

    def search(question: Question) -> Answer:
        if error:
            raise error
        asked.append(question)
        return Answer(1, {"object": 1}, [hit])

    def containing(*question: Any) -> Containers:
        asked.append(question)
        return Containers(1, [Containing("lab", ["a/b"], "ab12", "x.csv", None, latest=True)])

    def duplicates(*question: Any) -> Duplicates:
        asked.append(question)
        return Duplicates(1, {"SHA256": "ab12"}, [COPY])

    def digests(names: Any) -> list[Known]:
        asked.append(names)
        return [COPY]

    def reads(question: Asked) -> Readings:
        asked.append(question)
        return READ

    event = EVENT | {"path": path, "multiValueQueryStringParameters": query, "httpMethod": method, "body": body}
    event["multiValueHeaders"] = {"content-type": ["application/json"]}
    answers = api.Answers(search, containing, duplicates, digests, reads)
    answer = api.resolver(answers).resolve(api.decoded(event), None)
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
        Question("red flower+🧬", 3, ("a", "b"), KINDS)
    ]
    assert ask({})[2] == [Question()]


def test_kinds_can_be_asked_for():
    assert ask({"kind": ["entry", "package", "entry"]})[2] == [Question(kinds=("package", "entry"))]
    status, body, asked = ask({"kind": ["table"]})
    assert (status, asked) == (422, []) and body["detail"].startswith("kind: ") and "package" in body["detail"]


def test_the_packages_that_contain_an_object_are_told():
    found = {"registry": "lab", "handles": ["a/b"], "top_hash": "ab12", "logical_key": "x.csv"}
    status, body, asked = ask({"bucket": ["raw"], "key": ["a+b%2B.csv"]}, path="/api/containing")
    assert (status, asked) == (200, [("raw", "a b+.csv", None)])
    assert body == {"total": 1, "packages": [found | {"version_id": None, "latest": True}]}
    assert ask({"bucket": ["raw"], "key": ["k"], "version_id": ["v1"]}, path="/api/containing")[2] == [
        ("raw", "k", "v1")
    ]
    status, body, asked = ask({"bucket": ["raw"]}, path="/api/containing")
    assert status == 422 and "key" in body["detail"] and asked == []


@pytest.mark.parametrize("size", ["-1", "101", "many", ""])
def test_a_size_that_cannot_be_is_named(size):
    status, body, asked = ask({"q": ["a"], "size": [size]})
    assert status == 422 and "size" in body["detail"] and asked == []


def test_a_path_that_is_not_there_says_what_is():
    status, body, _ = ask({}, path="/api/nothing")
    assert status == 404 and "/api/search" in body["detail"]


def test_an_index_that_is_away_is_a_503_with_its_reason():
    status, body, _ = ask({"q": ["a"]}, error=Transient("OpenSearch did not answer"))
    assert (status, body["detail"]) == (503, "OpenSearch did not answer")


def test_what_opensearch_refuses_is_the_askers_to_mend():
    assert ask({"q": ["a"]}, error=Permanent("too many clauses"))[0] == 422


def test_another_method_is_refused_by_name():
    event = EVENT | {"httpMethod": "POST", "path": "/api/search"}
    answer = answering(NONE).resolve(api.decoded(event), None)
    assert answer["statusCode"] == 405 and answer["multiValueHeaders"]["Allow"] == ["GET"]


def test_a_page_is_never_larger_than_the_load_balancer_takes():
    large = msgspec.structs.replace(HIT, tags=["値札" * 400] * 10)
    event = EVENT | {"multiValueQueryStringParameters": {"size": ["100"]}}
    answer = answering(Answer(500, {"object": 500}, [large] * 100)).resolve(event, None)
    found = json.loads(answer["body"])
    assert len(answer["body"].encode()) < 1_000_000 and found["total"] == 500 and 10 < len(found["hits"]) < 100


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
