"""Generations of the index: each kind is read through an alias that hides tombstones, and written by index name.

Only connecting the first bucket makes an index (and later a rebuild); `auto_create_index` is off, so that a typing
error or a lost index is an error and not a guessed mapping.
"""

from typing import TYPE_CHECKING

from opensearchpy.exceptions import RequestError

from bucketdex.control import ControlTable, Generation
from bucketdex.index.mappings import OBJECTS_VERSION, objects_index

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

OBJECTS = "objects"
OBJECTS_ALIAS = "bucketdex-objects"
NOT_DELETED = {"bool": {"must_not": {"term": {"deleted": True}}}}


def ensure_objects(
    client: "OpenSearch", control: ControlTable, shards: int = 1, replicas: int = 0
) -> tuple[Generation, ...]:
    """Return the active generations of `objects`, each with its index; the first is made if there is none.

    An index that is named in the control table but gone (a new domain, a mistake) is made anew, empty. Safe when two
    run at once or one breaks off: an index is made before it is named, under a name that both would choose, and a
    second creation finds that it exists.
    """
    first = Generation(index=f"{OBJECTS_ALIAS}-v{OBJECTS_VERSION}-1", mapping=OBJECTS_VERSION)
    active = control.generations(OBJECTS)
    for generation in active or (first,):
        aliases = {OBJECTS_ALIAS: {"filter": NOT_DELETED}} if generation.read else {}
        body = objects_index(shards, replicas) | {"aliases": aliases}
        try:
            client.indices.create(index=generation.index, body=body, params={"wait_for_active_shards": "1"})
        except RequestError as error:
            if error.error != "resource_already_exists_exception":
                raise
    return active or control.add_generation(OBJECTS, first)
