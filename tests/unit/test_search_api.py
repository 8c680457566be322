"""The search API over HTTP, without a server behind it."""

import json
from typing import Any

import msgspec
import pytest

from bucketdex.errors import Permanent, Transient
from bucketdex.search import api
from bucketdex.search.hits import Answer, Hit
from bucketdex.search.query import search_body

EVENT: dict[str, Any] = {
    "requestContext": {"elb": {"targetGroupArn": "arn"}},
    "httpMethod": "GET",
    "path": "/api/search",
    "multiValueQueryStringParameters": {},
    "multiValueHeaders": {"accept": ["*/*"]},
    "body": "",
    "isBase64Encoded": False,
}
HIT = Hit("object", "b", "k", 1.5, {"name": ["<mark>k</mark>"]}, name="k", size=3)


def ask(
    query: dict[str, list[str]], path: str = "/api/search", error: Exception | None = None
) -> tuple[int, dict[str, Any], list[Any]]:
    asked: list[Any] = []

    def search(*question: Any) -> Answer:
        if error:
            raise error
        asked.append(question)
        return Answer(1, [HIT])

    event = EVENT | {"path": path, "multiValueQueryStringParameters": query}
    answer = api.resolver(search).resolve(api.decoded(event), None)
    return answer["statusCode"], json.loads(answer["body"]), asked


def test_an_answer_is_total_and_hits():
    status, body, _ = ask({"q": ["k"]})
    expected = {"kind": "object", "bucket": "b", "key": "k", "score": 1.5, "highlights": {"name": ["<mark>k</mark>"]}}
    assert status == 200 and body == {"total": 1, "hits": [expected | {"name": "k", "size": 3}]}


def test_the_query_is_decoded_as_a_form_is():
    assert ask({"q": ["red+flower%2B%F0%9F%A7%AC"], "bucket": ["a", "b"], "size": ["3"]})[2] == [
        ("red flower+🧬", 3, ("a", "b"))
    ]
    assert ask({})[2] == [("", 10, ())]


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
    answer = api.resolver(lambda *_: Answer(0, [])).resolve(api.decoded(event), None)
    assert answer["statusCode"] == 405 and answer["multiValueHeaders"]["Allow"] == ["GET"]


def test_a_page_is_never_larger_than_the_load_balancer_takes():
    large = msgspec.structs.replace(HIT, tags=["値札" * 400] * 10)
    event = EVENT | {"multiValueQueryStringParameters": {"size": ["100"]}}
    answer = api.resolver(lambda *_: Answer(500, [large] * 100)).resolve(event, None)
    found = json.loads(answer["body"])
    assert len(answer["body"].encode()) < 1_000_000 and found["total"] == 500 and 10 < len(found["hits"]) < 100


def test_a_query_is_bounded():
    words = json.dumps(search_body("word " * 10_000, 10))
    assert len(words) < 100_000 and len(json.dumps(search_body("w" * 100_000, 10))) < 20_000
