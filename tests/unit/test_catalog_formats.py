"""Numbers, sizes, times and names as people read them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketdex.catalog import formats
from catalog_html import HOSTILE, Read

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (None, "–"), (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (53_100, "53.1 kB"), (999_400, "999 kB"),
        (999_600, "1.0 MB"), (12_345_678, "12.3 MB"), (10**18, "1.0 EB"), (10**22, "10000 EB"),
    ],
)  # fmt: skip
def test_a_size_has_three_digits_and_a_unit(count, shown):
    assert formats.size(count) == shown


@pytest.mark.parametrize(
    ("before", "shown"),
    [
        (timedelta(seconds=3), "just now"), (timedelta(seconds=59), "59 seconds ago"),
        (timedelta(seconds=60), "1 minute ago"), (timedelta(hours=5), "5 hours ago"),
        (timedelta(days=29), "29 days ago"), (timedelta(days=40), "1 month ago"), (timedelta(days=800), "2 years ago"),
        (timedelta(minutes=-2), "in 2 minutes"),
    ],
)  # fmt: skip
def test_a_time_is_told_by_how_long_ago_it_is(before, shown):
    assert formats.ago(NOW - before, NOW) == shown
    assert formats.ago((NOW - before).isoformat(), NOW) == shown
    assert formats.ago((NOW - before).timestamp(), NOW) == shown


def test_a_time_without_a_zone_is_in_utc():
    assert (
        formats.exact("2026-01-31T12:00:05") == formats.exact("2026-01-31T13:00:05+01:00") == "2026-01-31 12:00:05 UTC"
    )


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a b.csv", "a b.csv"), ("Adélie 🧬.csv", "Adélie 🧬.csv"), ("a\nb\x00", "a␊b␀"), ("\x7f", "⟨U+007F⟩"),
        ("invoice\u202efdp.exe", "invoice⟨U+202E⟩fdp.exe"), ("zero\u200bwidth", "zero⟨U+200B⟩width"),
        ("👩\u200d🔬", "👩\u200d🔬"), ("\ue000", "⟨U+E000⟩"),
    ],
)  # fmt: skip
def test_what_cannot_be_seen_in_a_name_is_made_visible(name, shown):
    assert formats.visible(name) == shown


def test_a_text_of_several_lines_keeps_their_ends():
    assert formats.visible("cp a \\\n\u202eb\r", lines=True) == "cp a \\\n⟨U+202E⟩b␍"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_highlight_becomes_no_html_but_marks(text):
    read = Read(formats.marked(text))
    assert {tag for tag, _ in read.elements} <= {"mark"}


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_highlight_is_text(text):
    assert Read(formats.marked(text)).harm == []


def test_a_highlight_shows_what_was_found():
    assert formats.marked("The &lt;b&gt;<mark>quick</mark>&lt;&#x2F;b&gt;\n\nfox") == (
        "The &lt;b&gt;<mark>quick</mark>&lt;/b&gt; fox"
    )
