"""What the API says where a part of the stack is away, or a bucket that is asked about; and what it does not say."""

import dataclasses
import json
from datetime import date
from typing import Any, NoReturn

import boto3
import pytest
from botocore.config import Config
from opensearchpy import OpenSearch

from bucketdex.api import resolver as api
from bucketdex.api.answers import Answers, Edges, answers_of
from bucketdex.control import ControlTable
from bucketdex.searching.answering import search
from bucketdex.searching.hits import Answer
from bucketdex.searching.question import Question
from bucketdex.searching.viewer import Viewer

NOWHERE = "http://127.0.0.1:9"
EVENT = {
    "requestContext": {"elb": {"targetGroupArn": "arn"}}, "httpMethod": "GET", "path": "/api/search", "body": "",
    "isBase64Encoded": False, "multiValueQueryStringParameters": {"q": ["a"]},
}  # fmt: skip
NOBODY = Answers(**dict.fromkeys((it.name for it in dataclasses.fields(Answers)), print))


def test_which_part_is_away_is_told_and_where_it_is_stays_in_the_log(caplog):
    def away(question: Question) -> Answer:
        return search(OpenSearch(NOWHERE, max_retries=0), Viewer(frozenset({"b"})), question)

    def no_table(_question: Question) -> Answer:
        dynamodb = boto3.client(
            "dynamodb", "eu-west-1", endpoint_url=NOWHERE, aws_access_key_id="a", aws_secret_access_key="b",
            config=Config(retries={"total_max_attempts": 1}),
        )  # fmt: skip
        return Answer(len(ControlTable(dynamodb, "secret-table").buckets()), {}, [])

    for asked, part in ((away, "OpenSearch"), (no_table, "the control table")):
        answer = api.respond(api.resolver(dataclasses.replace(NOBODY, search=asked)), EVENT, None)
        assert answer["statusCode"] == 503 and part in answer["body"]
        assert not any(it in answer["body"] for it in ("127.0.0.1", ":9", "secret"))
    assert "127.0.0.1" in caplog.text and "secret-table" in caplog.text


def test_a_fault_of_ours_is_not_blamed_on_the_body():
    body = json.dumps([{"bucket": "b", "key": "k"}])
    event = EVENT | {"path": "/api/digests", "httpMethod": "POST", "body": body, "multiValueQueryStringParameters": {}}
    for fault in (ValueError("ours"), RecursionError("ours")):

        def broken(_: Any, fault: Exception = fault) -> NoReturn:
            raise fault

        with pytest.raises(type(fault), match="ours"):
            api.respond(api.resolver(dataclasses.replace(NOBODY, digests=broken)), event, None)


@pytest.mark.parametrize("path", ["/api/search", "/api/facets"])
@pytest.mark.parametrize(
    ("there", "asked", "said"),
    [
        (["raw", "lab"], ["lab", "lba"], "the bucket lba is not connected; those that are: lab, raw"),
        (["raw", "lab"], ["a", "b", "a"], "the buckets a, b are not connected; those that are: lab, raw"),
        ([], [""], "the bucket '' is not connected; those that are: none yet"),
        ([f"b{it:02}" for it in range(12)], ["x"], "b00, b01, b02, b03, b04, b05, b06, b07, b08, b09, and 2 others"),
    ],
)
def test_a_bucket_that_is_not_connected_is_told_and_not_searched_in_vain(path, there, asked, said):
    def unasked(*_: Any) -> NoReturn:
        raise AssertionError("this was not asked for")

    seen = Viewer(frozenset(there))
    edges = Edges(opensearch=dict, s3=unasked, viewer=lambda: seen, health=unasked, today=lambda: date(2026, 1, 31))
    event = EVENT | {"path": path, "multiValueQueryStringParameters": {"q": ["a"], "bucket": asked}}
    answer = api.respond(api.resolver(answers_of(edges)), event, None)
    assert answer["statusCode"] == 422 and json.loads(answer["body"])["detail"].endswith(said)
