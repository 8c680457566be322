"""The ledger of what is read for digests, in the control table: so that each version of an object is read once.

| pk | sk | attributes |
|---|---|---|
| `digest#ID` | `object` | `runs`, `failures`, and one of: `owner` and `until` (somebody reads it), `execution` and `until` (the state machine does), `result` (checksums and note, JSON) |
| `digest#ID` | `range#17179869184#000012` | the range's length and number; `chunks` (binary): the SHA-256 digests of the range's chunks, one after the other |

`ID` is a digest of bucket, key, version id and etag. All have `expires`, after which DynamoDB deletes them. Changed by
conditional writes only; every method raises `Transient` where the table does not answer.
"""  # noqa: E501, a table

import contextlib
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from bucketdex.changes import Checksum
from bucketdex.control.conditional import update
from bucketdex.errors import Transient

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LEASE_SECONDS = 120.0  # of who reads, renewed five times within it: longer than any request may stall
EXECUTION_SECONDS = 2 * 86_400.0  # after which an execution that never ended well counts as lost
KEPT_SECONDS = 14 * 86_400  # as long as a message can wait
DIGEST_BYTES = 32
FREE = "attribute_not_exists(pk) OR (attribute_not_exists(#result) AND (attribute_not_exists(#until) OR #until < :now))"
OURS = "#owner = :owner"


class Result(msgspec.Struct, frozen=True):
    """What reading an object gave."""

    checksums: tuple[Checksum, ...]
    note: str | None = None


class HandedOn(msgspec.Struct, frozen=True):
    """The state machine is at it."""

    execution: str


class Claim(msgspec.Struct, frozen=True):
    """The right to read an object, for now.

    It has not been read whole `failures` times, and `runs` executions have ended without a result.
    """

    id: str
    owner: str
    runs: int = 0
    failures: int = 0


def identity(bucket: str, key: str, version_id: str | None, etag: str) -> str:
    """Return the id of a version of an object."""
    parts = (bucket, key, version_id or "null", etag)
    return sha256(b"".join(b"%d:%s" % (len(it), it) for it in (part.encode() for part in parts))).hexdigest()


class LostError(Transient):
    """Another invocation has taken over reading the object."""


