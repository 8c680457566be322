"""What can be asked of a registry without a package at hand."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bucketdex.registry import revisions
from bucketdex.registry.opening import Registry, opened
from bucketdex.registry.progress import Watch, unwatched
from bucketdex.registry.revisions import Revision

if TYPE_CHECKING:
    from bucketdex.registry.pushing.push import Pushed


def list_packages(registry: Registry = None) -> Iterator[str]:
    """Yield the handles of the packages in a registry, in order."""
    return revisions.packages(opened(registry))


def list_package_versions(handle: str, registry: Registry = None) -> list[Revision]:
    """Return the revisions of a package as (revision, top hash), oldest first, then `latest`.

    A revision is named by the Unix time at which it was made. Empty where there is no such package.
    """
    return revisions.revisions(opened(registry), handle)


def delete_package(handle: str, registry: Registry = None, top_hash: str | None = None) -> None:
    """Delete a package, or one revision of it, from the registry; its manifests and its data stay.

    If that was the latest revision, the newest one that is left becomes it. Raises `AbsentError`.
    """
    revisions.delete(opened(registry), handle, top_hash)


def copy_package(
    handle: str,
    source: Registry,
    destination: Registry,
    *,
    top_hash: str | None = None,
    copy: bool = False,
    force: bool = False,
    progress: Watch = unwatched,
) -> "Pushed":
    """Copy a revision of a package to another registry, under the same handle and the same top hash.

    Its data stay where they are, unless `copy`; files of this machine are put into the registry in any case.
    """
    from bucketdex.registry.pushing.copy import copy_package as copied  # noqa: PLC0415

    return copied(
        handle, opened(source), opened(destination), top_hash=top_hash, copy=copy, force=force, progress=progress
    )
