"""The next item of an iterable is made while the one before is used: documents are made while OpenSearch indexes."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

END = object()


def ahead[T](items: Iterator[T]) -> Iterator[T]:
    """Yield the items; each is made in another thread, while the one before it is used."""
    with ThreadPoolExecutor(1, "ahead") as thread:
        following: Any = thread.submit(next, items, END)
        while (item := following.result()) is not END:
            following = thread.submit(next, items, END)
            yield item
