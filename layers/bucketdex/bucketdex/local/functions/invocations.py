"""Lambda's API as far as the emulated Step Functions calls it: `Invoke`, whose answer is waited for."""

import re
import threading
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import unquote

import msgspec

from bucketdex.local import edge_requests
from bucketdex.local.functions.http import LoadBalancer
from bucketdex.local.functions.load_balancer import Request, Response
from bucketdex.local.functions.pool import FunctionError, FunctionPool
from bucketdex.local.state import StackError

INVOCATION = re.compile(r"/2015-03-31/functions/([^/]+)/invocations/?")
JSON = ("Content-Type", "application/json")


def serve(functions: Mapping[str, FunctionPool]) -> LoadBalancer:
    """Answer invocations on a free port until `shutdown`."""
    server = LoadBalancer(lambda request: answer(request, functions))
    threading.Thread(target=server.serve_forever, name="lambda", daemon=True).start()
    return server


def tell(edge_url: str, url: str) -> None:
    """Tell the emulated AWS that functions are invoked at `url`."""
    status, said = edge_requests.request(edge_url, "POST", "lambda", {"url": url})
    if status != HTTPStatus.OK:
        raise StackError(f"the emulated AWS does not take {url} for its functions: {said!r}")


def answer(request: Request, functions: Mapping[str, FunctionPool]) -> Response:
    """Return what Lambda answers; a function that failed is a success with the header X-Amz-Function-Error."""
    found = INVOCATION.fullmatch(request.path)
    if found is None or request.method != "POST":
        return _refused(404, "UnknownOperationException", "only Invoke is answered here")
    headers = {name.lower(): value for name, value in request.headers}
    if (kind := headers.get("x-amz-invocation-type", "RequestResponse")) != "RequestResponse":
        return _refused(400, "InvalidParameterValueException", f"invocations of the type {kind} do not run here")
    pool = _pool(unquote(found[1]), functions)
    if pool is None:
        return _refused(404, "ResourceNotFoundException", f"Function not found: {unquote(found[1])}")
    try:
        event = msgspec.json.decode(request.body or b"{}")
    except msgspec.DecodeError as error:
        return _refused(400, "InvalidRequestContentException", f"the payload is not JSON: {error}")
    try:
        result = pool.invoke(event)
    except FunctionError as error:
        payload = msgspec.json.encode({"errorMessage": error.message, "errorType": error.kind})
        return Response(200, [JSON, ("X-Amz-Function-Error", "Unhandled")], payload)
    return Response(200, [JSON, ("X-Amz-Executed-Version", "$LATEST")], msgspec.json.encode(result))


def _pool(reference: str, functions: Mapping[str, FunctionPool]) -> FunctionPool | None:
    """Return the function that a name or an ARN means, perhaps with an alias or version behind it."""
    for pool in functions.values():
        name, arn = pool.function.name, pool.function.arn
        if reference in (name, arn) or reference.startswith((f"{name}:", f"{arn}:")):
            return pool
    return None


def _refused(status: int, kind: str, message: str) -> Response:
    body = msgspec.json.encode({"Type": "User", "Message": message})
    return Response(status, [JSON, ("x-amzn-ErrorType", kind)], body)
