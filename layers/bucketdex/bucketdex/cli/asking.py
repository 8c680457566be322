"""Asking the search API over HTTP."""

import contextlib
import os
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from bucketdex.cli.failures import NoAnswerError, RefusedError

API = "BUCKETDEX_API_URL"
TIMEOUT_SECONDS = 35.0  # the function has 30


def api_address() -> str:
    """Return the address of the stack's API, if it is one; raises `SettingsError`."""
    from bucketdex.aws.settings import SettingsError
    from bucketdex.cli.here import adopt

    adopt(API)
    url = os.environ[API]
    with contextlib.suppress(ValueError):
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return url
    raise SettingsError(f"{API} is not an address such as http://127.0.0.1:8000: {url!r}")


def search(api_url: str, query: str, buckets: Sequence[str], size: int, kinds: Sequence[str] = ()) -> dict[str, Any]:
    """Return the API's answer to a search; raises `RefusedError`."""
    narrowed = [("bucket", bucket) for bucket in buckets] + [("kind", kind) for kind in kinds]
    return _get(api_url, "/api/search", [("q", query), *narrowed, ("size", str(size))])


def containing(api_url: str, bucket: str, key: str, version_id: str | None) -> dict[str, Any]:
    """Return which packages contain an object, as the API answers it; raises `RefusedError`."""
    version = [("version_id", version_id)] if version_id else []
    return _get(api_url, "/api/containing", [("bucket", bucket), ("key", key), *version])


def duplicates(api_url: str, bucket: str, key: str) -> dict[str, Any]:
    """Return which objects have the same bytes as one, as the API answers it; raises `RefusedError`."""
    return _get(api_url, "/api/duplicates", [("bucket", bucket), ("key", key)])


def reads(api_url: str, bucket: str, key: str | None, prefix: str, days: int) -> dict[str, Any]:
    """Return how often an object or a folder was read, as the API answers it; raises `RefusedError`."""
    what = ("prefix", prefix) if key is None else ("key", key)
    return _get(api_url, "/api/reads", [("bucket", bucket), what, ("days", str(days))])


def _get(api_url: str, path: str, fields: Sequence[tuple[str, str]]) -> dict[str, Any]:
    import urllib3  # as AWS's clients do; the standard library would ask the environment's proxy

    timeout = urllib3.Timeout(connect=5, read=TIMEOUT_SECONDS)
    try:
        answer = urllib3.request("GET", f"{api_url.rstrip('/')}{path}", fields=fields, timeout=timeout, retries=0)
        told: dict[str, Any] = answer.json()
    except urllib3.exceptions.HTTPError as error:
        reason = getattr(error, "reason", error)
        raise NoAnswerError(f"the search API at {api_url} does not answer: {reason}") from error
    except ValueError as error:
        raise RefusedError(f"the search API at {api_url} answers {answer.status}, and no JSON") from error
    if answer.status != 200:
        raise RefusedError(f"the search API answers {answer.status}: {told.get('detail') or told.get('title') or told}")
    return told
