"""Settings, read once from the environment that the template fills; a missing or malformed one fails by its name."""

import os
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec


class SettingsError(Exception):
    """A setting is missing or malformed."""


class Queue(msgspec.Struct, frozen=True):
    """A queue that a function reads, and where it sets aside what cannot be processed."""

    url: str
    dead_letters_url: str

    @property
    def name(self) -> str:
        """The last part of the URL, as it ends the queue's ARN."""
        return self.url.rsplit("/", 1)[-1]


class OpenSearchSettings(msgspec.Struct, frozen=True):
    """Where the index is, and how to sign in to it."""

    url: str
    auth: Literal["iam", "none"] = "iam"


class ControlSettings(msgspec.Struct, frozen=True):
    """Where the control table is."""

    table: str


class IndexObjectsSettings(msgspec.Struct, frozen=True):
    """All that `index_objects` needs."""

    opensearch: OpenSearchSettings
    control: ControlSettings
    queues: tuple[Queue, ...]
    package_events_url: str
    hash_requests_url: str
    max_receives: int
    s3_concurrency: int = 16


class IndexPackagesSettings(msgspec.Struct, frozen=True):
    """All that `index_packages` needs."""

    opensearch: OpenSearchSettings
    control: ControlSettings
    queue: Queue
    max_receives: int
    s3_concurrency: int = 16


class HashObjectsSettings(msgspec.Struct, frozen=True):
    """All that `hash_objects` needs.

    `whole_bytes`: larger objects are hashed by ranges, whatever the time left; 0: the measured rate alone decides.
    `range_bytes`: how long a range is, in whole chunks; 0: it follows from the size.
    """

    control: ControlSettings
    queue: Queue
    bulk_events_url: str
    state_machine_arn: str
    max_receives: int
    whole_bytes: int = 0
    range_bytes: int = 0
    s3_concurrency: int = 8


class HashRangesSettings(msgspec.Struct, frozen=True):
    """All that `hash_ranges` needs."""

    control: ControlSettings
    bulk_events_url: str
    dead_letters_url: str
    s3_concurrency: int = 8


class ReadTrailSettings(msgspec.Struct, frozen=True):
    """All that `read_trail` needs.

    `delay_seconds`: how old what is told has to be before it is looked at. `identities`: what is kept of who made a
    call. `own_roles`: the ARNs of the roles whose reads are not counted.
    """

    opensearch: OpenSearchSettings
    control: ControlSettings
    queue: Queue
    bulk_events_url: str
    max_receives: int
    delay_seconds: Annotated[int, msgspec.Meta(ge=0, le=900)] = 300  # SQS knows no longer one
    identities: Literal["full", "principal", "none"] = "principal"
    own_roles: tuple[str, ...] = ()
    s3_concurrency: int = 16


class CheckBucketsSettings(msgspec.Struct, frozen=True):
    """All that `check_buckets` needs; `object_events_url` is where notifications should go."""

    opensearch: OpenSearchSettings
    control: ControlSettings
    bulk_events_url: str
    object_events_url: str


class SearchApiSettings(msgspec.Struct, frozen=True):
    """All that `search_api` needs; `queues` are those whose depths and dead letters are told."""

    opensearch: OpenSearchSettings
    control: ControlSettings
    queues: tuple[Queue, ...]
    cors_origins: tuple[str, ...] = ()


class CatalogSettings(msgspec.Struct, frozen=True):
    """All that `catalog` needs; `queues` are those whose depths and dead letters are told."""

    opensearch: OpenSearchSettings
    control: ControlSettings
    queues: tuple[Queue, ...]


QUEUES = ("OBJECT_EVENTS", "BULK_EVENTS", "PACKAGE_EVENTS", "HASH_REQUESTS", "TRAIL_FILES")


def opensearch(env: Mapping[str, str] = os.environ) -> OpenSearchSettings:
    """Return the settings of the index."""
    return _checked(
        OpenSearchSettings,
        url=_required(env, "BUCKETDEX_OPENSEARCH_URL"),
        auth=env.get("BUCKETDEX_OPENSEARCH_AUTH", "iam"),
    )


def control(env: Mapping[str, str] = os.environ) -> ControlSettings:
    """Return the settings of the control table."""
    return ControlSettings(table=_required(env, "BUCKETDEX_CONTROL_TABLE"))


def index_objects(env: Mapping[str, str] = os.environ) -> IndexObjectsSettings:
    """Return the settings of the function `index_objects`."""
    return _checked(
        IndexObjectsSettings,
        queues=[_queue(env, name) for name in ("OBJECT_EVENTS", "BULK_EVENTS")],
        package_events_url=_required(env, "BUCKETDEX_PACKAGE_EVENTS_URL"),
        hash_requests_url=_required(env, "BUCKETDEX_HASH_REQUESTS_URL"),
        **_of_an_indexer(env),
    )


