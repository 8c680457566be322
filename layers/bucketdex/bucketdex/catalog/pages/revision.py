"""A revision of a package, or a folder of it."""

from bucketdex.catalog import links
from bucketdex.catalog.answers import NotFound, Page
from bucketdex.catalog.beside import beside
from bucketdex.catalog.edges import Edges
from bucketdex.catalog.packages import shown
from bucketdex.catalog.packages.contents import Contents, contents_of
from bucketdex.catalog.packages.manifests import header_of
from bucketdex.catalog.packages.pieces import Making, Pieces
from bucketdex.errors import Fault
from bucketdex.http import Request
from bucketdex.manifest.layout import LATEST
from bucketdex.searching.details import Folder, PackageDetail, package_told, revisions_told

REVISIONS = 20  # of a page


def page(request: Request, edges: Edges, registry: str, author: str, name: str, top_hash: str, path: str = "") -> Page:
    """Show a revision, the latest without a top hash; with a path a folder of it."""
    edges.bucket(registry)
    handle = f"{author}/{name}"
    package = package_told(edges.opensearch, edges.viewer, handle, registry, top_hash or LATEST)
    if package is None:
        which = f" with a top hash that begins with {top_hash}" if top_hash and top_hash != LATEST else ""
        raise NotFound(f"There is no package {handle}{which} in s3://{registry}, or the index does not have it yet.")
    if path:
        return _folder(request, edges, package, path if path.endswith("/") else f"{path}/")
    return _revision(request, edges, package)


def _folder(request: Request, edges: Edges, package: PackageDetail, path: str) -> Page:
    contents = contents_of(edges, package)
    after = request.one("after")
    folder = contents.folder(path, after)
    if not after and not folder.folders and not folder.files:
        raise NotFound(f"There is nothing in {path} of {package.handle}@{package.top_hash[: shown.SHORT]}")
    return Page("package_folder.html", {
        "title": path.rstrip("/").rpartition("/")[2] or path,
        "package": package,
        "short": package.top_hash[: shown.SHORT],
        "steps": shown.crumbs(package.registry, package.handle, path, package.top_hash),
    } | _tree(edges, package, contents, folder, after))  # fmt: skip


def _revision(request: Request, edges: Edges, package: PackageDetail) -> Page:
    client, s3, viewer, cursor = edges.opensearch, edges.s3, edges.viewer, request.one("revisions")
    registry, handle, after = package.registry, package.handle, request.one("after")
    with beside() as requests:
        asked_header = requests.begin(header_of, s3, registry, package.top_hash)
        asked_revisions = requests.begin(revisions_told, client, viewer, handle, registry, cursor or None, REVISIONS)
        contents = contents_of(edges, package)
        asked_folder = requests.begin(contents.folder, "", after)
        pieces = _pieces(Making(edges, package, contents, requests), requests.missing)
        header, folder = requests.told(asked_header), requests.told(asked_folder)
        revisions = requests.told(asked_revisions)
    told = shown.steps(revisions.revisions, package) if revisions else []
    more = revisions.cursor if revisions else None
    own = None if package.latest else package.top_hash
    return Page("package.html", {
        "title": handle,
        "package": package,
        "short": package.top_hash[: shown.SHORT],
        "steps": shown.crumbs(registry, handle),
        "verified": shown.VERIFIED[package.verified],
        "missing": requests.missing,
        "pieces": pieces,
        "metadata": shown.metadata_tree(header),
        "metadata_list": shown.metadata_list(package),
        "workflow": shown.workflow(header, package),
        "revisions": told,
        "revision_count": revisions.total if revisions else 0,
        "first_revisions": links.package(registry, handle, own) if cursor else "",
        "more_revisions": links.package(registry, handle, own, more) if more else "",
        "snippets": shown.snippets(package),
    } | _tree(edges, package, contents, folder or Folder("", (), ()), after), image_origins=pieces.origins)  # fmt: skip


def _pieces(making: Making, missing: list[str]) -> Pieces:
    try:
        return making.pieces()
    except Fault as fault:
        missing.append(fault.for_asker)
        return Pieces()


def _tree(edges: Edges, package: PackageDetail, contents: Contents, folder: Folder, after: str) -> dict[str, object]:
    at = (package.registry, package.handle, package.top_hash, folder.prefix)
    of_all = links.package(*at[:3])
    return {
        "rows": shown.rows(folder, package, edges.viewer.buckets),
        "note": contents.note,
        "first": (links.package_folder(*at) if folder.prefix else of_all) if after else "",
        "next": links.package_folder(*at, folder.cursor) if folder.cursor else "",
    }
