"""Workflows of a registry: a package is pushed only if it is what they demand, and its header says which was applied.

All of it is as the reference client does it, so that what one of us accepts or writes the other does too.
"""

import json
from collections.abc import Callable, Iterable
from types import EllipsisType
from typing import Any

from msgspec import UNSET

from bucketdex.manifest import Entry
from bucketdex.manifest.layout import WORKFLOWS
from bucketdex.registry.errors import AbsentError, PackageError
from bucketdex.registry.storage import Location, Storage, locate
from bucketdex.registry.storage.local import LocalFolder
from bucketdex.registry.workflows.config import Workflow, WorkflowConfig, missing_extra, parse, pattern_of
from bucketdex.registry.workflows.trial import PATTERNS, Demand, fault, matches

Wanted = str | EllipsisType | None  # the id of a workflow; `...`: the registry's default; None: none
Locate = Callable[[str], Location]

DRAFTS = {
    "http://json-schema.org/draft-07/schema#": "Draft7Validator",
    "https://json-schema.org/draft/2020-12/schema": "Draft202012Validator",
}
REFERENCES = frozenset({"$ref", "$dynamicRef", "$recursiveRef"})


def apply(
    storage: Storage,
    wanted: Wanted,
    *,
    handle: str,
    message: str | None,
    metadata: Any,
    entries: Callable[[], Iterable[Entry]],
    at: Locate = locate,
) -> dict[str, Any] | None:
    """Hold a package against the registry's workflow and return what its header has to say of it, None: nothing.

    `entries` is called only where the workflow has a schema for them. Raises `PackageError` that says what is not as
    demanded.
    """
    read = _pinned(Location(storage, WORKFLOWS))
    if read is None:
        if wanted is ...:
            return None
        raise PackageError(f"there are no workflows in {storage.uri}: push without naming one")
    text, address = read
    config = parse(text, address)
    name = config.default_workflow if wanted is ... else wanted
    name = None if name is UNSET else name
    workflow = _workflow(config, name, address)
    pattern = pattern_of(workflow, address) if workflow else None
    schemas = _Schemas(config, address, isinstance(storage, LocalFolder), at)
    of_metadata = schemas.demand(workflow.metadata_schema) if workflow and workflow.metadata_schema else None
    of_entries = schemas.demand(workflow.entries_schema) if workflow and workflow.entries_schema else None

    if workflow and workflow.is_message_required and not message:
        raise PackageError(f"the workflow {name!r} of {storage.uri} requires a message: say what this revision is")
    if pattern and not matches(pattern, handle):
        raise PackageError(f"the workflow {name!r} of {storage.uri} wants handles like {pattern.pattern}, not {handle}")
    if of_metadata:
        _check(of_metadata, metadata, f"the metadata are not what the workflow {name!r} of {storage.uri} demands")
    if of_entries:
        listed = [{"logical_key": it.logical_key, "size": it.size, "meta": it.metadata} for it in entries()]
        _check(of_entries, listed, f"the files are not what the workflow {name!r} of {storage.uri} demands")
    told: dict[str, Any] = {"id": name, "config": address}
    if schemas.addresses:
        told["schemas"] = schemas.addresses
    return told


def _workflow(config: WorkflowConfig, name: Any, address: str) -> Workflow | None:
    known = ", ".join(sorted(config.workflows))
    if name is None:
        if config.is_workflow_required:
            raise PackageError(f"{address} requires a workflow and has no default: name one of {known}")
        return None
    if name not in config.workflows:
        raise PackageError(f"there is no workflow {name!r} in {address}: there are {known}")
    return config.workflows[name]


class _Schemas:
    """The schemas of a configuration, each loaded once; `addresses` of those loaded, by id, with their versions."""

    def __init__(self, config: WorkflowConfig, address: str, local: bool, at: Locate) -> None:
        self._schemas = config.schemas or {}
        self._address, self._local, self._at = address, local, at
        self._by_url: dict[str, tuple[Demand, str]] = {}
        self.addresses: dict[str, str] = {}

    def demand(self, id_: str) -> Demand:
        """Return a schema that was found to be one; raises `PackageError`."""
        if id_ not in self._schemas:
            raise PackageError(f"there is no schema {id_!r} in {self._address}")
        url = self._schemas[id_].url
        if url not in self._by_url:
            self._by_url[url] = self._load(id_, url)
        demand, self.addresses[id_] = self._by_url[url]
        return demand

    def _load(self, id_: str, url: str) -> tuple[Demand, str]:
        if not url.startswith(("s3://", "file://")):
            raise PackageError(f"the schema {id_!r} in {self._address} is at {url!r}, not at an s3:// address")
        if url.startswith("file:") and not self._local:
            raise PackageError(f"the schema {id_!r} in {self._address} is on somebody's disk, {url}: put it into S3")
        read = _pinned(self._at(url))
        if read is None:
            raise AbsentError(f"the schema {id_!r} that {self._address} names is not there: {url}")
        text, address = read
        keywords: set[str] = set()

        def noted(value: dict[str, Any]) -> dict[str, Any]:
            keywords.update(PATTERNS & value.keys())
            if found := REFERENCES & value.keys():
                raise PackageError(
                    f"the schema {id_!r}, {address}, refers to another place ({min(found)}), which those of workflows "
                    "cannot: write it out"
                )
            return value

        try:
            schema = json.loads(text.decode(), object_hook=noted)
            return Demand(_draft(schema, id_, address), schema, bool(keywords)), address
        except ValueError as error:
            raise PackageError(f"the schema {id_!r}, {address}, is not JSON: {error}") from error
        except RecursionError as error:
            raise PackageError(f"the schema {id_!r}, {address}, is nested too deeply") from error


def _pinned(location: Location) -> tuple[bytes, str] | None:
    """Return the bytes of an object and the address of the version that they are of, or None where it is not there."""
    found = location.head()
    if found is None:
        return None
    version = location.version_id or found.version_id
    storage, key = location.storage, location.key
    return storage.read(key, version), storage.address(key, version)


def _draft(schema: Any, id_: str, address: str) -> str:
    """Return the name of what validates by a schema; raises `PackageError` where it is none."""
    try:
        import jsonschema  # noqa: PLC0415, of the extra `packages`
    except ImportError as error:
        raise missing_extra("jsonschema") from error
    draft = schema.get("$schema", next(iter(DRAFTS))) if isinstance(schema, dict) else next(iter(DRAFTS))
    if not isinstance(draft, str) or draft not in DRAFTS:
        raise PackageError(f"the schema {id_!r}, {address}, is written in {draft!r}; known are {', '.join(DRAFTS)}")
    try:
        getattr(jsonschema, DRAFTS[draft]).check_schema(schema)
    except jsonschema.SchemaError as error:
        raise PackageError(f"the schema {id_!r}, {address}, is no JSON Schema: {error.message}") from error
    return DRAFTS[draft]


def _check(demand: Demand, value: Any, complaint: str) -> None:
    found = fault(demand, value)
    if found is not None:
        where = "".join(f"[{part!r}]" for part in found.where)
        said = found.said if len(found.said) <= 500 else found.said[:500] + "..."
        raise PackageError(f"{complaint}: {said}" + (f" (at {where})" if where else ""))
