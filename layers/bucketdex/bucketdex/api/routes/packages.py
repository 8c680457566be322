"""Packages: which there are, what one is, its revisions, and what is in one of them."""

from typing import Annotated

import msgspec
from aws_lambda_powertools.event_handler import ALBResolver, Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from bucketdex.api.answers import Answers
from bucketdex.api.fitting import answer, fitting
from bucketdex.api.openapi import told
from bucketdex.api.problems import Missing
from bucketdex.api.routes.parameters import (
    MOST_BUCKET,
    MOST_KEY,
    Author,
    Cursor,
    Name,
    Registry,
    Text,
    TopHash,
    handle,
    part,
)
from bucketdex.api.told import Package
from bucketdex.errors import Permanent
from bucketdex.searching.details import EntryList, Folder, PackageDetail, PackageList
from bucketdex.searching.details.entries import MOST_ENTRIES
from bucketdex.searching.details.folders import MOST_ITEMS
from bucketdex.searching.details.packages import MOST_PACKAGES, MOST_REVISIONS

Prefix = Annotated[str, Query(description="Only what is below this logical key", max_length=MOST_KEY)]
InFolder = Annotated[str, Query(description="A folder with its slash; empty: the top", max_length=MOST_KEY)]


def add_packages(app: ALBResolver, answers: Answers) -> None:
    """Add the routes."""

    @app.get(
        "/api/packages",
        operation_id="packages",
        summary="Packages",
        description="The packages that a query finds, the best first; without one all of them, the newest first.",
        tags=["packages"],
        responses=told(PackageList, "The packages, each by its latest revision", 410),
    )
    def _packages(
        q: Text = "",
        registry: Annotated[str | None, Query(description="Only of this registry", max_length=MOST_BUCKET)] = None,
        bucket: Annotated[
            str | None,
            Query(description="As `registry`, which it was called first", max_length=MOST_BUCKET, deprecated=True),
        ] = None,
        cursor: Cursor = None,
        size: Annotated[int, Query(description="How many packages", ge=1, le=MOST_PACKAGES)] = 20,
    ) -> Response[str]:
        if registry and bucket and registry != bucket:
            raise Permanent(
                f"registry is {registry}, and bucket {bucket}: they are the same, so give the registry only"
            )
        of = registry or bucket or None
        return answer(fitting(lambda size: answers.packages(q, of, cursor or None, size), size))

    @app.get(
        "/api/packages/<author>/<name>",
        operation_id="package",
        summary="A package",
        description="The latest revision of a package, and all revisions that it had, the newest first.",
        tags=["packages"],
        responses=told(Package, "The package", 404),
    )
    def _package(
        author: Author,
        name: Name,
        registry: Registry = None,
        cursor: Cursor = None,
        size: Annotated[int, Query(description="How many revisions", ge=1, le=MOST_REVISIONS)] = 20,
    ) -> Response[str]:
        it = _found(answers, handle(author, name), registry, None)
        them = fitting(lambda size: answers.revisions(it.handle, it.registry, cursor or None, size), size)
        return answer(Package(it, them.total, them.revisions, them.cursor))

    @app.get(
        "/api/packages/<author>/<name>/<top_hash>",
        operation_id="revision",
        summary="A revision of a package",
        tags=["packages"],
        responses=told(PackageDetail, "The revision", 404),
    )
    def _revision(author: Author, name: Name, top_hash: TopHash, registry: Registry = None) -> Response[str]:
        return answer(_found(answers, handle(author, name), registry, top_hash))

    @app.get(
        "/api/packages/<author>/<name>/<top_hash>/entries",
        operation_id="entries",
        summary="The entries of a revision",
        description="Its files, by logical key, as far as they are searchable: of an older revision mostly none, which "
        "`searchable` says.",
        tags=["packages"],
        responses=told(EntryList, "The entries", 404),
    )
    def _entries(
        author: Author,
        name: Name,
        top_hash: TopHash,
        registry: Registry = None,
        prefix: Prefix = "",
        cursor: Cursor = None,
        size: Annotated[int, Query(description="How many entries", ge=1, le=MOST_ENTRIES)] = 100,
    ) -> Response[str]:
        it = _found(answers, handle(author, name), registry, top_hash)
        them = fitting(lambda size: answers.entries(it.registry, it.top_hash, prefix, cursor or None, size), size)
        return answer(msgspec.structs.replace(them, searchable=it.searchable))

    @app.get(
        "/api/packages/<author>/<name>/<top_hash>/folder",
        operation_id="folder",
        summary="One level of the tree of a revision",
        description="The files and folders right in a folder, with how much is in those, as far as they are "
        "searchable, which `searchable` says.",
        tags=["packages"],
        responses=told(Folder, "What is in the folder", 404),
    )
    def _folder(
        author: Author,
        name: Name,
        top_hash: TopHash,
        registry: Registry = None,
        prefix: InFolder = "",
        cursor: Cursor = None,
        size: Annotated[int, Query(description="How many files and folders", ge=1, le=MOST_ITEMS)] = MOST_ITEMS,
    ) -> Response[str]:
        it = _found(answers, handle(author, name), registry, top_hash)
        them = fitting(lambda size: answers.folder(it.registry, it.top_hash, prefix, cursor or None, size), size)
        return answer(msgspec.structs.replace(them, searchable=it.searchable))


def _found(answers: Answers, named: str, registry: str | None, top_hash: str | None) -> PackageDetail:
    wanted = part(top_hash, MOST_BUCKET, "the top hash") if top_hash else None
    found = answers.package(named, registry or None, wanted)
    if found is None:
        of_hash = f" at {wanted}" if wanted else ""
        in_registry = f" in {registry}" if registry else ""
        raise Missing(f"there is no package {named}{of_hash}{in_registry}, or you may not see it")
    return found
