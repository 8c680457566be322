"""The query language, whatever is typed: never any exception but its own, and what is written is read again."""

from datetime import UTC, datetime
from unicodedata import normalize

from hypothesis import example, given
from hypothesis import strategies as st

from bucketdex.searching.language.parsing import QuerySyntaxError, parse, parse_lenient, split_last
from bucketdex.searching.language.printing import written
from bucketdex.searching.language.syntax import All, Any, Between, Not, Phrase, Qualifier, Query, Word
from bucketdex.searching.query import clause
from bucketdex.searching.query.kinds import Known
from bucketdex.searching.query.marking import marking
from bucketdex.searching.question import KINDS

NOW = datetime(2026, 3, 31, 12, 30, tzinfo=UTC)
PIECES = st.sampled_from(
    [
        "(", ")", " ", '"', "-", "OR", "NOT", "AND", "*", ":", "..", ">", "<=", ",", "“", "”", ".", "=", "\\", "a",
        "bB", "f(",
        "7d", "10", "MB", "2024-01", "ext:", "size:", "modified:", "meta.", "tag.x:", "type:", "key:", "sha256:",
        "gene:", "🐧", "\x00",
    ]
)  # fmt: skip
TYPED = st.one_of(
    st.lists(PIECES, max_size=25).map("".join), st.lists(PIECES, max_size=25).map(" ".join), st.text(max_size=40)
)


def outcome_of(text):
    try:
        return parse(text, NOW)
    except QuerySyntaxError as error:
        return error


@given(TYPED)
@example("(a OR f(x )")
@example("a\x1cb")
@example('meta."a"b:c')
@example("\ud800")
def test_whatever_is_typed_is_read_or_refused_with_a_place(text):
    outcome = outcome_of(text)
    if isinstance(outcome, Query):
        again = written(outcome)
        assert parse(again, NOW) == outcome and written(parse(again, NOW)) == again
    else:
        assert 1 <= outcome.column <= len(text) + 1 and 0 <= outcome.length <= len(text) and outcome.message
    assert isinstance(parse_lenient(text, NOW), Query)
    assert "".join(split_last(text)) == text


@given(TYPED)
def test_corrections_lead_somewhere(text):
    seen = set()
    while isinstance(outcome := outcome_of(text), QuerySyntaxError) and outcome.suggestion is not None:
        assert text not in seen, seen
        seen.add(text)
        text = outcome.suggestion


ACCENTED = st.sampled_from(["é", "e\u0301", "Å", "й", "ガ", "한", "ế", "ab", "7", "ﬁ"])
IN_FORMS = st.lists(st.one_of(PIECES, ACCENTED, st.characters(exclude_characters="\u0338")), max_size=20).map("".join)


@given(IN_FORMS)
@example("meta.größe:>3 meta.größe:ä*")
@example("päd/öl@4f2a90 author:é -ä")
def test_a_query_asks_the_same_whether_its_letters_are_composed_or_not(text):
    composed, decomposed = (outcome_of(normalize(form, text)) for form in ("NFC", "NFD"))
    assert type(composed) is type(decomposed)
    if isinstance(composed, Query) and isinstance(decomposed, Query):
        asked = [(clause(it, KINDS, (), Known()), marking(it, KINDS)) for it in (composed, decomposed)]
        assert asked[0] == asked[1]


WORDS = st.from_regex(r"[a-z0-9.+/@_-]{0,5}[a-z]", fullmatch=True).filter(lambda text: text[0] != "-").map(Word)
LEAVES = st.one_of(
    WORDS,
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8).filter(str.strip).map(Phrase),
    st.sampled_from([
        Qualifier("ext", ".csv", ".csv"), Qualifier("key", 'a "b" (c', 'a "b" (c'), Qualifier("meta", ">5", ">5", "x"),
        Qualifier("meta", "3", "3", "a b"), Qualifier("meta", Between(3.0, 3.0, True), "3", 'q"x'),
        Qualifier("tag", "1..3", "1..3", "r"), Qualifier("size", Between(301.0, None), ">300"),
        Qualifier("tag", "(", "(", "("), Qualifier("meta", "2024-01", "2024-01", "when"),
    ]),
)  # fmt: skip


def grown(inner):
    """Nodes of nodes, as the parser makes them: none of its own kind within, never of one only."""
    flat = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        inner.filter(lambda node: not isinstance(node, Not)).map(Not),
        flat.filter(lambda each: not any(isinstance(node, All) for node in each)).map(All),
        flat.filter(lambda each: not any(isinstance(node, Any) for node in each)).map(Any),
    )


@given(st.lists(st.recursive(LEAVES, grown, max_leaves=6).filter(lambda node: not isinstance(node, All)), max_size=3))
def test_a_query_that_is_written_is_read_as_it_was(made):
    query = Query(All(tuple(made)))
    assert parse(written(query), NOW) == query
