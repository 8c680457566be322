"""Previews over S3: ranges of one version through the client that functions have, refusals in words."""

import gzip

import pytest
from botocore.credentials import Credentials

import preview_files as files
from bucketdex.aws.quick_s3 import QuickS3
from bucketdex.catalog.previews import preview_of, text_of
from emulated import Aws

NAME = "previews"


@pytest.fixture(scope="module")
def s3(aws: Aws) -> QuickS3:
    client = aws.client("s3")
    client.create_bucket(Bucket=NAME)
    client.put_bucket_versioning(Bucket=NAME, VersioningConfiguration={"Status": "Enabled"})
    return QuickS3(client, Credentials("local", "local"))


def test_objects_have_previews_by_ranges_of_one_version(s3: QuickS3) -> None:
    key = "a folder/über+%20.csv"
    old = s3.put_object(Bucket=NAME, Key=key, Body=b"old\n1\n")["VersionId"]
    s3.put_object(Bucket=NAME, Key=key, Body=b"new,b\n" + b"1,2\n" * 300_000)
    assert preview_of(s3, NAME, key).tables[0].columns[0].name == "new"
    assert preview_of(s3, NAME, key, old).tables[0].columns[0].name == "old"
    s3.put_object(Bucket=NAME, Key="a.zip", Body=files.zipped(["a"], bytes(range(256)) * 4000))
    assert preview_of(s3, NAME, "a.zip").total == 1
    s3.put_object(Bucket=NAME, Key="a.parquet", Body=files.parquet({"a": list(range(200_000))}, use_dictionary=False))
    assert preview_of(s3, NAME, "a.parquet").tables[0].total_rows == 200_000
    s3.put_object(Bucket=NAME, Key="packed", Body=gzip.compress(b'{"a": 1}'), ContentEncoding="gzip")
    assert preview_of(s3, NAME, "packed", name="a.json").kind == "json"


def test_what_s3_refuses_is_told(s3: QuickS3) -> None:
    s3.put_object(Bucket=NAME, Key="empty", Body=b"")
    assert preview_of(s3, NAME, "empty").reason == "This file is empty."
    s3.put_object(Bucket=NAME, Key="cold.txt", Body=b"cold", StorageClass="GLACIER")
    assert "archived" in preview_of(s3, NAME, "cold.txt").reason
    assert "not there any more" in preview_of(s3, NAME, "nothing").reason
    s3.put_object(Bucket=NAME, Key="gone", Body=b"a")
    marker = s3.delete_object(Bucket=NAME, Key="gone")["VersionId"]
    assert "not there any more" in preview_of(s3, NAME, "gone").reason
    assert "delete marker" in preview_of(s3, NAME, "gone", marker).reason
    s3.put_object(Bucket=NAME, Key="moved.txt", Body=b"a")
    assert "changed meanwhile" in preview_of(s3, NAME, "moved.txt", etag="0" * 32).reason
    assert text_of(s3, NAME, "moved.txt") == "a"