class Ledger:
    """The ledger of one stack; `now` is the clock, in seconds since 1970."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str, now: Callable[[], float]) -> None:
        self._dynamodb, self._table, self._now = dynamodb, table, now

    def claim(self, identity_: str, owner: str) -> Claim | Result | HandedOn:
        """Take an object to read, or return what came of it already.

        Raises `Transient` where somebody else is reading it.
        """
        told = {"owner": {"S": owner}, "until": self._number(self._now() + LEASE_SECONDS)}
        item = self._change(identity_, told, FREE, gone=("execution",), values={"now": self._number(self._now())})
        if item is not None:
            runs, failures = (int(item.get(name, {}).get("N", 0)) for name in ("runs", "failures"))
            return Claim(identity_, owner, runs, failures)
        found = self._get(identity_, "object")
        if "result" in found:
            return msgspec.json.decode(found["result"]["S"], type=Result)
        if "execution" in found:
            return HandedOn(found["execution"]["S"])
        raise Transient("the object is being read by another invocation")

    def renew(self, claim: Claim) -> None:
        """Keep a claim; raises `LostError` where it was lost."""
        if self._change(claim.id, {"until": self._number(self._now() + LEASE_SECONDS)}, OURS, claim) is None:
            raise LostError("another invocation has taken over reading the object")

    def release(self, claim: Claim, *, failed: bool = False) -> None:
        """Give a claim back, where it is still ours; it is counted that it failed."""
        told = {"failures": {"N": str(claim.failures + 1)}} if failed else {}
        self._change(claim.id, told, OURS, claim, gone=("owner", "until"))

    def finish(self, identity_: str, result: Result) -> None:
        """Write down what came of an object. Whoever finds out first is right: there is one truth of a version."""
        told = {"result": {"S": msgspec.json.encode(result).decode()}}
        self._change(identity_, told, "attribute_not_exists(#result)", gone=("owner", "until", "execution"))

    def hand_on(self, claim: Claim, execution: str) -> None:
        """Note that an execution reads it from now on; raises `LostError` where the claim was lost."""
        told = {"execution": {"S": execution}, "until": self._number(self._now() + EXECUTION_SECONDS)}
        if self._change(claim.id, told, OURS, claim, gone=("owner",)) is None:
            raise LostError("another invocation has taken over reading the object")

    def let_go(self, identity_: str, runs: int) -> bool:
        """Note that an execution has ended without a result, so that another one may begin under another name.

        It was the one before which `runs` had ended; False if that is known already, or there is a result.
        """
        known = "attribute_not_exists(#runs) OR " if not runs else ""
        item = self._change(
            identity_,
            {"runs": {"N": str(runs + 1)}},
            f"attribute_not_exists(#result) AND ({known}#runs = :known)",
            gone=("owner", "until", "execution"),
            values={"known": {"N": str(runs)}},
        )
        return item is not None

    def put_range(self, identity_: str, length: int, number: int, digests: Iterable[bytes]) -> None:
        """Write down the digests of the first chunks of a range, of those that are `length` bytes long."""
        item = _key(identity_, _range(length, number)) | {
            "chunks": {"B": b"".join(digests)},
            "expires": self._expires(),
        }
        with self._telling():
            self._dynamodb.put_item(TableName=self._table, Item=item)

    def chunks(self, identity_: str, length: int, number: int) -> list[bytes]:
        """Return the digests of the first chunks of a range, as far as they are known."""
        return list(_cut(self._get(identity_, _range(length, number)).get("chunks", {}).get("B", b"")))

    def ranges(self, identity_: str, length: int) -> dict[int, list[bytes]]:
        """Return the digests of the chunks of each range of that length that is done, by its number."""
        request: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk AND begins_with(sk, :range)",
            "ExpressionAttributeValues": {":pk": _key(identity_, "")["pk"], ":range": {"S": f"range#{length}#"}},
            "ConsistentRead": True,
        }
        with self._telling():
            pages = list(self._dynamodb.get_paginator("query").paginate(**request))
        items = (item for page in pages for item in page["Items"])
        return {int(item["sk"]["S"].rpartition("#")[2]): list(_cut(item["chunks"]["B"])) for item in items}

    def _get(self, identity_: str, sk: str) -> dict[str, Any]:
        with self._telling():
            told = self._dynamodb.get_item(TableName=self._table, Key=_key(identity_, sk), ConsistentRead=True)
        return dict(told.get("Item", {}))

    def _change(
        self,
        identity_: str,
        told: dict[str, Any],
        condition: str,
        claim: Claim | None = None,
        gone: tuple[str, ...] = (),
        values: dict[str, Any] | None = None,
    ) -> dict[str, Any] | None:
        """Set and remove attributes of an object's item, and return it; None where the condition is not met."""
        told = told | {"expires": self._expires()}
        given = told | (values or {}) | ({"owner": {"S": claim.owner}} if claim else {})
        removed = [name for name in gone if name not in told]
        with self._telling():
            return update(self._dynamodb, self._table, _key(identity_, "object"), told, condition, given, removed)

    def _expires(self) -> dict[str, Any]:
        return {"N": str(int(self._now()) + KEPT_SECONDS)}

    @staticmethod
    def _number(value: float) -> dict[str, Any]:
        return {"N": f"{value:.3f}"}

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except (ClientError, BotoCoreError) as error:
            raise Transient(f"the ledger in the control table {self._table} does not answer: {error}") from error


def _key(identity_: str, sk: str) -> dict[str, Any]:
    return {"pk": {"S": f"digest#{identity_}"}, "sk": {"S": sk}}


def _range(length: int, number: int) -> str:
    return f"range#{length}#{number:06d}"


def _cut(digests: bytes) -> Iterator[bytes]:
    return (bytes(digests[start : start + DIGEST_BYTES]) for start in range(0, len(digests), DIGEST_BYTES))
