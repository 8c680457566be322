"""A revision of a package copied from one registry to another."""

from bucketdex.registry.package import Package
from bucketdex.registry.progress import Watch, unwatched
from bucketdex.registry.pushing.push import Pushed, push
from bucketdex.registry.storage import Storage


def copy_package(
    handle: str,
    source: Storage,
    destination: Storage,
    *,
    top_hash: str | None = None,
    copy: bool = False,
    force: bool = False,
    progress: Watch = unwatched,
) -> Pushed:
    """Copy a revision: its header stays as it is, so the top hash does too.

    Only where the destination has workflows of its own, the header says that those were applied.
    """
    package = Package.browse(handle, source, top_hash)
    package.origin = None  # what the destination has now is what this one follows
    return push(package, handle, destination, package.message, as_it_is=True, force=force, copy=copy, progress=progress)
