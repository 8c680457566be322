"""What of a bucket gets a digest, as it is written on the command line and read there."""

import pytest
import typer
from typer.testing import CliRunner

from bucketdex.buckets.hashing import change
from bucketdex.cli.hash_setting import changed, described, parsed_class, parsed_size
from bucketdex.cli.main import app
from bucketdex.control import Bucket, Hashing
from bucketdex.errors import Permanent, Transient


@pytest.mark.parametrize(
    ("given", "size"),
    [("500", 500), ("5TB", 5 * 10**12), ("5 tb", 5 * 10**12), ("1.5GiB", 3 * 2**29), ("8MiB", 2**23), ("any", 0)],
)
def test_sizes_are_written_as_people_do(given, size):
    assert parsed_size(given) == size


@pytest.mark.parametrize("given", ["", "TB", "5 apples", "-1", "0", "1e3", "0.2B"])
def test_what_is_no_size_is_wrong_usage(given):
    with pytest.raises(typer.BadParameter, match="no size such as"):
        parsed_size(given)


def test_a_storage_class_is_one_of_those_that_can_be_read():
    assert parsed_class("standard-ia") == "STANDARD_IA" and parsed_class("") == ""
    with pytest.raises(typer.BadParameter, match="GLACIER_IR"):
        parsed_class("COLD")
    with pytest.raises(typer.BadParameter, match="archived objects are never read"):
        parsed_class("deep-archive")


def test_what_is_not_named_stays_and_an_empty_text_takes_it_away():
    before = Hashing("read", ("raw/",), ("raw/tmp/",), 10**12, ("STANDARD_IA",))
    assert changed(before, "kept", None, None, None, None) == Hashing("kept", *before_parts(before))
    assert changed(before, None, ["a/", "b/"], None, None, None).prefixes == ("a/", "b/")
    assert changed(before, None, [""], [""], 0, [""]) == Hashing("read")


def before_parts(it: Hashing):
    return it.prefixes, it.without, it.largest, it.storage_classes


@pytest.mark.parametrize(
    ("hashing", "words"),
    [
        (Hashing(), "all"),
        (Hashing("kept"), "what S3 keeps"),
        (Hashing("off", ("raw/",)), "nothing"),
        (
            Hashing("read", ("a/", "b/"), ("a/t/",), 5 * 10**12, ("STANDARD_IA",)),
            "a/ and b/, without a/t/, up to 5.0 TB, in STANDARD_IA",
        ),
    ],
)
def test_a_setting_is_told_in_words(hashing, words):
    assert described(hashing) == words


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "no setting is named"),
        (["--hash", "some"], "some"),
        (["--hash-largest", "huge"], "no size such as"),
        (["--hash-class", "WARM"], "none of"),
    ],
)
def test_a_setting_that_cannot_be_is_wrong_usage(arguments, said):
    result = CliRunner().invoke(app, ["bucket", "set", "lab", *arguments], env={"COLUMNS": "200"})
    assert result.exit_code == 2 and said in result.stderr


class Control:
    """A control table in which others change the setting at the same time, so many times."""

    def __init__(self, others: int) -> None:
        self.others, self.hashing = others, Hashing()

    def buckets(self):
        return [Bucket("lab", None, hashing=self.hashing)]

    def set_hashing(self, name, known, new):
        if self.others:
            self.others -= 1
            self.hashing = Hashing("read", (*known.prefixes, "theirs/"))
        if known != self.hashing:
            return False
        self.hashing = new
        return True


def test_what_somebody_else_sets_at_the_same_time_is_not_lost():
    control = Control(others=1)
    bucket = change("lab", control, lambda it: changed(it, "kept", None, None, None, None))
    assert bucket.hashing == control.hashing == Hashing("kept", ("theirs/",))
    with pytest.raises(Transient, match="changed by others"):
        change("lab", Control(others=99), lambda it: changed(it, "kept", None, None, None, None))


def test_only_a_connected_bucket_has_settings():
    with pytest.raises(Permanent, match="not connected"):
        change("another", Control(others=0), lambda it: it)
