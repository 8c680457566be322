"""The catalog over a bucket that has an object in each state, and a package of two revisions, named to do harm."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

import packages
from bucketdex.aws import clients
from bucketdex.catalog import app
from bucketdex.catalog.edges import Edges
from bucketdex.changes import Author, Fact, ObjectChange
from bucketdex.changes.hint import fold
from bucketdex.changes.outcome import Tally
from bucketdex.http import Answer, event_answer, request_of
from bucketdex.index.generations import ALIASES, READS_ALIAS
from bucketdex.manifest.layout import manifest_key, s3_uri
from bucketdex.objects import reconcile as objects
from bucketdex.objects.observe import ObjectReader
from catalog_html import MARK, Read
from served import Served

EVIL = f'"></title><{MARK}>'
README = f"""# Plates {EVIL}

[first](plates/a%20b.csv) [all](plates/) [missing](none.csv) [evil](javascript:alert(1))

![overview](images/overview.png) <{MARK}>
"""
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478da63fcffff3f030005fe02fe"
    "a73581840000000049454e44ae426082"
)
SUMMARY = [
    {"path": "plates/a b.csv", "title": EVIL, "description": f"see [it](README.md) <{MARK}>"},
    ["images/overview.png", {"path": "secret.txt", "width": "30%"}],
    "absent.json",
    7,
]
FILES = {
    "README.md": README.encode(),
    "quilt_summarize.json": json.dumps(SUMMARY).encode(),
    "plates/a b.csv": f"well,{EVIL}\nA1,1\n".encode(),
    "images/overview.png": PNG,
    f"odd/{EVIL}": b"x",
}
VERSIONED, GONE, COLD, NEW, LATER = "v/versions.csv", "v/gone.csv", "v/cold.csv", "v/new.csv", "v/later.csv"


class Lab:
    """The catalog over the bucket of `served`, with an object for each state and a package of two revisions."""

    def __init__(self, served: Served) -> None:
        self.served, self.bucket, self.s3 = served, served.bucket, served.registry.s3
        self.versions: dict[str, str] = {}
        self.older = self.latest = ""

    def edges(self) -> Edges:
        registry = self.served.registry
        return Edges(lambda: registry.index, clients.s3, clients.sqs, clients.dynamodb, registry.control._name)

    def get(self, address: str) -> Answer:
        parts = urlsplit(address)
        query = dict(each.split("=", 1) for each in parts.query.split("&") if each)
        request = request_of({"httpMethod": "GET", "path": parts.path, "queryStringParameters": query})
        answer = app.respond(request, self.edges())
        assert event_answer(answer, request)["statusCode"] == answer.status
        return answer

    def html(self, address: str, status: int = 200) -> str:
        answer = self.get(address)
        assert isinstance(answer.body, str)
        assert answer.status == status, (address, answer.status, text(answer.body))
        read = Read(answer.body)
        assert (read.harm, read.open) == ([], []), address
        return answer.body

    def put(self, key: str, body: bytes, **options: Any) -> str:
        told = self.s3.put_object(Bucket=self.bucket, Key=key, Body=body, **options)
        self.versions[key] = told["VersionId"]
        fact = Fact(told["ETag"].strip('"'), told["VersionId"], written_by=Author("AssumedRole", EVIL, "run-42"))
        self.tell([ObjectChange(self.bucket, key, "s3", "put", facts=(fact,))])
        return str(told["VersionId"])

    def tell(self, changes: list[ObjectChange]) -> None:
        registry = self.served.registry
        reader = ObjectReader(self.s3, lambda: datetime.now(UTC), lambda: 300.0)
        edges = objects.Edges(
            registry.control, registry.index, reader, lambda _: None, lambda _: None, lambda: 300.0
        )  # fmt: skip
        objects.reconcile(edges, fold(changes).values(), Tally())

    def push(self, number: int, message: str, entries: list[dict[str, Any]], **meta: Any) -> str:
        top_hash, content = packages.manifest(entries, message=message, user_meta=meta)
        packages.put(self.s3, self.bucket, top_hash, content)
        names = (f"18000000{number:02}", "latest")
        told = [packages.point(self.s3, self.bucket, "lab/plates", top_hash, it) for it in names]
        self.served.registry.tell(*told, manifest_key(top_hash))
        return top_hash

    def entry(self, key: str, **more: Any) -> dict[str, Any]:
        place = s3_uri(self.bucket, f"lab/{key}", self.versions[f"lab/{key}"])
        return packages.entry(self.bucket, key, len(FILES[key])) | {"physical_keys": [place]} | more


def text(html: str) -> str:
    return " ".join(" ".join(Read(html).text).split())


@pytest.fixture(scope="module")
def lab(served: Served) -> Lab:
    made = Lab(served)
    for key, body in FILES.items():
        made.put(f"lab/{key}", body, Metadata={"owner": EVIL, "plate": "7"}, Tagging="stage=raw")
    first = made.put(VERSIONED, b"a,b\n1,2\n")
    made.versions["first"] = first
    made.put(VERSIONED, b"a,b\n1,2\n3,4\n")
    made.put(GONE, b"a,b\n")
    made.versions["marker"] = made.s3.delete_object(Bucket=made.bucket, Key=GONE)["VersionId"]
    made.tell([ObjectChange(made.bucket, GONE, "s3", "delete")])
    made.put(COLD, b"a,b\n", StorageClass="GLACIER")
    made.s3.put_object(Bucket=made.bucket, Key=NEW, Body=b"a,b\n")
    made.put(LATER, b"old,columns\n")
    made.s3.put_object(Bucket=made.bucket, Key=LATER, Body=b"new,columns\n")
    hidden = packages.entry("secret", "secret.txt")
    same = [made.entry(key) for key in FILES if key != "README.md"]
    made.older = made.push(0, "first", [*same, hidden], owner="lab", plate={"well": "B7"})
    changed = [made.entry(key, meta={"user_meta": {"n": EVIL}}) for key in FILES]
    made.latest = made.push(1, EVIL, [*changed, hidden], owner=EVIL, plate={"well": "B8"})
    today = datetime.now(UTC).date()
    for number in range(3):
        row = {"bucket": made.bucket, "key": VERSIONED, "day": str(today - timedelta(number)), "count": 10 + number}
        served.registry.index.index(index=READS_ALIAS, body=row | {"readers": [f"r{number}"], "reader_count": 1})
    served.registry.index.indices.refresh(index=list(ALIASES))
    return made
