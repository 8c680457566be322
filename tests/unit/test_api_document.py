"""The OpenAPI document is true and whole: its types are those of the answers; and its page needs nothing else."""

import dataclasses
import hashlib
import json
import re
from base64 import b64encode
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bucketdex.api import docs_page
from bucketdex.api import resolver as api
from bucketdex.api.answers import Answers
from bucketdex.api.openapi import document_of
from bucketdex.api.told import ANSWERS, EXAMPLES
from bucketdex.http import Problem

ROOT = Path(__file__).parent.parent.parent
EVENT = {
    "requestContext": {"elb": {"targetGroupArn": "arn"}},
    "httpMethod": "GET",
    "body": "",
    "isBase64Encoded": False,
}


@pytest.fixture(scope="module")
def app() -> Any:
    return api.resolver(Answers(**dict.fromkeys((it.name for it in dataclasses.fields(Answers)), print)))


@pytest.fixture(scope="module")
def document(app: Any) -> dict[str, Any]:
    return document_of(app)


def test_the_document_is_served_as_openapi_3_1(app):
    answer = api.respond(app, EVENT | {"path": "/api/openapi.json"}, None)
    assert json.loads(answer["body"])["openapi"].startswith("3.1")
    assert answer["multiValueHeaders"]["content-type"] == ["application/json"]


def test_every_operation_has_a_name_a_topic_an_example_and_typed_errors(document):
    named = []
    for path, operations in document["paths"].items():
        for method, it in operations.items():
            named.append(it["operationId"])
            assert it["tags"] and it["summary"], path
            assert "example" in it["responses"]["200"]["content"]["application/json"], path
            assert ("304" in it["responses"]) == (method == "get")
            for status, said in it["responses"].items():
                if status not in ("200", "304"):
                    assert list(said["content"]) == ["application/problem+json"], (path, status)
            assert all(each["description"] for each in it.get("parameters", ())), path
    assert named == list(EXAMPLES)


def test_every_type_that_is_named_is_there_and_every_one_that_is_there_is_named(document):
    text = json.dumps(document)
    named = set(re.findall(r'#/components/schemas/([^"]+)"', text))
    assert named == set(document["components"]["schemas"])
    assert "null" not in json.dumps(
        [it.get("parameters", []) for of in document["paths"].values() for it in of.values()]
    )


def test_examples_are_what_their_types_say(document):
    types = {it.__name__: it for it in (*ANSWERS, Problem)}
    for operations in document["paths"].values():
        for it in operations.values():
            body = it["responses"]["200"]["content"]["application/json"]
            kind = types[body["schema"]["$ref"].rpartition("/")[2]]
            assert msgspec.json.decode(json.dumps(body["example"]), type=kind) == EXAMPLES[it["operationId"]]


def test_a_parameter_that_a_route_does_not_have_is_named_with_those_that_it_has(app, document):
    asked = [(path, method, it) for path, of in document["paths"].items() for method, it in of.items()]
    others = [("/api/openapi.json", "get", {}), ("/api/docs", "get", {})]
    for path, method, it in asked + others:
        known = [each["name"] for each in it.get("parameters", ()) if each["in"] == "query"]
        current = [
            each["name"] for each in it.get("parameters", ()) if each["name"] in known and "deprecated" not in each
        ]
        event = EVENT | {"httpMethod": method.upper(), "path": re.sub(r"{\w+}", "a", path)}
        answer = api.respond(app, event | {"multiValueQueryStringParameters": {"qq": ["x"]}}, None)
        said = json.loads(answer["body"])["detail"]
        assert (answer["statusCode"], f"{path} has no parameter qq" in said) == (422, True), (path, said)
        assert said.endswith(f"there are {', '.join(current)}" if current else "there are none")
    missing = api.respond(app, EVENT | {"path": "/api/nothing", "multiValueQueryStringParameters": {"q": ["x"]}}, None)
    assert missing["statusCode"] == 404


class Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_page_has_all_operations_and_needs_no_script_and_nothing_from_elsewhere(app, document):
    answer = api.respond(app, EVENT | {"path": "/api/docs"}, None)
    assert answer["statusCode"] == 200 and answer["multiValueHeaders"]["content-type"] == ["text/html; charset=utf-8"]
    [policy] = answer["multiValueHeaders"]["content-security-policy"]
    html = answer["body"]
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert style and b64encode(hashlib.sha256(style[1].encode()).digest()).decode() in policy
    assert "default-src 'none'" in policy and "unsafe" not in policy and "url(" not in style[1]
    seen = Seen()
    seen.feed(html)
    ids = [attrs["id"] for _, attrs in seen.tags if "id" in attrs]
    assert len(ids) == len(set(ids)) and set(EXAMPLES) <= set(ids)
    assert not {tag for tag, _ in seen.tags} & {"script", "link", "img", "iframe", "form"}
    assert not [name for _, attrs in seen.tags for name in attrs if name.startswith("on") or name == "style"]
    links = [attrs["href"] for tag, attrs in seen.tags if tag == "a"]
    assert {it[1:] for it in links if it.startswith("#")} <= set(ids)
    assert all(it.startswith(("#", "/")) for it in links)
    for path in document["paths"]:
        assert path in html


def test_the_page_escapes_whatever_the_document_says(document):
    odd = json.loads(json.dumps(document).replace("Search in what", "<script>alert(1)</script> &amp;"))
    assert "<script>" not in docs_page.page(odd) and "&lt;script&gt;" in docs_page.page(odd)


def test_every_route_and_parameter_is_in_the_documentation(document):
    text = (ROOT / "docs/api.md").read_text()
    for path, operations in document["paths"].items():
        assert f"`{path}`" in text or f"`POST {path}`" in text, path
        for it in operations.values():
            for parameter in it.get("parameters", ()):
                assert f"`{parameter['name']}`" in text or f"{{{parameter['name']}}}" in text, (path, parameter["name"])
