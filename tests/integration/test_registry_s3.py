"""Registries and data in S3, on the emulated AWS."""

import uuid
from typing import Any

import pytest

import bucketdex
from bucketdex import Package
from bucketdex.aws import clients
from bucketdex.errors import Transient
from bucketdex.registry.errors import AbsentError, MovedError, PackageError
from bucketdex.registry.storage import ABSENT, storage_of
from bucketdex.registry.storage.s3 import Bucket
from emulated import Aws


@pytest.fixture
def s3(aws: Aws, monkeypatch: pytest.MonkeyPatch):
    """A client, and the environment that lets ours be made alike."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{aws.port}")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "local")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    made = [it for it in (getattr(clients, name, None) for name in ("_session", "s3", "quick_s3", "transfer_s3")) if it]
    for each in made:
        each.cache_clear()
    yield aws.client("s3")
    aws.fail()
    for each in made:
        each.cache_clear()


@pytest.fixture(params=["versioned", "plain"])
def bucket(s3: Any, request: pytest.FixtureRequest) -> Bucket:
    name = f"registry-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name)
    if request.param == "versioned":
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    found = storage_of(f"s3://{name}")
    assert isinstance(found, Bucket)
    return found


def test_what_is_written_can_be_read_in_whole_in_part_and_as_a_stream(bucket):
    told = bucket.write("a b/é#?.txt", b"0123456789")
    assert bucket.read("a b/é#?.txt") == b"".join(bucket.stream("a b/é#?.txt")) == b"0123456789"
    assert bucket.read_range("a b/é#?.txt", 2, 3) == b"234" and bucket.read_range("a b/é#?.txt", 8, 9) == b"89"
    assert bucket.read_range("a b/é#?.txt", 50, 1) == b""
    head = bucket.head("a b/é#?.txt")
    assert head and (head.size, head.etag, head.version_id) == (10, told.etag, told.version_id)
    bucket.delete("a b/é#?.txt")
    assert bucket.head("a b/é#?.txt") is None
    for question in (lambda: bucket.read("x"), lambda: bucket.read_range("x", 0, 1), lambda: list(bucket.stream("x"))):
        with pytest.raises(AbsentError, match=f"there is no s3://{bucket.name}/x"):
            question()


def test_keys_are_listed_with_their_latest_versions(bucket):
    keys = ["a-b", "a.b", "a/b", "a0", "b/c.d", "b/c/d", "é"]
    for key in [*keys, "b/c.d"]:
        told = bucket.write(key, b"x")
    assert [it.key for it in bucket.list("")] == keys
    assert [it.key for it in bucket.list("a")] == keys[:4] and list(bucket.folders("b/")) == ["c"]
    listed = {it.key: it.version_id for it in bucket.list("", versions=True)}
    assert list(listed) == keys and (listed["b/c.d"] == told.version_id or told.version_id is None)


def test_a_conditional_write_succeeds_only_on_what_was_seen(bucket):
    seen = bucket.write("latest", b"1", if_etag=ABSENT).etag
    with pytest.raises(MovedError):
        bucket.write("latest", b"2", if_etag=ABSENT)
    bucket.write("latest", b"2", if_etag=seen)
    with pytest.raises(MovedError, match="read it again"):
        bucket.write("latest", b"3", if_etag=seen)
    assert bucket.read("latest") == b"2"


def test_a_stream_that_breaks_goes_on_in_the_same_version(bucket):
    body = bytes(range(256)) * 20_000  # 5 MB
    bucket.write("large", body)
    real, broken = bucket.s3.get_object, []

    class Breaking:
        def __init__(self, whole):
            self.whole, self.read_once = whole, False

        def read(self, length):
            if self.read_once:
                broken.append(1)
                raise OSError("connection reset")
            self.read_once = True
            return self.whole.read(length)

    class S3:
        def get_object(self, **wanted):
            answer = real(**wanted)
            return answer | {"Body": Breaking(answer["Body"])} if len(broken) < 3 else answer

    assert b"".join(Bucket(bucket.name, S3()).stream("large")) == body and len(broken) == 3


def test_refusals_say_what_to_do(bucket, aws):
    bucket = Bucket(bucket.name, clients.s3())  # less patient

    def refuse(method, path, status, code):
        aws.fail({"method": method, "path": f"/{bucket.name}{path}", "status": status, "code": code})

    refuse("GET", "", 403, "AccessDenied")
    with pytest.raises(PackageError, match=r"these credentials may not list .*ask for the right"):
        list(bucket.list("x"))
    refuse("PUT", "/x", 403, "AccessDenied")
    with pytest.raises(PackageError, match="may not write"):
        bucket.write("x", b"")
    refuse("GET", "/x", 503, "SlowDown")
    with pytest.raises(Transient, match="SlowDown"):
        bucket.read("x")
    aws.fail()
    with pytest.raises(AbsentError, match="there is no bucket no-such-bucket-here"):
        storage_of("s3://no-such-bucket-here").write("x", b"")


def test_a_package_of_s3_is_built_and_browsed(bucket, s3):
    keys = ["data/a b/é.json", "data/plate7/wellB3.tif", "data/t=1:00.csv", "data-else/x", "data/folder/"]
    for number, key in enumerate(keys):
        s3.put_object(Bucket=bucket.name, Key=key, Body=b"" if key.endswith("/") else b"[%d]" % number)
    package = Package().set_dir(
        "in", f"s3://{bucket.name}/data", meta={"n": 1}, meta_from="plate{plate:int}/well{well}.tif"
    )
    package.set("one", f"s3://{bucket.name}/data-else/x")
    top_hash = package.build("lab/plates", f"s3://{bucket.name}", message="from S3")
    for key in keys[:4]:  # what is pinned by its version stays what it was
        s3.put_object(Bucket=bucket.name, Key=key, Body=b"later")
    found = Package.browse("lab/plates", f"s3://{bucket.name}", top_hash[:8])
    assert [key for key, _ in found.walk()] == ["in/a b/é.json", "in/plate7/wellB3.tif", "in/t=1:00.csv", "one"]
    assert found["in"].meta == {"n": 1} and found["in/plate7/wellB3.tif"].meta == {"plate": 7, "well": "B3"}
    if "?versionId=" in found.get("one"):
        assert found["in/a b/é.json"].deserialize() == [0] and found["one"].get_bytes() == b"[3]"
    else:
        with pytest.raises(PackageError, match="has been changed since"):
            found["one"].get_bytes()
    with pytest.raises(AbsentError, match="there is no"):
        Package().set("x", f"s3://{bucket.name}/nothing")


def test_packages_of_s3_are_listed_and_deleted(bucket):
    registry = f"s3://{bucket.name}"
    with pytest.raises(PackageError, match=f"1 file is on this machine, .* {registry} cannot refer to them: push it"):
        Package().set("a", __file__).build("lab/plates", registry)
    with pytest.raises(AbsentError, match=f"{registry}/none/ holds no objects"):
        Package().set_dir("/", f"{registry}/none/")
    bucket.write("x", b"x")
    first = Package().set("a", f"{registry}/x").build("lab/plates", registry, message="1")
    second = Package().set("b", f"{registry}/x").build("lab/plates", registry, message="2")
    Package().set("b", f"{registry}/x").build("lab/more", registry, message="2")
    assert list(bucketdex.list_packages(registry)) == ["lab/more", "lab/plates"]
    assert [it.top_hash for it in bucketdex.list_package_versions("lab/plates", registry)] == [first, second, second]
    bucketdex.delete_package("lab/plates", registry, second)
    assert Package.browse("lab/plates", registry).top_hash == first
    bucketdex.delete_package("lab/plates", registry)
    assert bucketdex.list_package_versions("lab/plates", registry) == []
    if not bucket.head(".quilt/packages/" + first).version_id:  # moto lists folders of deleted keys
        assert list(bucketdex.list_packages(registry)) == ["lab/more"]
