"""One request to OpenSearch, whose failure is `Transient`, and the reasons that it gives."""

from typing import TYPE_CHECKING, Any

from bucketdex.errors import Transient

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

REQUEST_BYTES = 5_000_000  # small domains accept 10 MiB
REQUEST_SECONDS = 20.0  # a bulk request of that size on a small, busy domain


class Unanswered(Transient):
    """Whether OpenSearch did, or is still to do, what it was asked is not known."""


def post(client: "OpenSearch", path: str, body: bytes, seconds: float = REQUEST_SECONDS, **params: str) -> Any:
    """Return OpenSearch's answer; raises `Transient`, and `Unanswered` also when it takes longer than `seconds`."""
    from opensearchpy.exceptions import ConnectionError as NoAnswerError  # noqa: PLC0415, cold start
    from opensearchpy.exceptions import OpenSearchException  # noqa: PLC0415

    try:
        return client.transport.perform_request("POST", path, params={"request_timeout": seconds, **params}, body=body)
    except NoAnswerError as error:  # a timeout too
        raise Unanswered(f"OpenSearch did not answer {path}: {error}") from error
    except OpenSearchException as error:
        raise Transient(f"OpenSearch did not answer {path}: {error}") from error


def said(error: Any) -> str:
    """Return the reasons that OpenSearch gives, from the outer to the cause."""
    reasons: list[str] = []
    while isinstance(error, dict):
        if error.get("reason"):
            reasons.append(str(error["reason"]))
        error = error.get("caused_by")
    return "; ".join(reasons) or str(error)
