"""What can go wrong with packages and registries, told in one line: what, with which object, what to do next."""

from bucketdex.errors import Permanent


class PackageError(Permanent):
    """A package or a registry is not as it should be, or what was asked of it cannot be."""


class AbsentError(PackageError):
    """There is no such object, package or revision."""


class NoBucketError(AbsentError):
    """There is no such bucket."""


class NoPackageError(AbsentError):
    """There is no such package in the registry."""


class MovedError(PackageError):
    """An object is no longer the one that was seen: another writer was there first.

    Of a package that was pushed meanwhile: the top hash that the push was made from, and the one that is there now.
    """

    before: str | None = None
    now: str | None = None
