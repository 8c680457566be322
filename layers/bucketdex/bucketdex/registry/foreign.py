"""Files of other machines' disks, which a manifest in a bucket may name. Here that is another file, or none."""

from bucketdex.registry.errors import PackageError


class Foreign(str):
    """The `file://` address that a manifest in a bucket gives; it is shown, and never read."""

    __slots__ = ()


def refuse_foreign(address: str) -> None:
    """Raise `PackageError` where an address is a file of another machine."""
    if isinstance(address, Foreign):
        raise PackageError(
            f"{address} is a file on the disk of who pushed the package; ask for it to be pushed with its data, or set "
            "the entry anew"
        )
