"""Who answers what the API is asked: functions of the domains, each with who asks and what it needs."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import msgspec

from bucketdex.api.connected import having
from bucketdex.errors import Permanent
from bucketdex.health.told import Health
from bucketdex.searching import answering, containing, details, duplicates, reads
from bucketdex.searching.containing import Containers
from bucketdex.searching.details import (
    EntryList,
    Folder,
    ObjectDetail,
    ObjectVersions,
    PackageDetail,
    PackageList,
    RevisionList,
)
from bucketdex.searching.duplicates import Duplicates, Known
from bucketdex.searching.facets import Facets, facets
from bucketdex.searching.hits import Answer
from bucketdex.searching.language.mistakes import QuerySyntaxError
from bucketdex.searching.question import Kind, Question
from bucketdex.searching.reads import Asked, Readings
from bucketdex.searching.suggesting.told import Suggestions
from bucketdex.searching.viewer import Viewer

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from opensearchpy import OpenSearch


@dataclass(frozen=True)
class Edges:
    """What is reached outside, each made when it is first needed; `viewer` tells who asks, and `health` how all is."""

    opensearch: Callable[[], "OpenSearch"]
    s3: Callable[[], "S3Client"]
    viewer: Callable[[], Viewer]
    health: Callable[[Viewer], Health]
    today: Callable[[], date]


class FacetsAsked(msgspec.Struct, frozen=True):
    """A search, and which of its facets are told; none: the usual ones."""

    text: str
    kinds: tuple[Kind, ...]
    buckets: tuple[str, ...]
    wanted: tuple[str, ...]
    size: int


@dataclass(frozen=True)
class Answers:
    """What can be asked. Whoever asks for what they may not see hears that it is not there.

    A search or facets of a bucket that is not there raise `Permanent`.
    """

    search: Callable[[Question], Answer]
    did_you_mean: Callable[[Question], str | None]
    suggest: Callable[[str, int], Suggestions]
    facets: Callable[[FacetsAsked], Facets]
    object: Callable[[str, str], ObjectDetail | None]
    versions: Callable[[str, str, str | None, int], ObjectVersions | None]
    containing: Callable[[str, str, str | None], Containers]
    duplicates: Callable[[str, str], Duplicates]
    digests: Callable[[list[tuple[str, str]]], list[Known]]
    reads: Callable[[Asked], Readings]
    packages: Callable[[str, str | None, str | None, int], PackageList]
    package: Callable[[str, str | None, str | None], PackageDetail | None]
    revisions: Callable[[str, str, str | None, int], RevisionList]
    entries: Callable[[str, str, str, str | None, int], EntryList]
    folder: Callable[[str, str, str, str | None, int], Folder]
    status: Callable[[], Health]


def answers_of(edges: Edges) -> Answers:
    """Return who answers, with these edges."""

    def completed(text: str, size: int) -> Suggestions:
        from bucketdex.searching.suggesting import suggest  # noqa: PLC0415, cold start of those that search

        return suggest(edges.opensearch(), edges.viewer(), text, size)

    def found(question: Question) -> Answer:
        viewer = having(edges.viewer(), question.buckets)
        try:
            return answering.search(edges.opensearch(), viewer, question)
        except QuerySyntaxError as error:
            from bucketdex.searching.suggesting import better  # noqa: PLC0415, as above

            raise better(edges.opensearch(), viewer, question.text, error) from None

    def meant(question: Question) -> str | None:
        from bucketdex.searching.suggesting import did_you_mean  # noqa: PLC0415, as above

        try:
            return did_you_mean(
                edges.opensearch(), edges.viewer(), question.text, kinds=question.kinds, buckets=question.buckets
            )
        except Permanent:  # there is no other way to say this, as OpenSearch sees it
            return None

    def counted(asked: FacetsAsked) -> Facets:
        chosen = {"wanted": asked.wanted} if asked.wanted else {}
        return facets(
            edges.opensearch(), having(edges.viewer(), asked.buckets), asked.text,
            kinds=asked.kinds, buckets=asked.buckets, size=asked.size, **chosen,
        )  # fmt: skip

    def versions(bucket: str, key: str, cursor: str | None, size: int) -> ObjectVersions | None:
        if bucket not in edges.viewer().buckets:
            return None
        return details.versions(edges.s3(), bucket, key, cursor, size)

    def asked[T](told: Callable[..., T]) -> Callable[..., T]:
        return lambda *question: told(edges.opensearch(), edges.viewer(), *question)

    return Answers(
        search=found,
        did_you_mean=meant,
        suggest=completed,
        facets=counted,
        object=asked(details.object_told),
        versions=versions,
        containing=asked(containing.containing),
        duplicates=asked(duplicates.duplicates),
        digests=asked(duplicates.known),
        reads=lambda it: reads.reads(edges.opensearch(), edges.viewer(), it, edges.today()),
        packages=asked(details.packages_told),
        package=asked(details.package_told),
        revisions=asked(details.revisions_told),
        entries=asked(details.entries_told),
        folder=asked(details.folder_told),
        status=lambda: edges.health(edges.viewer()),
    )
