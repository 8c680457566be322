"""What the API says where a part of the stack is away."""

import dataclasses

import boto3
from botocore.config import Config
from opensearchpy import OpenSearch

from bucketdex.api import resolver as api
from bucketdex.api.answers import Answers
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
