"""Whatever is asked of the API, it answers as its OpenAPI document says, and never with a server error."""

import json
from collections.abc import Iterable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks as of_openapi

from served import Served, served

__all__ = ["served"]  # a fixture

CHECKS = [
    not_a_server_error,
    of_openapi.status_code_conformance,
    of_openapi.content_type_conformance,
    of_openapi.response_headers_conformance,
    of_openapi.response_schema_conformance,
]
EXAMPLES = 25  # of each operation


@pytest.fixture(scope="module")
def api(served: Served) -> schemathesis.BaseSchema:
    document = served.json("/api/openapi.json")
    for operations in document["paths"].values():
        for operation in operations.values():
            _with_one_that_is_there(operation.get("parameters", ()), served.bucket)
    made = schemathesis.openapi.from_dict(document)
    made.config.update(base_url=served.url)
    return made


def _with_one_that_is_there(parameters: Iterable[dict[str, Any]], bucket: str) -> None:
    """Have the buckets that a search is of be the connected one, mostly: one of any other is refused."""
    for parameter in parameters:
        if parameter["name"] == "bucket" and "items" in parameter["schema"]:
            parameter["schema"] |= {"items": {"enum": [bucket, "é/+ "]}, "maxItems": 2}


def test_nothing_that_is_asked_is_a_server_error_and_answers_are_what_the_document_says(api, served):
    for found in api.get_all_operations():

        @seed(8)
        @settings(
            max_examples=EXAMPLES, database=None, deadline=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(found.ok().as_strategy())
        def holds(case):
            case.call_and_validate(checks=CHECKS)

        holds()
    assert not served.failures


def test_what_is_there_is_told_as_the_document_says_and_looked_up_as_the_viewer(api, served, monkeypatch):
    """Random names find nothing, so what is there is asked for by name."""
    sent = _sent(served, monkeypatch)
    handle = {"author": "bio", "name": "penguins"}
    revision = handle | {"top_hash": served.latest[:10]}
    asked = [
        ("/api/search", {}, {"q": "penguins"}), ("/api/facets", {}, {"q": "csv"}), ("/api/suggest", {}, {"q": "pe"}),
        ("/api/objects/{bucket}/{key}", {"bucket": served.bucket, "key": "index.csv"}, {}),
        ("/api/objects/{bucket}/{key}/versions", {"bucket": served.bucket, "key": "index.csv"}, {}),
        ("/api/containing", {}, {"bucket": served.bucket, "key": "raw/penguins.csv"}),
        ("/api/duplicates", {}, {"bucket": served.bucket, "key": "index.csv"}),
        ("/api/reads", {}, {"bucket": served.bucket, "prefix": ""}), ("/api/packages", {}, {"q": "penguins"}),
        ("/api/packages/{author}/{name}", handle, {}), ("/api/packages/{author}/{name}/{top_hash}", revision, {}),
        ("/api/packages/{author}/{name}/{top_hash}/entries", revision, {}),
        ("/api/packages/{author}/{name}/{top_hash}/folder", revision, {"prefix": "a/"}), ("/api/status", {}, {}),
    ]  # fmt: skip
    for path, parts, query in asked:
        case = api[path]["GET"].Case(path_parameters=parts, query=query)
        response = case.call()
        assert response.status_code == 200, (path, response.text)
        case.validate_response(response, checks=CHECKS)
    case = api["/api/digests"]["POST"].Case(
        body=[{"bucket": served.bucket, "key": "index.csv"}], media_type="application/json"
    )
    case.call_and_validate(checks=CHECKS)
    assert {path for path, _, _ in asked} | {"/api/digests"} == set(api)
    assert not served.failures
    assert len(sent) > len(asked)
    for body in sent:
        assert body["query"]["bool"]["filter"] == [{"terms": {"bucket": [served.bucket]}}]
        assert body["query"]["bool"]["must_not"] == [{"term": {"deleted": True}}]


def _sent(served: Served, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return a list to which the body of each search is added that the API sends, whoever sends it."""
    sent: list[Any] = []
    transport = served.registry.index.transport
    real = transport.perform_request

    def noted(method: str, url: str, params: Any = None, body: Any = None, **more: Any) -> Any:
        assert url.endswith(("/_search", "/_msearch")), url
        sent.extend([body] if url.endswith("/_search") else map(json.loads, body.splitlines()[1::2]))
        return real(method, url, params=params, body=body, **more)

    monkeypatch.setattr(transport, "perform_request", noted)
    return sent
