"""Markdown: what GitHub's readers expect, with links into the catalog and no image from elsewhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import preview_files as files
from bucketdex.catalog.markdown import rendered, sanitised, to_html
from bucketdex.catalog.previews import bounds


def html(text: str) -> str:
    made = to_html(text, files.links)
    assert files.read(made).faults == []
    return made


def test_headings_begin_below_those_of_the_page_and_can_be_linked_to() -> None:
    made = html("# The data\n\n## The data\n\n###### Deep\n\n[down](#the-data-1)")
    assert '<h3 id="doc-the-data">The data</h3>' in made
    assert '<h4 id="doc-the-data-1">The data</h4>' in made
    assert "<h5" in made  # levels follow each other
    assert 'href="#doc-the-data-1"' in made
    assert to_html("# One", level=1).startswith("<h1")
    made = html("# a\n# a\n# a-1\n# a")
    assert [it.split('"')[0] for it in made.split('id="')[1:]] == ["doc-a", "doc-a-1", "doc-a-1-1", "doc-a-2"]


def test_relative_links_and_images_lead_into_the_catalog() -> None:
    made = html("[data](data/a%20b.csv) ![plot](../plot.png) [s3](s3://bucket/key)")
    assert 'href="/b/data/a%20b.csv"' in made
    assert 'src="/raw/../plot.png"' in made
    assert 'href="/b/s3%3A//bucket/key"' in made


def test_a_target_without_address_keeps_its_text() -> None:
    made = to_html("see [the **data**](data.csv) and ![plot](a.png)", lambda _target, _image: None)
    assert made == "<p>see the <strong>data</strong> and [image: plot]</p>\n"


def test_foreign_images_are_links_and_not_loaded() -> None:
    made = html("![badge](https://img.example/a.svg) [![badge](https://img.example/a.svg)](https://ci.example)")
    assert "<img" not in made
    assert 'href="https://img.example/a.svg"' in made
    assert '<a href="https://ci.example" rel="noopener noreferrer nofollow">[image: badge]</a>' in made


@pytest.mark.parametrize(
    "target", ["javascript:alert(1)", "data:text/html,a", "file:///etc/passwd", "//evil.example/a", "JAVASCRIPT:a"]
)
def test_links_that_could_run_or_leave_unseen_are_not_made(target: str) -> None:
    assert "href" not in to_html(f"[a]({target}) <{target}> ![a]({target})", files.links)


def test_tables_tell_their_alignment_by_classes() -> None:
    made = html("| a | b |\n|:-:|--:|\n| 1 | 2 |\n\n~~old~~")
    assert '<th class="center">a</th>' in made and '<td class="right">2</td>' in made and "<s>old</s>" in made
    assert "style" not in made


def test_html_is_shown_as_it_was_written() -> None:
    assert "&lt;b onclick=a&gt;" in html("<b onclick=a>bold</b>")


def test_code_is_coloured_by_classes() -> None:
    made = html('```python\nprint("a<b")\n```\n\n```nonsense\n<b>\n```')
    assert '<span class="nb">print</span>' in made
    assert "&lt;b&gt;" in made


@pytest.mark.parametrize("text", ["[" * 100_000, "![" * 50_000, "- - - - - a\n" * 8_000, "*a_ " * 25_000])
def test_what_takes_too_long_is_shown_as_text(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "COMPUTING_SECONDS", 0.05)
    assert rendered(text) is None
    assert to_html(text).startswith("<pre>")


def test_a_small_text_that_makes_much_html_is_shown_as_text() -> None:
    table = "|" + "a|" * 900 + "\n|" + "-|" * 900 + "\n" + "|\n" * 3000
    assert rendered(table) is None


def test_html_of_others_keeps_its_tables_and_loses_all_that_acts() -> None:
    made = sanitised(
        '<style>a</style><table class="dataframe" id="x" border="1" style="a"><tr>'
        '<td onclick="a" colspan="2">1</td></tr></table>'
        '<img src="https://evil.example/a.png" alt="a"><script>alert(1)</script>'
        '<a href="javascript:a">b</a><p class="top">c</p>'
    )
    assert '<td colspan="2">1</td>' in made
    for part in ("style", "script", "onclick", "src", "class", "id=", "evil", "alert"):
        assert part not in made


@given(st.text(alphabet="ab[]()!<>*_`#|-:~\\\n \"'&/.", max_size=120))
def test_no_text_makes_anything_but_harmless_html(text: str) -> None:
    html(text)
