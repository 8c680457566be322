"""Objects: what is known of one, its versions, what contains it, what is the same, and how often it was read."""

from typing import Annotated

from aws_lambda_powertools.event_handler import ALBResolver, Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from pydantic import BaseModel, Field

from bucketdex.api.answers import Answers
from bucketdex.api.fitting import answer
from bucketdex.api.openapi import told
from bucketdex.api.problems import Missing
from bucketdex.api.routes.parameters import MOST_BUCKET, MOST_KEY, Bucket, BucketPart, Cursor, Key, KeyPart, part
from bucketdex.api.told import KnownObjects
from bucketdex.errors import Permanent
from bucketdex.searching.containing import Containers
from bucketdex.searching.details import ObjectDetail, ObjectVersions
from bucketdex.searching.details.versions import MOST_VERSIONS
from bucketdex.searching.duplicates import MOST_OBJECTS, Duplicates
from bucketdex.searching.reads import MOST_DAYS, Asked, Readings


class Named(BaseModel):
    """An object by its bucket and key."""

    bucket: str = Field(min_length=1, max_length=MOST_BUCKET)
    key: str = Field(min_length=1, max_length=MOST_KEY)


def add_objects(app: ALBResolver, answers: Answers) -> None:
    """Add the routes."""

    @app.get(
        "/api/objects/<bucket>/<key>",
        operation_id="object",
        summary="An object",
        description="All that is indexed of an object, with the packages that contain it.",
        tags=["objects"],
        responses=told(ObjectDetail, "The object", 404),
    )
    def _object(bucket: BucketPart, key: KeyPart) -> Response[str]:
        where = _where(bucket, key)
        found = answers.object(*where)
        if found is None:
            raise Missing(f"nothing is indexed of s3://{where[0]}/{where[1]}")
        return answer(found)

    @app.get(
        "/api/objects/<bucket>/<key>/versions",
        operation_id="versions",
        summary="The versions of an object",
        description="What S3 keeps of an object, the newest first, delete markers among them.",
        tags=["objects"],
        responses=told(ObjectVersions, "Its versions; none where it never was", 404),
    )
    def _versions(
        bucket: BucketPart,
        key: KeyPart,
        cursor: Cursor = None,
        size: Annotated[int, Query(description="How many versions", ge=1, le=MOST_VERSIONS)] = MOST_VERSIONS,
    ) -> Response[str]:
        where = _where(bucket, key)
        found = answers.versions(*where, cursor or None, size)
        if found is None:
            raise Missing(f"there is no bucket {where[0]}, or you may not see it")
        return answer(found)

    @app.get(
        "/api/containing",
        operation_id="containing",
        summary="The packages that contain an object",
        description="The manifests that have an object among their entries, those of latest revisions first, "
        "at most 100; and how many were not looked at, as their entries are not searchable.",
        tags=["objects"],
        responses=told(Containers, "The packages"),
    )
    def _containing(
        bucket: Bucket,
        key: Key,
        version_id: Annotated[str | None, Query(description="Only this version", max_length=1024)] = None,
    ) -> Response[str]:
        return answer(answers.containing(bucket, key, version_id or None))

    @app.get(
        "/api/duplicates",
        operation_id="duplicates",
        summary="The objects with the same bytes",
        description="Other objects with the digests of one, at most 100.",
        tags=["objects"],
        responses=told(Duplicates, "The objects; `digests` is empty where none of the object is known"),
    )
    def _duplicates(bucket: Bucket, key: Key) -> Response[str]:
        return answer(answers.duplicates(bucket, key))

    @app.post(
        "/api/digests",
        operation_id="digests",
        summary="The digests of many objects",
        description="What is known of the bytes of up to 100 objects, of those that are indexed.",
        tags=["objects"],
        responses=told(KnownObjects, "What is known", 400, 415),
    )
    def _digests(
        objects: Annotated[list[Named], Body(description="Objects", min_length=1, max_length=MOST_OBJECTS)],
    ) -> Response[str]:
        return answer(KnownObjects(answers.digests([(it.bucket, it.key) for it in objects])))

    @app.get(
        "/api/reads",
        operation_id="reads",
        summary="How often something was read",
        description="The reads of an object (`key`), or of all in a folder (`prefix`, with its slash; empty: in the "
        "bucket), by day, as far as CloudTrail's log tells.",
        tags=["objects"],
        responses=told(Readings, "The reads"),
    )
    def _reads(
        bucket: Annotated[str, Query(description="The bucket", min_length=1, max_length=MOST_BUCKET)],
        key: Annotated[str | None, Query(description="An object's key", min_length=1, max_length=MOST_KEY)] = None,
        prefix: Annotated[str | None, Query(description="Or a folder, with its slash", max_length=MOST_KEY)] = None,
        days: Annotated[int, Query(description="How many days until today", ge=1, le=MOST_DAYS)] = MOST_DAYS,
    ) -> Response[str]:
        if (key is None) == (prefix is None):
            raise Permanent("key or prefix: one of them says what is asked for; an empty prefix is the whole bucket")
        return answer(answers.reads(Asked(bucket, key, prefix or "", days)))


def _where(bucket: str, key: str) -> tuple[str, str]:
    return part(bucket, MOST_BUCKET, "the bucket"), part(key, MOST_KEY, "the key")
