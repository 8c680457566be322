"""What a registry demands of packages, `.quilt/workflows/config.yml`, as the reference client takes it."""

import re
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from bucketdex.registry.errors import PackageError

NEWEST = (1, 1, 0)  # version of the configuration's format that is understood
VERSION = r"^[1-9][0-9]*(\.(0|[1-9][0-9]*)){0,2}$"
NAME = r"^[A-Za-z_-][A-Za-z0-9_-]*$"

Version = Annotated[str, Meta(pattern=VERSION)]
Text = Annotated[str, Meta(min_length=1)]


class Versions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The version in parts: that of all, and that of what only the catalog reads."""

    base: Version
    catalog: Version | UnsetType = UNSET


class Workflow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What packages of one kind have to be; the schemas are named by their ids in `schemas`."""

    name: Text
    description: Text | UnsetType = UNSET
    handle_pattern: str | UnsetType = UNSET
    metadata_schema: str | UnsetType = UNSET
    entries_schema: str | UnsetType = UNSET
    is_message_required: bool = False
    catalog: Any = None


class SchemaAddress(msgspec.Struct, frozen=True):
    """Where a JSON Schema is."""

    url: str


class Successor(msgspec.Struct, frozen=True):
    """A registry to which the catalog offers to push on."""

    title: str
    copy_data: bool = True


class WorkflowConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    version: Version | Versions
    workflows: Annotated[dict[Annotated[str, Meta(pattern=NAME, max_length=64)], Workflow], Meta(min_length=1)]
    is_workflow_required: bool = True
    default_workflow: str | UnsetType = UNSET
    schemas: Annotated[dict[str, SchemaAddress], Meta(min_length=1)] | UnsetType = UNSET
    successors: Annotated[dict[str, Successor], Meta(min_length=1)] | UnsetType = UNSET
    catalog: Any = None


def parse(text: bytes, address: str) -> WorkflowConfig:
    """Read the file; raises `PackageError` that names what is wrong in it."""
    try:
        import yaml  # noqa: PLC0415, of the extra `packages`
    except ImportError as error:
        raise missing_extra("pyyaml") from error
    try:
        config = msgspec.convert(yaml.safe_load(text.decode()), WorkflowConfig)
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        raise PackageError(f"the workflows of the registry, {address}, are not YAML: {_line(error)}") from error
    except msgspec.ValidationError as error:
        raise PackageError(f"the workflows of the registry, {address}, are not as they should be: {error}") from error
    told = config.version if isinstance(config.version, str) else config.version.base
    if _numbers(told) > NEWEST:
        known = ".".join(map(str, NEWEST))
        raise PackageError(f"{address} has version {told}, this program understands up to {known}: update it")
    return config


def pattern_of(workflow: Workflow, address: str) -> re.Pattern[str] | None:
    """Return what handles have to match; raises `PackageError`."""
    if not workflow.handle_pattern:
        return None
    try:
        return re.compile(workflow.handle_pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise PackageError(f"{address}: {workflow.handle_pattern!r} is no regular expression: {error}") from error


def missing_extra(package: str) -> PackageError:
    """Return the error where a package of the extra `packages` is not installed."""
    return PackageError(f"workflows need the Python package {package}: install bucketdex[packages]")


def _numbers(version: str) -> tuple[int, ...]:
    return (*map(int, version.split(".")), 0, 0)[:3]


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
