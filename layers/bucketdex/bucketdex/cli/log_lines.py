"""Lines of the functions' logs as people read them. What is no JSON stays as it is."""

from typing import Any

import msgspec

from bucketdex.cli.output import printable

METRICS = "_aws"  # is in lines that CloudWatch makes metrics of
DURATION = "REPORT RequestId: "  # begins what the runtime prints after each invocation
FIRST = ("timestamp", "level", "message", "bucket", "key", "reason", "exception")
LEFT_OUT = frozenset({
    "location", "service", "cold_start", "function_name", "function_memory_size", "function_arn",
    "function_request_id", "message_ids", "xray_trace_id", "exception_name", "stack_trace",
})  # fmt: skip


def readable(line: str) -> str | None:
    """Return the line as people read it, or None where it tells them nothing. `exception` has several lines."""
    told = _object(line)
    if told is None:
        return None if line.startswith(DURATION) else printable(line)
    if METRICS in told:
        return None
    time, level, message, bucket, key, reason, trace = (str(told.get(name) or "") for name in FIRST)
    more = (f"{name}={value}" for name, value in told.items() if name not in FIRST and name not in LEFT_OUT)
    parts = [time[:19], f"{level:7}", message, f"s3://{bucket}/{key}" if bucket else "", *more]
    text = " ".join(printable(part) for part in parts if part)
    if reason:
        text += f": {printable(reason)}"
    return "\n  ".join([text, *map(printable, trace.splitlines())])


def _object(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        told = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeError):
        return None
    return told if isinstance(told, dict) and ("message" in told or METRICS in told) else None
