"""Lambda's Invoke as the emulated Step Functions calls it: who is meant, and what a failure looks like."""

import json
from types import SimpleNamespace
from urllib.parse import quote

import pytest

from bucketdex.local.functions.invocations import answer
from bucketdex.local.functions.load_balancer import Request
from bucketdex.local.functions.pool import FunctionError

NAME = "stack-HashRanges-1"
ARN = f"arn:aws:lambda:us-east-1:123456789012:function:{NAME}"


class Pool:
    """A function that answers with its event, and fails where it says so."""

    function = SimpleNamespace(name=NAME, arn=ARN)

    def invoke(self, event):
        if event == "fail":
            raise FunctionError("Abandoned", "another object by now")
        return {"got": event}


def invoke(reference: str = NAME, body: bytes = b"{}", method: str = "POST", path: str = "", **headers: str):
    path = path or f"/2015-03-31/functions/{quote(reference, safe='')}/invocations"
    response = answer(Request(method, path, "", list(headers.items()), body), {"HashRanges": Pool()})
    return response.status, dict(response.headers), json.loads(response.body)


@pytest.mark.parametrize("reference", [NAME, ARN, f"{ARN}:live", f"{NAME}:$LATEST"])
def test_a_function_is_invoked_by_its_name_or_arn(reference):
    status, headers, told = invoke(reference, b'{"step": "range"}')
    assert (status, told) == (200, {"got": {"step": "range"}})
    assert "X-Amz-Function-Error" not in headers


def test_a_function_that_fails_is_a_success_with_the_name_of_its_error():
    status, headers, told = invoke(body=b'"fail"')
    assert (status, headers["X-Amz-Function-Error"]) == (200, "Unhandled")
    assert told == {"errorMessage": "another object by now", "errorType": "Abandoned"}


@pytest.mark.parametrize(
    ("given", "status", "kind"),
    [
        ({"reference": "stack-Hash"}, 404, "ResourceNotFoundException"),
        ({"body": b"not JSON"}, 400, "InvalidRequestContentException"),
        ({"method": "GET"}, 404, "UnknownOperationException"),
        ({"path": "/2015-03-31/functions"}, 404, "UnknownOperationException"),
        ({"X-Amz-Invocation-Type": "Event"}, 400, "InvalidParameterValueException"),
    ],
)
def test_what_lambda_would_refuse_is_refused(given, status, kind):
    assert (answered := invoke(**given))[0] == status
    assert answered[1]["x-amzn-ErrorType"] == kind
