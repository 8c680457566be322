"""Answers that fit: a load balancer takes 1 MB, and a page of long names, tags and highlights can be more."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import msgspec
from aws_lambda_powertools.event_handler import Response

from bucketdex.http import JSON, LARGEST_BODY


def answer(told: Any) -> Response[str]:
    """Return something as JSON."""
    return Response(int(HTTPStatus.OK), JSON, msgspec.json.encode(told).decode())


def fitting[T](page: Callable[[int], T], size: int) -> T:
    """Return a page of so many items, or of fewer where it would be too large; its cursor then brings the others."""
    while True:
        told = page(size)
        length = len(msgspec.json.encode(told))
        if length <= LARGEST_BODY or size <= 1:
            return told
        size = max(1, size * LARGEST_BODY // (length + 1))
