"""bucketdex: the search index and catalog for data kept in Amazon S3.

From Python it searches: `bucketdex.search`; and builds, reads and compares data packages: `bucketdex.Package`,
`list_packages`, `list_package_versions`, `delete_package`, `copy_package`. They are imported when they are first used,
as a function in Lambda needs none.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bucketdex.client.errors import QueryError, SearchError
    from bucketdex.client.search import search
    from bucketdex.registry.api import copy_package, delete_package, list_package_versions, list_packages
    from bucketdex.registry.errors import AbsentError, MovedError, PackageError
    from bucketdex.registry.loading import UnverifiedWarning
    from bucketdex.registry.package import Package

__all__ = [
    "AbsentError", "MovedError", "Package", "PackageError", "QueryError", "SearchError", "UnverifiedWarning",
    "copy_package", "delete_package", "list_package_versions", "list_packages", "search",
]  # fmt: skip
__version__ = "0.1.0"

_ERRORS = ("AbsentError", "MovedError", "PackageError")
_PLACES = (
    dict.fromkeys(__all__, "bucketdex.registry.api")
    | dict.fromkeys(_ERRORS, "bucketdex.registry.errors")
    | dict.fromkeys(("QueryError", "SearchError"), "bucketdex.client.errors")
    | {"search": "bucketdex.client.search"}
    | {"Package": "bucketdex.registry.package", "UnverifiedWarning": "bucketdex.registry.loading"}
)


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'bucketdex' has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