def index_packages(env: Mapping[str, str] = os.environ) -> IndexPackagesSettings:
    """Return the settings of the function `index_packages`."""
    return _checked(IndexPackagesSettings, queue=_queue(env, "PACKAGE_EVENTS"), **_of_an_indexer(env))


def hash_objects(env: Mapping[str, str] = os.environ) -> HashObjectsSettings:
    """Return the settings of the function `hash_objects`."""
    return _checked(
        HashObjectsSettings,
        queue=_queue(env, "HASH_REQUESTS"),
        state_machine_arn=_required(env, "BUCKETDEX_HASH_STATE_MACHINE_ARN"),
        max_receives=_required(env, "BUCKETDEX_MAX_RECEIVES"),
        whole_bytes=env.get("BUCKETDEX_HASH_WHOLE_BYTES", "0"),
        range_bytes=env.get("BUCKETDEX_HASH_RANGE_BYTES", "0"),
        **_of_a_hasher(env),
    )


def hash_ranges(env: Mapping[str, str] = os.environ) -> HashRangesSettings:
    """Return the settings of the function `hash_ranges`."""
    return _checked(
        HashRangesSettings,
        dead_letters_url=_required(env, "BUCKETDEX_HASH_REQUESTS_DEAD_LETTERS_URL"),
        **_of_a_hasher(env),
    )


def read_trail(env: Mapping[str, str] = os.environ) -> ReadTrailSettings:
    """Return the settings of the function `read_trail`."""
    return _checked(
        ReadTrailSettings,
        queue=_queue(env, "TRAIL_FILES"),
        bulk_events_url=_required(env, "BUCKETDEX_BULK_EVENTS_URL"),
        delay_seconds=env.get("BUCKETDEX_TRAIL_DELAY_SECONDS", "300"),
        identities=env.get("BUCKETDEX_TRAIL_IDENTITIES", "principal"),
        own_roles=[arn for arn in env.get("BUCKETDEX_OWN_ROLE_ARNS", "").split(",") if arn],
        **_of_an_indexer(env),
    )


def check_buckets(env: Mapping[str, str] = os.environ) -> CheckBucketsSettings:
    """Return the settings of the function `check_buckets`."""
    return CheckBucketsSettings(
        opensearch=opensearch(env),
        control=control(env),
        bulk_events_url=_required(env, "BUCKETDEX_BULK_EVENTS_URL"),
        object_events_url=_required(env, "BUCKETDEX_OBJECT_EVENTS_URL"),
    )


def search_api(env: Mapping[str, str] = os.environ) -> SearchApiSettings:
    """Return the settings of the function `search_api`."""
    origins = (origin.strip() for origin in env.get("BUCKETDEX_CORS_ORIGINS", "").split(","))
    return SearchApiSettings(
        opensearch(env),
        control(env),
        tuple(Queue(**_queue(env, name)) for name in QUEUES),
        tuple(origin for origin in origins if origin),
    )


def catalog(env: Mapping[str, str] = os.environ) -> CatalogSettings:
    """Return the settings of the function `catalog`."""
    return CatalogSettings(opensearch(env), control(env), tuple(Queue(**_queue(env, name)) for name in QUEUES))


def _of_a_hasher(env: Mapping[str, str]) -> dict[str, Any]:
    return {
        "control": msgspec.to_builtins(control(env)),
        "bulk_events_url": _required(env, "BUCKETDEX_BULK_EVENTS_URL"),
        "s3_concurrency": env.get("BUCKETDEX_S3_CONCURRENCY", "8"),
    }


def _of_an_indexer(env: Mapping[str, str]) -> dict[str, Any]:
    return {
        "opensearch": msgspec.to_builtins(opensearch(env)),
        "control": msgspec.to_builtins(control(env)),
        "max_receives": _required(env, "BUCKETDEX_MAX_RECEIVES"),
        "s3_concurrency": env.get("BUCKETDEX_S3_CONCURRENCY", "16"),
    }


def _queue(env: Mapping[str, str], name: str) -> dict[str, str]:
    return {
        "url": _required(env, f"BUCKETDEX_{name}_URL"),
        "dead_letters_url": _required(env, f"BUCKETDEX_{name}_DEAD_LETTERS_URL"),
    }


def _required(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "")
    if not value:
        raise SettingsError(f"the environment variable {name} is not set; the template sets it for each function")
    return value


def _checked[T](kind: type[T], **values: Any) -> T:
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(f"the environment gives {kind.__name__} a value it cannot take: {error}") from error
