"""Every address of the catalog is made here."""

from bucketdex.catalog import routing
from bucketdex.catalog.routing import address


def home() -> str:
    """Return the address of the first page."""
    return routing.HOME


def search(query: str = "", sort: str = "", cursor: str = "", start: int = 0, opened: str = "") -> str:
    """Return the address of a search; `cursor` is where its page begins, and `start` how many came before.

    `opened` is the facet that is told with all of its values.
    """
    asked = [("q", query)] if query else []
    asked += [("sort", sort)] if sort not in ("", "relevance") else []
    asked += [("cursor", cursor), ("start", str(start))] if cursor else []
    asked += [("facet", opened)] if opened else []
    return address(routing.SEARCH, asked)


def bucket(name: str) -> str:
    """Return the address of a bucket."""
    return address(routing.BUCKET, bucket=name)


def folder(bucket: str, prefix: str = "", after: str = "") -> str:
    """Return the address of a folder of a bucket, whose prefix ends with a slash; `after` is where its page begins."""
    return address(routing.FOLDER, [("after", after)] if after else (), bucket=bucket, prefix=prefix)


def object(bucket: str, key: str, version: str | None = None, versions: str = "") -> str:  # noqa: A001, what it is called
    """Return the address of an object, or of a version of it; `versions` is where the list of them begins."""
    asked = [*_version(version), ("versions", versions)] if versions else _version(version)
    return address(routing.OBJECT, asked, bucket=bucket, key=key)


def raw(bucket: str, key: str, version: str | None = None) -> str:
    """Return the address of an object's bytes, to be shown inside a page."""
    return address(routing.RAW, _version(version), bucket=bucket, key=key)


def download(bucket: str, key: str, version: str | None = None) -> str:
    """Return the address that leads to an object's bytes, to be saved."""
    return address(routing.DOWNLOAD, _version(version), bucket=bucket, key=key)


def packages(query: str = "", registry: str = "", cursor: str = "", start: int = 0) -> str:
    """Return the address of the list of packages, of those that are found by a query, in a registry."""
    asked = [(name, value) for name, value in (("q", query), ("registry", registry)) if value]
    asked += [("cursor", cursor), ("start", str(start))] if cursor else []
    return address(routing.PACKAGES, asked)


def package(registry: str, handle: str, top_hash: str | None = None, revisions: str = "") -> str:
    """Return the address of a package (its latest revision), or of a revision; `revisions`: where their list begins."""
    author, _, name = handle.partition("/")
    asked = [("revisions", revisions)] if revisions else []
    if top_hash is None:
        return address(routing.PACKAGE, asked, registry=registry, author=author, name=name)
    return address(routing.REVISION, asked, registry=registry, author=author, name=name, top_hash=top_hash)


def package_folder(registry: str, handle: str, top_hash: str, path: str = "", after: str = "") -> str:
    """Return the address of a folder of logical keys of a revision; `path` ends with a slash, or is empty."""
    author, _, name = handle.partition("/")
    asked = [("after", after)] if after else []
    parts = {"registry": registry, "author": author, "name": name, "top_hash": top_hash, "path": path}
    return address(routing.REVISION_FOLDER, asked, **parts)


def diff(registry: str, handle: str, old: str = "", new: str = "") -> str:
    """Return the address of what changed between two revisions, by their top hashes."""
    author, _, name = handle.partition("/")
    asked = [(key, value) for key, value in (("from", old), ("to", new)) if value]
    return address(routing.DIFF, asked, registry=registry, author=author, name=name)


def status() -> str:
    """Return the address of how the stack is."""
    return routing.STATUS


def help() -> str:  # noqa: A001, what it is called
    """Return the address of the page on the query language."""
    return routing.HELP


def static(digest: str, name: str) -> str:
    """Return the address of a file of the catalog's own, which never changes."""
    return address(routing.STATIC, digest=digest, name=name)


def _version(version: str | None) -> list[tuple[str, str]]:
    return [] if version is None else [("version", version)]
