"""The emulated S3 keeps versions as S3 does while versioning is suspended, and knows the null version."""

from itertools import count

import pytest
from botocore.exceptions import ClientError

from emulated import Aws

NUMBERS = count(1)


class Bucket:
    """A bucket with an object `k`: its null version from before versioning, then versions `one` and `two`."""

    def __init__(self, s3) -> None:
        self.s3, self.name = s3, f"versions-{next(NUMBERS)}"
        s3.create_bucket(Bucket=self.name)
        self.put(b"before")
        self.versioning("Enabled")
        self.one, self.two = self.put(b"one"), self.put(b"two")

    def versioning(self, status: str) -> None:
        self.s3.put_bucket_versioning(Bucket=self.name, VersioningConfiguration={"Status": status})

    def put(self, body: bytes) -> str | None:
        version: str | None = self.s3.put_object(Bucket=self.name, Key="k", Body=body).get("VersionId")
        return version

    def body(self, **version: str) -> bytes:
        body: bytes = self.s3.get_object(Bucket=self.name, Key="k", **version)["Body"].read()
        return body

    def versions(self) -> list[str]:
        """Return the versions there are, newest first; markers with a minus."""
        listed = self.s3.list_object_versions(Bucket=self.name)
        versions = [(it["LastModified"], it["VersionId"], "") for it in listed.get("Versions", [])]
        markers = [(it["LastModified"], it["VersionId"], "-") for it in listed.get("DeleteMarkers", [])]
        latest = [
            it["VersionId"] for kind in ("Versions", "DeleteMarkers") for it in listed.get(kind, []) if it["IsLatest"]
        ]
        names = [mark + version for _, version, mark in versions + markers]
        return sorted(names, key=lambda name: name.lstrip("-") not in latest)


@pytest.fixture
def bucket(aws: Aws) -> Bucket:
    return Bucket(aws.client("s3"))


def test_an_object_from_before_versioning_is_the_null_version(bucket):
    assert set(bucket.versions()) == {bucket.two, bucket.one, "null"}
    head = bucket.s3.head_object(Bucket=bucket.name, Key="k", VersionId="null")
    assert (head["VersionId"], head["ContentLength"]) == ("null", len(b"before"))
    assert bucket.body(VersionId="null") == b"before"


def test_a_bucket_without_versions_has_the_null_version(aws):
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="versions-none")
    assert "VersionId" not in s3.put_object(Bucket="versions-none", Key="k", Body=b"text")
    assert s3.head_object(Bucket="versions-none", Key="k", VersionId="null")["ContentLength"] == 4
    assert s3.get_object(Bucket="versions-none", Key="k", VersionId="null")["Body"].read() == b"text"


def test_while_suspended_an_object_replaces_the_null_version_alone(bucket):
    bucket.versioning("Suspended")
    assert bucket.put(b"after") == "null"
    assert bucket.put(b"later") == "null"
    versions = bucket.versions()
    assert (versions[0], set(versions), len(versions)) == ("null", {"null", bucket.one, bucket.two}, 3)
    assert (bucket.body(), bucket.body(VersionId=bucket.two)) == (b"later", b"two")
    head = bucket.s3.head_object(Bucket=bucket.name, Key="k", VersionId=bucket.one)
    assert (head["VersionId"], head["ContentLength"]) == (bucket.one, 3)
    bucket.versioning("Enabled")
    bucket.put(b"new")
    assert bucket.body(VersionId="null") == b"later"
    assert len(bucket.versions()) == 4


def test_while_suspended_a_deletion_leaves_a_null_marker_and_the_versions(bucket):
    bucket.versioning("Suspended")
    bucket.put(b"after")
    deleted = bucket.s3.delete_object(Bucket=bucket.name, Key="k")
    assert (deleted["VersionId"], deleted["DeleteMarker"]) == ("null", True)
    with pytest.raises(ClientError, match="NoSuchKey"):
        bucket.body()
    assert set(bucket.versions()) == {"-null", bucket.one, bucket.two}
    bucket.s3.delete_object(Bucket=bucket.name, Key="k", VersionId="null")
    assert bucket.body() == b"two"


def test_while_suspended_one_version_can_be_deleted(bucket):
    bucket.versioning("Suspended")
    bucket.s3.delete_object(Bucket=bucket.name, Key="k", VersionId=bucket.two)
    assert bucket.body() == b"one"
    for version in (bucket.one, "null"):
        bucket.s3.delete_object(Bucket=bucket.name, Key="k", VersionId=version)
    assert bucket.versions() == []
    assert "Contents" not in bucket.s3.list_objects_v2(Bucket=bucket.name)
