"""Lambda's Invoke API: whoever asks the emulated AWS to run a function is answered by an address that runs it.

POST `{"url": "http://127.0.0.1:9001"}` to `/_bucketdex/lambda`; `{"url": null}` ends it. The request goes there as it
came, `POST /2015-03-31/functions/NAME/invocations`, and the answer comes back as it is: where the function failed, its
header `X-Amz-Function-Error`. While there is no such address moto answers. The state machines that run here invoke
their functions so.
"""

import http.client
import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec

from bucketdex.local.edge.faults import Application

INVOCATION = re.compile(r"/2015-03-31/functions/[^/]+/invocations/?")
LONGEST_SECONDS = 930  # a function runs for 900 at most
TOLD = ("X-Amz-Invocation-Type", "X-Amz-Log-Type", "X-Amz-Client-Context", "Content-Type")
ANSWERED = ("X-Amz-Function-Error", "X-Amz-Log-Result", "X-Amz-Executed-Version", "Content-Type")


class Address(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where functions run, if anywhere."""

    url: str | None

    def __post_init__(self) -> None:
        if self.url is not None and not re.fullmatch(r"http://[^/]+/?", self.url):
            raise ValueError("url must be http://HOST:PORT")


class Functions:
    """The functions of an account, in front of an application that answers everything else."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._address = Address(None)

    def run_at(self, address: Address) -> Address:
        """From now on have functions run there."""
        self._address = address
        return address

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a WSGI request."""
        url = self._address.url
        if url is None or not INVOCATION.fullmatch(environ["PATH_INFO"]):
            return self._application(environ, start_response)
        try:
            status, headers, body = invoke(url, environ)
        except (OSError, http.client.HTTPException) as error:
            body = msgspec.json.encode({"Type": "Service", "Message": f"{url} does not run functions: {error}"})
            status, headers = "500 Internal Server Error", [("x-amzn-ErrorType", "ServiceException")]
        start_response(status, [*headers, ("Content-Length", str(len(body)))])
        return [body]


def invoke(url: str, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
    """Hand an invocation on; return the answer's status line, headers and body."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    asked = {name: environ.get(key) or environ.get(f"HTTP_{key}") for name in TOLD if (key := wsgi_name(name))}
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=LONGEST_SECONDS)
    try:
        path = quote(environ["PATH_INFO"].encode("latin-1"))
        if environ.get("QUERY_STRING"):
            path += f"?{environ['QUERY_STRING']}"
        connection.request("POST", path, body, {name: value for name, value in asked.items() if value})
        response = connection.getresponse()
        headers = [(name, value) for name in ANSWERED if (value := response.getheader(name)) is not None]
        return f"{response.status} {response.reason}", headers, response.read()
    finally:
        connection.close()


def wsgi_name(header: str) -> str:
    """Return the name of a header in a WSGI environment, without `HTTP_`."""
    return header.upper().replace("-", "_")
