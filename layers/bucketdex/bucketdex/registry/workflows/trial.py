"""Patterns and schemas of a registry tried on a package; where there are patterns, in a process with a time limit.

A regular expression can take for ever on a text of 30 letters, and nothing stops it within this process.
"""

import json
import re
import subprocess
import sys
from typing import Any

import msgspec

from bucketdex.registry.errors import PackageError

SECONDS = 20.0  # for a handle, or for metadata
SECONDS_PER_ITEM = 0.002  # and for each of a list of files: ten times what a schema with some patterns takes
# Isolated, it has to be told where this process finds its packages.
CHILD = f"import json, sys; sys.path[:] = json.loads(sys.stdin.readline()); from {__name__} import serve; serve()"
PATTERNS = frozenset({"pattern", "patternProperties"})  # keywords of a schema that hold regular expressions


class Demand(msgspec.Struct, frozen=True):
    """A schema that was found to be one; `draft` is the name of its validator in `jsonschema`."""

    draft: str
    schema: Any
    has_patterns: bool


class Fault(msgspec.Struct, frozen=True):
    """What of a value is not as demanded, and where in it that is."""

    said: str
    where: list[str | int]


def matches(pattern: re.Pattern[str], handle: str) -> bool:
    """Tell whether a pattern is found in a handle; raises `PackageError` where that takes too long."""
    return bool(_elsewhere({"pattern": pattern.pattern, "text": handle}, SECONDS, f"the pattern {pattern.pattern!r}"))


def fault(demand: Demand, value: Any) -> Fault | None:
    """Return what of a JSON value is not as demanded, or None; raises `PackageError` where that takes too long."""
    if not demand.has_patterns:
        return _fault(demand.draft, demand.schema, value)
    seconds = SECONDS + (len(value) * SECONDS_PER_ITEM if isinstance(value, list) else 0)
    asked = {"draft": demand.draft, "schema": demand.schema, "value": value}
    found = _elsewhere(asked, seconds, "a pattern of the schema")
    return msgspec.convert(found, Fault | None)


def _fault(draft: str, schema: Any, value: Any) -> Fault | None:
    import jsonschema  # noqa: PLC0415, of the extra `packages`
    import referencing  # noqa: PLC0415

    # A registry of one's own fetches nothing, whatever the schema refers to.
    validator = getattr(jsonschema, draft)(schema, registry=referencing.Registry())
    try:
        error = jsonschema.exceptions.best_match(validator.iter_errors(value))
    except RecursionError as deep:
        raise PackageError("the schema or the value is nested too deeply") from deep
    except (referencing.exceptions.Unresolvable, re.error, OverflowError) as wrong:
        raise PackageError(f"the schema cannot be applied: {wrong}") from wrong
    return None if error is None else Fault(error.message, list(error.absolute_path))


def _elsewhere(asked: dict[str, Any], seconds: float, what: str) -> Any:
    """Return what a process of its own answers."""
    try:
        given = json.dumps([str(path) for path in sys.path]) + "\n" + json.dumps(asked)
    except RecursionError as error:
        raise PackageError(f"{what} cannot be tried: what it is for is nested too deeply") from error
    command = [sys.executable, "-I", "-c", CHILD]
    try:
        done = subprocess.run(command, input=given.encode(), capture_output=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        raise PackageError(f"{what} takes longer than {seconds:.0f} seconds: make it simpler in the registry") from None
    except OSError as error:
        raise PackageError(f"{what} cannot be tried, as Python does not start: {error}") from error
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise PackageError(f"{what} cannot be tried: {last or f'Python ended with {done.returncode}'}")
    told = json.loads(done.stdout)
    if "refused" in told:
        raise PackageError(told["refused"])
    return told["answer"]


def serve() -> None:
    """Answer what standard input asks, on standard output."""
    asked = json.load(sys.stdin)
    told: dict[str, Any]
    try:
        if "draft" in asked:
            found = _fault(asked["draft"], asked["schema"], asked["value"])
            told = {"answer": found and msgspec.structs.asdict(found)}
        else:
            told = {"answer": re.search(asked["pattern"], asked["text"]) is not None}
    except PackageError as error:
        told = {"refused": str(error)}
    json.dump(told, sys.stdout)
