"""How registries and sources are named in calls."""

import os

from bucketdex.registry.storage import Storage, default_registry, storage_of

type Registry = str | os.PathLike[str] | Storage | None
type Source = str | os.PathLike[str]


def opened(registry: Registry) -> Storage:
    """Return the storage of a registry, the default one where none is named; raises `PackageError`."""
    if registry is None:
        return storage_of(default_registry())
    return storage_of(registry) if isinstance(registry, str | os.PathLike) else registry
