"""The emulated S3 tells checksums as S3 does: of objects, of uploads in parts and of the parts."""

import base64
import hashlib
import zlib
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from awscrt import checksums as crt
from botocore.exceptions import ClientError

from emulated import Aws

MIB = 1 << 20
PARTS = (b"a" * (5 * MIB), b"b" * (6 * MIB), b"c" * 7)
WHOLE = b"".join(PARTS)
ALL = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]
DIGESTS: dict[str, Callable[[bytes], bytes]] = {
    "SHA256": lambda data: hashlib.sha256(data).digest(),
    "SHA1": lambda data: hashlib.sha1(data, usedforsecurity=False).digest(),
    "CRC32": lambda data: zlib.crc32(data).to_bytes(4, "big"),
    "CRC32C": lambda data: crt.crc32c(data).to_bytes(4, "big"),
    "CRC64NVME": lambda data: crt.crc64nvme(data).to_bytes(8, "big"),
}
NUMBERS = count(1)


def value(algorithm: str, data: bytes) -> str:
    return base64.b64encode(DIGESTS[algorithm](data)).decode()


def composite(algorithm: str) -> str:
    return value(algorithm, b"".join(DIGESTS[algorithm](part) for part in PARTS))


def told(answer: dict[str, Any]) -> dict[str, str]:
    return {name: it for name, it in answer.items() if name.startswith("Checksum")}


@pytest.fixture(scope="module")
def s3(aws: Aws):
    return aws.client("s3")


@pytest.fixture
def bucket(s3) -> str:
    name = f"checksums-{next(NUMBERS)}"
    s3.create_bucket(Bucket=name)
    return name


def upload(s3: Any, bucket: str, numbers: tuple[int, ...] = (1, 2, 3), **options: str) -> dict[str, Any]:
    """Store `WHOLE` as `big`, in parts of these numbers."""
    name = {"Bucket": bucket, "Key": "big"}
    name["UploadId"] = s3.create_multipart_upload(**name, **options)["UploadId"]
    sums = {"ChecksumAlgorithm": options["ChecksumAlgorithm"]} if "ChecksumAlgorithm" in options else {}
    parts = [
        {"PartNumber": number, "ETag": s3.upload_part(**name, PartNumber=number, Body=body, **sums)["ETag"]}
        for number, body in zip(numbers, PARTS, strict=True)
    ]
    done: dict[str, Any] = s3.complete_multipart_upload(**name, MultipartUpload={"Parts": parts})
    return done


