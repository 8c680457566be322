"""The page on the query language, the grammar, the table of qualifiers and what is said about mistakes are one."""

import re
from pathlib import Path

import pytest

from bucketdex.searching.language.parsing import GRAMMAR, QuerySyntaxError, parse
from bucketdex.searching.language.qualifiers import NAMES, QUALIFIERS
from bucketdex.searching.language.syntax import DEEPEST, MOST_CHARACTERS, MOST_QUALIFIERS, MOST_WORDS
from bucketdex.searching.language.values import MOST_STARS
from bucketdex.searching.query.entries import ENTRIES
from bucketdex.searching.query.objects import OBJECTS
from bucketdex.searching.query.packages import PACKAGES

PAGE = (Path(__file__).parents[2] / "docs/query-language.md").read_text()
SAID = PAGE.partition("| typed | said | meant |")[2].partition("\n\n")[0]
TYPED = PAGE.partition("## What is said")[0]


def test_the_page_shows_the_grammar():
    assert PAGE.endswith(f"```lark\n{GRAMMAR.read_text()}```\n")


def test_the_grammar_knows_the_qualifiers_of_the_table():
    plain, with_field = (
        set(names.split("|")) for names in re.findall(r"^NAMES\w*: /(.*)/i$", GRAMMAR.read_text(), re.MULTILINE)
    )
    assert plain | with_field == set(NAMES)
    assert with_field == {name for name, kind in QUALIFIERS.items() if kind.fields}


def test_the_page_has_the_table_of_qualifiers():
    rows = []
    for kind in QUALIFIERS.values():
        names = [kind.name, *kind.aliases, *([f"{kind.name}.NAME"] if kind.fields else [])]
        called = " or ".join(f"`{name}:`" for name in names)
        rows.append(f"| {called} | {kind.means} | {', '.join(kind.kinds)} | `{kind.example}` |")
    assert "\n".join(["|---|---|---|---|", *rows, ""]) in PAGE


@pytest.mark.parametrize(("name", "kind"), [("object", OBJECTS), ("package", PACKAGES), ("entry", ENTRIES)])
def test_each_kind_is_found_by_the_qualifiers_of_the_table(name, kind):
    assert set(kind.qualifiers) == {called for called, of in QUALIFIERS.items() if name in of.kinds}


@pytest.mark.parametrize("row", re.findall(r"^\| `.*\|$", SAID, re.MULTILINE))
def test_mistakes_are_told_as_the_page_says(row):
    typed, told, better = (cell.strip() for cell in row.strip("|").split("|"))
    with pytest.raises(QuerySyntaxError) as caught:
        parse(typed.strip("`"))
    assert str(caught.value) == told and (caught.value.suggestion or "") == better.strip("`")


def test_what_the_page_shows_can_be_read():
    rows = re.findall(r"^\| (`.*?) \|", TYPED, re.MULTILINE)
    shown = [text for row in rows for text in re.findall(r"`([^`]+)`", row) if not text.endswith(":")]
    shown += re.findall(r"^(\S.*?)   ", TYPED.partition("```")[2].partition("```")[0], re.MULTILINE)
    shown += [text for text in re.findall(r"`(-?[a-z]+(?:\.[^`]+)?:[^`\s][^`]*)`", TYPED) if not text.endswith(":")]
    assert len(shown) > 50
    for text in shown:
        assert parse(text).all.nodes, text


def test_the_page_tells_the_bounds():
    flat = " ".join(PAGE.split())
    assert f"At most {MOST_CHARACTERS} characters, {MOST_WORDS} words" in flat
    assert (
        f"{MOST_QUALIFIERS} qualifiers and {DEEPEST} parentheses" in flat
        and f"A value has at most {MOST_STARS}." in flat
    )
