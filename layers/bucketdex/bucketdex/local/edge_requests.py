"""One request to what the emulated AWS answers besides AWS, under `/_bucketdex/` (see `edge/__main__.py`)."""

import http.client
from contextlib import closing
from urllib.parse import urlsplit

import msgspec

from bucketdex.local.state import StackError


def request(edge_url: str, method: str, name: str, body: object = None, timeout: float = 10) -> tuple[int, bytes]:
    """Return the status and the body of the answer; `body` is sent as JSON. Raises `StackError` where there is none."""
    content = None if body is None else msgspec.json.encode(body)
    try:
        with closing(http.client.HTTPConnection(urlsplit(edge_url).netloc, timeout=timeout)) as client:
            client.request(method, f"/_bucketdex/{name}", content)
            response = client.getresponse()
            return response.status, response.read()
    except (OSError, http.client.HTTPException) as error:
        raise StackError(f"the emulated AWS at {edge_url} does not answer: {error}") from error
