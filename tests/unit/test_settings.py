"""Settings come from the environment that the template fills."""

import pytest

from bucketdex.aws import settings

ENV = {
    "BUCKETDEX_OPENSEARCH_URL": "http://127.0.0.1:9200",
    "BUCKETDEX_OPENSEARCH_AUTH": "none",
    "BUCKETDEX_CONTROL_TABLE": "control",
    "BUCKETDEX_OBJECT_EVENTS_URL": "https://sqs/1/ObjectEvents",
    "BUCKETDEX_OBJECT_EVENTS_DEAD_LETTERS_URL": "https://sqs/1/ObjectEventsDeadLetters",
    "BUCKETDEX_BULK_EVENTS_URL": "https://sqs/1/BulkEvents",
    "BUCKETDEX_BULK_EVENTS_DEAD_LETTERS_URL": "https://sqs/1/BulkEventsDeadLetters",
    "BUCKETDEX_PACKAGE_EVENTS_URL": "https://sqs/1/PackageEvents",
    "BUCKETDEX_PACKAGE_EVENTS_DEAD_LETTERS_URL": "https://sqs/1/PackageEventsDeadLetters",
    "BUCKETDEX_HASH_REQUESTS_URL": "https://sqs/1/HashRequests",
    "BUCKETDEX_HASH_REQUESTS_DEAD_LETTERS_URL": "https://sqs/1/HashRequestsDeadLetters",
    "BUCKETDEX_HASH_STATE_MACHINE_ARN": "arn:aws:states:us-east-1:1:stateMachine:HashHugeObject",
    "BUCKETDEX_TRAIL_FILES_URL": "https://sqs/1/TrailFiles",
    "BUCKETDEX_TRAIL_FILES_DEAD_LETTERS_URL": "https://sqs/1/TrailFilesDeadLetters",
    "BUCKETDEX_MAX_RECEIVES": "100",
}


def test_settings_are_typed():
    given = settings.index_objects(ENV)
    assert given.max_receives == 100 and given.s3_concurrency == 16 and given.opensearch.auth == "none"
    assert [queue.name for queue in given.queues] == ["ObjectEvents", "BulkEvents"]


def test_those_of_packages_too():
    given = settings.index_packages(ENV)
    assert given.queue.name == "PackageEvents" and given.queue.dead_letters_url.endswith("PackageEventsDeadLetters")
    with pytest.raises(settings.SettingsError, match="PACKAGE_EVENTS_DEAD_LETTERS_URL is not set"):
        settings.index_packages(ENV | {"BUCKETDEX_PACKAGE_EVENTS_DEAD_LETTERS_URL": ""})


def test_those_of_hashing_too():
    given = settings.hash_objects(ENV | {"BUCKETDEX_HASH_WHOLE_BYTES": "100", "BUCKETDEX_S3_CONCURRENCY": "3"})
    assert (given.queue.name, given.whole_bytes, given.range_bytes, given.s3_concurrency) == ("HashRequests", 100, 0, 3)
    assert settings.hash_ranges(ENV).dead_letters_url == given.queue.dead_letters_url
    with pytest.raises(settings.SettingsError, match="HASH_STATE_MACHINE_ARN is not set"):
        settings.hash_objects(ENV | {"BUCKETDEX_HASH_STATE_MACHINE_ARN": ""})
    with pytest.raises(settings.SettingsError, match="HASH_REQUESTS_DEAD_LETTERS_URL is not set"):
        settings.hash_ranges(ENV | {"BUCKETDEX_HASH_REQUESTS_DEAD_LETTERS_URL": ""})


def test_those_of_the_trail_too():
    given = settings.read_trail(ENV)
    assert (given.queue.name, given.delay_seconds, given.identities, given.own_roles) == (
        "TrailFiles", 300, "principal", (),
    )  # fmt: skip
    roles = ("arn:aws:iam::1:role/a", "arn:aws:iam::1:role/b")
    told = {
        "BUCKETDEX_TRAIL_DELAY_SECONDS": "0",
        "BUCKETDEX_TRAIL_IDENTITIES": "none",
        "BUCKETDEX_OWN_ROLE_ARNS": ",".join(roles),
    }
    given = settings.read_trail(ENV | told)
    assert (given.delay_seconds, given.identities, given.own_roles) == (0, "none", roles)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("TRAIL_FILES_URL", "", "BUCKETDEX_TRAIL_FILES_URL is not set"),
        ("TRAIL_FILES_DEAD_LETTERS_URL", "", "BUCKETDEX_TRAIL_FILES_DEAD_LETTERS_URL is not set"),
        ("BULK_EVENTS_URL", "", "BUCKETDEX_BULK_EVENTS_URL is not set"),
        ("MAX_RECEIVES", "", "BUCKETDEX_MAX_RECEIVES is not set"),
        ("TRAIL_DELAY_SECONDS", "901", "delay_seconds"),
        ("TRAIL_DELAY_SECONDS", "-1", "delay_seconds"),
        ("TRAIL_DELAY_SECONDS", "soon", "delay_seconds"),
        ("TRAIL_IDENTITIES", "names", "identities"),
    ],
)
def test_one_of_the_trail_that_cannot_be_is_named(name, value, said):
    with pytest.raises(settings.SettingsError, match=said):
        settings.read_trail(ENV | {f"BUCKETDEX_{name}": value})


def test_those_of_checks_too():
    given = settings.check_buckets(ENV)
    assert given.bulk_events_url.endswith("/BulkEvents") and given.object_events_url.endswith("/ObjectEvents")
    for name in ("BULK_EVENTS_URL", "OBJECT_EVENTS_URL", "CONTROL_TABLE", "OPENSEARCH_URL"):
        with pytest.raises(settings.SettingsError, match=f"BUCKETDEX_{name} is not set"):
            settings.check_buckets(ENV | {f"BUCKETDEX_{name}": ""})


OF_OTHERS = {  # which IndexObjects does not need
    "BUCKETDEX_OPENSEARCH_AUTH",
    "BUCKETDEX_PACKAGE_EVENTS_DEAD_LETTERS_URL",
    "BUCKETDEX_HASH_REQUESTS_DEAD_LETTERS_URL",
    "BUCKETDEX_HASH_STATE_MACHINE_ARN",
    "BUCKETDEX_TRAIL_FILES_URL",
    "BUCKETDEX_TRAIL_FILES_DEAD_LETTERS_URL",
}


@pytest.mark.parametrize("name", sorted(ENV.keys() - OF_OTHERS))
def test_a_missing_setting_is_named(name):
    with pytest.raises(settings.SettingsError, match=f"{name} is not set"):
        settings.index_objects(ENV | {name: ""})


def test_a_malformed_setting_is_named():
    with pytest.raises(settings.SettingsError, match="max_receives"):
        settings.index_objects(ENV | {"BUCKETDEX_MAX_RECEIVES": "many"})
    with pytest.raises(settings.SettingsError, match="auth"):
        settings.index_objects(ENV | {"BUCKETDEX_OPENSEARCH_AUTH": "password"})
