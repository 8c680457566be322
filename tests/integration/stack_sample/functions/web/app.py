"""Answers with what it was asked; `/web/raise`, `/web/nonsense` and `/web/bytes` do as they are called."""

import base64
import json
import os
from pathlib import Path
from typing import Any

from greeting import hello


def handler(event: dict[str, Any], context: Any) -> Any:
    what = event["path"].rpartition("/")[2]
    if what == "raise":
        raise RuntimeError("told to raise")
    if what == "nonsense":
        return "nonsense"
    if what == "bytes":
        body = base64.b64encode(bytes(range(256))).decode()
        return {"statusCode": 200, "headers": {"Content-Type": "image/png"}, "body": body, "isBase64Encoded": True}
    answer = {"event": event, "hello": hello(context.function_name), "environment": dict(os.environ),
              "left": context.get_remaining_time_in_millis(), "folder": str(Path.cwd())}  # fmt: skip
    return {"statusCode": 201, "headers": {"Content-Type": "application/json", "X-Sample": "yes"},
            "body": json.dumps(answer)}  # fmt: skip
