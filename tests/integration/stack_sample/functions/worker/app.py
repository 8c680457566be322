"""Does what its messages say: `note NAME`, `refuse NAME`, `raise NAME`, `hang NAME`, `exit NAME`."""

import os
import subprocess
import time
from typing import Any

import boto3
from greeting import hello

table = boto3.resource("dynamodb").Table(os.environ["BUCKETDEX_CONTROL_TABLE"])


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    failures = []
    for record in event["Records"]:
        verb, _, name = record["body"].partition(" ")
        receives = int(record["attributes"]["ApproximateReceiveCount"])
        table.put_item(Item={
            "pk": f"{verb} {name}#{receives}", "at": str(time.time()), "batch": len(event["Records"]),
            "process": os.getpid(), "request": context.aws_request_id, "hello": hello(context.function_name),
        })  # fmt: skip
        if verb == "raise":
            raise RuntimeError(f"told to raise by {name}")
        if verb == "exit":
            os._exit(3)
        if verb == "hang" and receives == 1:
            child = subprocess.Popen(["sleep", "300"])  # which must not outlive the function
            table.put_item(Item={"pk": f"child {name}", "process": child.pid})
            time.sleep(300)
        if verb == "refuse" and receives == 1:
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}