@pytest.mark.parametrize("algorithm", DIGESTS)
def test_an_object_has_the_checksum_it_was_sent_with(s3, bucket, algorithm):
    s3.put_object(Bucket=bucket, Key="k", Body=b"text", ChecksumAlgorithm=algorithm)
    expected = {f"Checksum{algorithm}": value(algorithm, b"text"), "ChecksumType": "FULL_OBJECT"}
    assert told(s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")) == expected
    assert told(s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")) == expected
    attributes = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=ALL)
    assert attributes["Checksum"] == expected
    assert (attributes["ObjectSize"], attributes["StorageClass"]) == (4, "STANDARD")
    assert attributes["ETag"] == hashlib.md5(b"text", usedforsecurity=False).hexdigest()
    assert "ObjectParts" not in attributes


def test_an_object_that_comes_without_a_checksum_is_given_one(s3, bucket):
    stored = s3.put_object(Bucket=bucket, Key="k", Body=b"text")
    expected = {"ChecksumCRC64NVME": value("CRC64NVME", b"text"), "ChecksumType": "FULL_OBJECT"}
    assert told(stored) == expected
    assert told(s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")) == expected
    assert told(s3.head_object(Bucket=bucket, Key="k")) == {}


def test_a_checksum_counts_though_nothing_else_says_which_it_is(s3, bucket):
    claimed = value("SHA256", b"other bytes")
    s3.put_object(Bucket=bucket, Key="k", Body=b"text", ChecksumSHA256=claimed)
    expected = {"ChecksumSHA256": claimed, "ChecksumType": "FULL_OBJECT"}
    assert told(s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")) == expected


@pytest.mark.parametrize("algorithm", ["SHA256", "SHA1", "CRC32", "CRC32C"])
def test_checksums_of_parts_are_put_together(s3, bucket, algorithm):
    upload(s3, bucket, ChecksumAlgorithm=algorithm)
    counted = {f"Checksum{algorithm}": composite(algorithm) + "-3", "ChecksumType": "COMPOSITE"}
    assert told(s3.head_object(Bucket=bucket, Key="big", ChecksumMode="ENABLED")) == counted
    answer = s3.get_object(Bucket=bucket, Key="big", ChecksumMode="ENABLED")
    assert (told(answer), answer["Body"].read()) == (counted, WHOLE)
    attributes = s3.get_object_attributes(Bucket=bucket, Key="big", ObjectAttributes=ALL)
    assert attributes["Checksum"] == {f"Checksum{algorithm}": composite(algorithm), "ChecksumType": "COMPOSITE"}
    assert attributes["ObjectParts"] == {
        "TotalPartsCount": 3,
        "PartNumberMarker": 0,
        "NextPartNumberMarker": 3,
        "MaxParts": 1000,
        "IsTruncated": False,
        "Parts": [
            {"PartNumber": number, "Size": len(part), f"Checksum{algorithm}": value(algorithm, part)}
            for number, part in enumerate(PARTS, 1)
        ],
    }


@pytest.mark.parametrize(
    ("algorithm", "options"),
    [
        ("CRC32", {"ChecksumAlgorithm": "CRC32", "ChecksumType": "FULL_OBJECT"}),
        ("CRC32C", {"ChecksumAlgorithm": "CRC32C", "ChecksumType": "FULL_OBJECT"}),
        ("CRC64NVME", {"ChecksumAlgorithm": "CRC64NVME"}),
        ("CRC64NVME", {}),
    ],
)
def test_a_checksum_of_the_full_object_leaves_the_parts_untold(s3, bucket, algorithm, options):
    upload(s3, bucket, **options)
    expected = {f"Checksum{algorithm}": value(algorithm, WHOLE), "ChecksumType": "FULL_OBJECT"}
    assert told(s3.head_object(Bucket=bucket, Key="big", ChecksumMode="ENABLED")) == expected
    attributes = s3.get_object_attributes(Bucket=bucket, Key="big", ObjectAttributes=ALL)
    assert (attributes["Checksum"], attributes["ObjectParts"]) == (expected, {"TotalPartsCount": 3})


def test_parts_are_told_page_by_page_under_the_numbers_they_have(s3, bucket):
    upload(s3, bucket, numbers=(2, 5, 900), ChecksumAlgorithm="SHA256")
    asked = {"Bucket": bucket, "Key": "big", "ObjectAttributes": ["ObjectParts"], "MaxParts": 2}
    first = s3.get_object_attributes(**asked)
    assert "Checksum" not in first
    assert "ETag" not in first
    page = first["ObjectParts"]
    assert [part["PartNumber"] for part in page.pop("Parts")] == [2, 5]
    assert page == {
        "TotalPartsCount": 3,
        "PartNumberMarker": 0,
        "NextPartNumberMarker": 5,
        "MaxParts": 2,
        "IsTruncated": True,
    }
    second = s3.get_object_attributes(**asked, PartNumberMarker=5)["ObjectParts"]
    assert [part["PartNumber"] for part in second["Parts"]] == [900]
    assert (second["PartNumberMarker"], second["NextPartNumberMarker"], second["IsTruncated"]) == (5, 900, False)


def test_attributes_are_those_of_the_version_that_is_asked_for(s3, bucket):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    version = upload(s3, bucket, ChecksumAlgorithm="SHA256")["VersionId"]
    newer = s3.put_object(Bucket=bucket, Key="big", Body=b"small")["VersionId"]
    asked = {"Bucket": bucket, "Key": "big", "ObjectAttributes": ALL}
    older = s3.get_object_attributes(**asked, VersionId=version)
    assert (older["VersionId"], older["ObjectParts"]["TotalPartsCount"]) == (version, 3)
    now = s3.get_object_attributes(**asked)
    assert (now["VersionId"], now["ObjectSize"], "ObjectParts" in now) == (newer, 5, False)
    with pytest.raises(ClientError, match="NoSuchVersion"):
        s3.get_object_attributes(**asked, VersionId="none")


def test_a_range_comes_without_checksums(s3, bucket):
    upload(s3, bucket, ChecksumAlgorithm="SHA256")
    answer = s3.get_object(Bucket=bucket, Key="big", Range="bytes=0-9", ChecksumMode="ENABLED")
    assert (told(answer), answer["Body"].read()) == ({}, b"a" * 10)


def test_a_copy_is_one_object_with_a_checksum_of_its_own(s3, bucket):
    upload(s3, bucket, ChecksumAlgorithm="SHA256")
    source = {"Bucket": bucket, "Key": "big"}
    s3.copy_object(Bucket=bucket, Key="same", CopySource=source)
    s3.copy_object(Bucket=bucket, Key="other", CopySource=source, ChecksumAlgorithm="CRC32C")
    for key, algorithm in (("same", "SHA256"), ("other", "CRC32C")):
        expected = {f"Checksum{algorithm}": value(algorithm, WHOLE), "ChecksumType": "FULL_OBJECT"}
        assert told(s3.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")) == expected
        attributes = s3.get_object_attributes(Bucket=bucket, Key=key, ObjectAttributes=ALL)
        assert (attributes["Checksum"], "ObjectParts" in attributes) == (expected, False)
        assert attributes["ETag"] == hashlib.md5(WHOLE, usedforsecurity=False).hexdigest()
    s3.delete_object(Bucket=bucket, Key="big")
    assert s3.get_object(Bucket=bucket, Key="same")["Body"].read() == WHOLE


@pytest.mark.parametrize("storage_class", ["GLACIER", "DEEP_ARCHIVE"])
def test_an_archived_object_tells_all_but_its_bytes(s3, bucket, storage_class):
    name = {"Bucket": bucket, "Key": "cold"}
    s3.put_object(**name, Body=b"text", StorageClass=storage_class, Tagging="a=b")
    with pytest.raises(ClientError, match="InvalidObjectState") as refused:
        s3.get_object(**name)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert s3.head_object(**name)["StorageClass"] == storage_class
    assert s3.get_object_attributes(**name, ObjectAttributes=ALL)["StorageClass"] == storage_class
    assert s3.get_object_tagging(**name)["TagSet"] == [{"Key": "a", "Value": "b"}]
    s3.restore_object(**name, RestoreRequest={"Days": 1})
    assert s3.get_object(**name)["Body"].read() == b"text"
