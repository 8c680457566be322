"""Generations of the index: each kind is read through aliases that hide tombstones, and written by index name.

A generation of `objects` or of `reads` is one index. One of `packages` is a pair: what a manifest's document says of
its entries is about the entries beside it, so both are made, written and dropped together.

Only connecting the first bucket makes an index (and later a rebuild); `auto_create_index` is off, so that a typing
error or a lost index is an error and not a guessed mapping.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from bucketdex.control import ControlTable, Generation
from bucketdex.index.mappings import (
    ENTRIES_VERSION,
    OBJECT,
    OBJECTS_ADDED,
    OBJECTS_VERSION,
    PACKAGES_VERSION,
    READS_VERSION,
    entries_index,
    objects_index,
    packages_index,
    reads_index,
    unknown_to,
)

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

OBJECTS = "objects"
PACKAGES = "packages"
READS = "reads"
OBJECTS_ALIAS = "bucketdex-objects"
PACKAGES_ALIAS = "bucketdex-packages"
ENTRIES_ALIAS = "bucketdex-entries"
READS_ALIAS = "bucketdex-reads"
ALIASES = (OBJECTS_ALIAS, PACKAGES_ALIAS, ENTRIES_ALIAS, READS_ALIAS)
NOT_DELETED = {"bool": {"must_not": {"term": {"deleted": True}}}}
FIRST = {
    # Named by the version to which the others only add: whoever has it already must not get a second one.
    OBJECTS: Generation(f"{OBJECTS_ALIAS}-v{min(OBJECTS_ADDED) - 1}-1", OBJECTS_VERSION),
    # One version for the pair: whichever mapping changes, both are new.
    PACKAGES: Generation(
        f"{PACKAGES_ALIAS}-v{max(PACKAGES_VERSION, ENTRIES_VERSION)}-1", max(PACKAGES_VERSION, ENTRIES_VERSION)
    ),
    READS: Generation(f"{READS_ALIAS}-v{READS_VERSION}-1", READS_VERSION),
}
KINDS = tuple(FIRST)


def entries_of(packages: str) -> str:
    """Return the index of the entries beside an index of packages."""
    return packages.replace(PACKAGES_ALIAS, ENTRIES_ALIAS)


def all_indexes(control: ControlTable) -> list[str]:
    """Return every index that is written, of whatever kind."""
    objects = [it.index for it in control.generations(OBJECTS)]
    packages = [it.index for it in control.generations(PACKAGES)]
    reads = [it.index for it in control.generations(READS)]
    return [*objects, *packages, *map(entries_of, packages), *reads]


def ensure(
    client: "OpenSearch", control: ControlTable, kind: str, shards: int = 1, replicas: int = 0
) -> tuple[Generation, ...]:
    """Return the active generations of a kind, each with its indexes; the first is made if there is none.

    An index that is named in the control table but gone (a new domain, a mistake) is made anew, empty. One that was
    made by an earlier version gets the fields that were added since. Safe when two run at once or one breaks off: an
    index is made before it is named, under a name that both would choose, and a second creation finds that it exists.
    """
    from opensearchpy.exceptions import RequestError  # noqa: PLC0415, cold start of those that only ask

    active = control.generations(kind)
    for generation in active or (FIRST[kind],):
        made_of = list(_indexes(kind, generation, shards, replicas))
        there = [index for index, _, _ in made_of if generation in active and client.indices.exists(index=index)]
        if 0 < len(there) < len(made_of):  # half of a pair is lost: what the other half says of it is no longer true
            client.indices.delete(index=there, params={"ignore_unavailable": "true"})
        for index, alias, body in made_of:
            made = body | {"aliases": {alias: {"filter": NOT_DELETED}} if generation.read else {}}
            try:
                client.indices.create(index=index, body=made, params={"wait_for_active_shards": "1"})
            except RequestError as error:
                if error.error != "resource_already_exists_exception":
                    raise
        if kind == OBJECTS:
            # Also before the first is named: an earlier version may have made its index, and broken off.
            _add_fields(client, generation.index, generation.mapping if active else 0)
    if not active:
        return control.add_generation(kind, FIRST[kind])
    # Only now that the fields are there do writers hear of them.
    return control.raise_mappings(kind, OBJECTS_VERSION) if kind == OBJECTS else active


def _add_fields(client: "OpenSearch", index: str, version: int) -> None:
    if fields := unknown_to(version):
        added = {name: OBJECT["properties"][name] for name in fields}
        meta = objects_index(1, 0)["mappings"]["_meta"]
        client.indices.put_mapping(index=index, body={"properties": added, "_meta": meta})


def _indexes(
    kind: str, generation: Generation, shards: int, replicas: int
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    if kind == OBJECTS:
        yield generation.index, OBJECTS_ALIAS, objects_index(shards, replicas)
    elif kind == READS:
        yield generation.index, READS_ALIAS, reads_index(shards, replicas)
    else:
        yield generation.index, PACKAGES_ALIAS, packages_index(shards, replicas)
        yield entries_of(generation.index), ENTRIES_ALIAS, entries_index(shards, replicas)
