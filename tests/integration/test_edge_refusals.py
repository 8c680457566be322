"""What the emulated AWS refuses, or tells, as AWS does and moto by itself does not."""

import pytest
from botocore.exceptions import ClientError

from emulated import Aws

LIMIT = 1 << 20  # bytes of a message
ATTRIBUTE = {"a": {"DataType": "String", "StringValue": "b"}}  # 8 bytes
EMPTY = {"pk": {"S": "bucket"}, "sk": {"S": ""}}


def test_tags_of_an_object_that_is_not_there_cannot_be_deleted(aws: Aws):
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="refusals-tags")
    with pytest.raises(ClientError, match="NoSuchKey") as refused:
        s3.delete_object_tagging(Bucket="refusals-tags", Key="none")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_a_folder_of_which_all_is_deleted_is_not_listed(aws: Aws):
    s3, name = aws.client("s3"), "refusals-folders"
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    for key in ("a/gone", "a/b/gone", "a/c/kept", "d/gone", "d", "e/kept"):
        s3.put_object(Bucket=name, Key=key)

    def listed(operation: str, **options: str) -> list[str]:
        pages = s3.get_paginator(operation).paginate(Bucket=name, Delimiter="/", **options)
        return [it["Prefix"] for page in pages for it in page.get("CommonPrefixes", [])]

    for key in ("a/gone", "a/b/gone", "d/gone"):
        s3.delete_object(Bucket=name, Key=key)
    for operation in ("list_objects_v2", "list_objects"):
        assert listed(operation) == ["a/", "e/"]
        assert listed(operation, Prefix="a/") == ["a/c/"]
    versions = s3.list_object_versions(Bucket=name, Delimiter="/")
    assert [it["Prefix"] for it in versions["CommonPrefixes"]] == ["a/", "d/", "e/"]
    s3.put_object(Bucket=name, Key="d/gone")
    assert listed("list_objects_v2") == ["a/", "d/", "e/"]


def test_a_bucket_tells_that_it_tells_event_bridge(aws: Aws):
    s3, sqs, name = aws.client("s3"), aws.client("sqs"), "refusals-bridge"
    s3.create_bucket(Bucket=name)
    sqs.create_queue(QueueName=name)
    queue = {"Id": "q", "QueueArn": f"arn:aws:sqs:us-east-1:123456789012:{name}", "Events": ["s3:ObjectCreated:*"]}
    for rules in (
        {"EventBridgeConfiguration": {}},
        {"EventBridgeConfiguration": {}, "QueueConfigurations": [queue]},
        {},
    ):
        s3.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration=rules)
        told = s3.get_bucket_notification_configuration(Bucket=name)
        assert {name: it for name, it in told.items() if name != "ResponseMetadata"} == rules


def test_attributes_count_into_the_size_of_a_message(aws: Aws):
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName="refusals-size")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="x" * (LIMIT - 8), MessageAttributes=ATTRIBUTE)
    with pytest.raises(ClientError, match="Message must be shorter than 1048576 bytes") as refused:
        sqs.send_message(QueueUrl=url, MessageBody="x" * (LIMIT - 7), MessageAttributes=ATTRIBUTE)
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValue"
    with pytest.raises(ClientError, match="Message must be shorter"):
        sqs.send_message(QueueUrl=url, MessageBody="é" * (LIMIT // 2 + 1))
    half = {"MessageBody": "x" * (LIMIT // 2), "MessageAttributes": ATTRIBUTE}
    with pytest.raises(ClientError, match="BatchRequestTooLong"):
        sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": "1", **half}, {"Id": "2", **half}])


def test_a_key_is_never_empty(aws: Aws):
    dynamodb, table = aws.client("dynamodb"), "refusals"
    dynamodb.create_table(
        TableName=table,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    )
    for request in (
        lambda: dynamodb.batch_get_item(RequestItems={table: {"Keys": [EMPTY]}}),
        lambda: dynamodb.get_item(TableName=table, Key=EMPTY),
        lambda: dynamodb.put_item(TableName=table, Item=EMPTY),
        lambda: dynamodb.delete_item(TableName=table, Key=EMPTY),
    ):
        with pytest.raises(ClientError, match="ValidationException"):
            request()
    assert dynamodb.batch_get_item(RequestItems={table: {"Keys": [EMPTY | {"sk": {"S": "x"}}]}})["Responses"] == {
        table: []
    }
