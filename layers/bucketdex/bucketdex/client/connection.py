"""Which stack is asked, and asking it over HTTP."""

import os
from collections.abc import Sequence
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import msgspec

from bucketdex.client.errors import ChangedError, NoAnswerError, NoStackError, QueryError, SearchError

if TYPE_CHECKING:
    import urllib3
    from mypy_boto3_s3 import S3Client

API, TOKEN = "BUCKETDEX_API_URL", "BUCKETDEX_API_TOKEN"
CONNECT_SECONDS, READ_SECONDS = 5.0, 35.0  # the function has 30
NO_STACK = (
    f"no stack is known: set {API} to the address of yours, such as https://search.example.org, or start one here "
    "with `bucketdex local up`"
)
LOOPBACK = ("127.0.0.1", "localhost", "::1")

type Fields = Sequence[tuple[str, str]]


class State(Protocol):
    """What is asked of a local stack that runs."""

    phase: str
    api_url: str
    edge_url: str


class Problem(msgspec.Struct, frozen=True):
    """An error as the API tells it (RFC 9457); of a query also where it is wrong."""

    detail: str = ""
    title: str = ""
    column: int | None = None
    expected: tuple[str, ...] | None = None
    suggestion: str | None = None


class Connection(msgspec.Struct, frozen=True, dict=True):
    """A stack: the address of its API, and a token for it."""

    url: str
    token: str | None = None

    def get(self, path: str, fields: Fields = ()) -> bytes:
        """Return the JSON of an answer; raises `SearchError`, and of it `QueryError` for what is no query."""
        import urllib3  # noqa: PLC0415  as AWS's clients do; the standard library would ask the environment's proxy

        headers = {"Accept": "application/json", "Accept-Encoding": "gzip"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        try:
            answer = self._pool.request(
                "GET", f"{self.url}{path}", fields=list(fields), headers=headers, redirect=False, retries=False
            )
        except UnicodeEncodeError as error:
            raise SearchError(f"this is no text that can be searched for: {error.object!r}") from None
        except urllib3.exceptions.HTTPError as error:
            reason = getattr(error, "reason", error)
            raise NoAnswerError(f"the search API at {self.url} does not answer: {reason}") from error
        if answer.status != 200:
            raise self._refused(answer, dict(fields).get("q", ""))
        return bytes(answer.data)

    def decoded[T](self, type_: type[T], path: str, fields: Fields = ()) -> T:
        """Return an answer as a type; what a newer stack tells beside it is passed over. Raises `SearchError`."""
        data = self.get(path, fields)
        try:
            return msgspec.json.decode(data, type=type_)
        except msgspec.ValidationError as error:
            raise SearchError(f"the search API at {self.url} is of another version than this client: {error}") from None
        except (msgspec.DecodeError, UnicodeError) as error:
            raise SearchError(f"the search API at {self.url} answers 200, and no JSON") from error

    def ask(self, path: str, fields: Fields = ()) -> dict[str, Any]:
        """Return an answer as it is; raises `SearchError`."""
        return self.decoded(dict[str, Any], path, fields)

    def s3(self) -> "S3Client":
        """Return the client of the S3 that holds what this stack finds."""
        return self._s3

    @cached_property
    def _s3(self) -> "S3Client":
        from bucketdex.aws import clients  # noqa: PLC0415, boto3 only where bytes are read

        named = any(name.startswith("AWS_ENDPOINT_URL") for name in os.environ)
        running = None if named else _running(self.url)
        if running is None:
            return clients.transfer_s3()
        made: S3Client = import_module("bucketdex.local.aws").session().client("s3", endpoint_url=running.edge_url)
        return made

    @cached_property
    def _pool(self) -> "urllib3.PoolManager":
        import urllib3  # noqa: PLC0415

        return urllib3.PoolManager(timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS))

    def _refused(self, answer: "urllib3.BaseHTTPResponse", query: str) -> SearchError:
        status = answer.status
        if 300 <= status < 400 and (elsewhere := answer.headers.get("Location")):
            error = SearchError(
                f"the search API at {self.url} answers {status}, at {elsewhere}: set {API} to that host"
            )
        else:
            error = self._problem(answer, query)
        error.status = status
        return error

    def _problem(self, answer: "urllib3.BaseHTTPResponse", query: str) -> SearchError:
        try:
            told = msgspec.json.decode(answer.data, type=Problem)
        except (msgspec.MsgspecError, UnicodeError):
            if answer.status in (401, 403):
                return SearchError(f"the search API at {self.url} answers {answer.status}: {self._who()}")
            return SearchError(f"the search API at {self.url} answers {answer.status}, and no JSON")
        said = told.detail or told.title or answer.data.decode()
        if told.column is not None:
            return QueryError(said, query, told.column, told.expected or (), told.suggestion)
        if answer.status in (401, 403):
            return SearchError(f"the search API answers {answer.status}: {said}; {self._who()}")
        if answer.status == 422:  # of what was asked, which says enough
            return SearchError(said)
        kind = ChangedError if answer.status == 410 else SearchError
        return kind(f"the search API answers {answer.status}: {said}")

    def _who(self) -> str:
        return "this token may not search" if self.token else f"a token is needed: set {TOKEN}"


def connection(api: str | None = None, token: str | None = None) -> Connection:
    """Return the stack at an address; without one that of `BUCKETDEX_API_URL`, else the one that runs here.

    Raises `NoStackError` where there is none, and where that is no address; `SearchError` for a token that cannot be
    sent, or would be in the clear.
    """
    named = api or os.environ.get(API)
    if named is None and (running := _running()):
        named = running.api_url
    if named is None:
        raise NoStackError(NO_STACK)
    url, token = _address(named), (token or os.environ.get(TOKEN, "")).strip() or None
    if token and not (token.isascii() and token.isprintable()):  # never said which: it is a secret
        raise SearchError(f"the token (token=, or {TOKEN}) has characters that no token has: was it copied whole?")
    if token and not (url.startswith("https:") or urlsplit(url).hostname in LOOPBACK):
        raise SearchError(f"a token is not sent in the clear: {url} has to begin with https://")
    return Connection(url, token)


def _address(url: str) -> str:
    try:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return url.rstrip("/")
    except ValueError:
        pass
    raise NoStackError(f"{API} is not an address such as http://127.0.0.1:8000: {url!r}")


def _running(url: str | None = None) -> State | None:
    """Return the stack that runs on this machine, if it is the one at this address."""
    if url and urlsplit(url).hostname not in LOOPBACK:
        return None
    try:  # by its name: the local stack comes with an extra, and nothing of it is needed to ask another
        stack = import_module("bucketdex.local.stack")
    except ImportError:
        return None
    try:
        state: State | None = stack.status(stack.default_home(stack.find_template()))
    except stack.StackError:
        return None
    ready = state is not None and state.phase == "ready"
    return state if state and ready and url in (None, state.api_url.rstrip("/")) else None
