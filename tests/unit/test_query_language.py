"""The query language: what people type, what it says, and what they are told where it says nothing."""

from datetime import UTC, datetime

import pytest

from bucketdex.errors import Permanent
from bucketdex.searching.language.parsing import QuerySyntaxError, parse, parse_lenient, split_last
from bucketdex.searching.language.printing import written
from bucketdex.searching.language.qualifiers import ALSO_CALLED, NAMES, QUALIFIERS
from bucketdex.searching.language.syntax import All, Any, Between, Not, Phrase, Qualifier, Word
from bucketdex.searching.language.values import as_dates

NOW = datetime(2026, 3, 31, 12, 30, tzinfo=UTC)
A, B, C = Word("a"), Word("b"), Word("c")
CSV, TSV = Qualifier("ext", ".csv", ".csv"), Qualifier("ext", ".tsv", ".tsv")


def nodes(text):
    return parse(text, NOW).all.nodes


def mistake(text):
    with pytest.raises(QuerySyntaxError) as caught:
        parse(text, NOW)
    return caught.value


def between(text):
    (node,) = nodes(text)
    return node.value.low, node.value.high, node.value.closed


def day(*date):
    return datetime(*date, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a b", (A, B)), ("a AND b", (A, B)), ("  a\tb\n", (A, B)), ("", ()), ("AND", ()), ("()", ()), ("- & *", ()),
        ("a OR b c", (Any((A, B)), C)), ("a b OR c", (A, Any((B, C)))), ("(a OR b) OR c", (Any((A, B, C)),)),
        ("(a b)", (A, B)), ("((a))", (A,)), ("(a b) OR c", (Any((All((A, B)), C)),)), ("a OR &", (A,)),
        ("-a", (Not(A),)), ("NOT a", (Not(A),)), ("-(a b)", (Not(All((A, B))),)), ("NOT -a", (A,)), ("-()", ()),
        ("a -b OR c", (A, Any((Not(B), C)))),
        ('"a b"', (Phrase("a b"),)), ('"a b', (Phrase("a b"),)), ("“a b” c", (Phrase("a b"), C)), ('""', ()),
        ('"a ""b"""', (Phrase('a "b"'),)), ('"OR" a', (Phrase("OR"), A)), ('"a"-b', (Phrase("a"), Not(B))),
        ("peng*", (Word("peng", prefix=True),)), ("peng**", (Word("peng", prefix=True),)),
        ("or not", (Word("or"), Word("not"))), ("ORb", (Word("ORb"),)), ("a OR(b c)", (Any((A, All((B, C)))),)),
    ],
)  # fmt: skip
def test_words_phrases_and_what_joins_them(text, said):
    assert nodes(text) == said


@pytest.mark.parametrize(
    "word",
    [
        "sample(1).csv", "f(g(x))", "a(b", "a+b", "a-b", "🐧", "5\"", "--help", "s3://bucket/key?versionId=x",
        "bio/penguins@4f2a90", "plate.well=B7", "12:30", "http://x", "C:\\data", "std::vector", "notes.txt:12",
        "GO:0008150", "CHEBI:15377", "chr1:100-200", "BRCA1:c.68_69delAG", "doi:10.1000/x", "arn:aws:s3:::lab", "note:",
        "größe", "x’y", "a,b", "?", "[1]", "a|b", "a&&b", "~x", "^x", "/x/", "{x}", "!x", "a\\b",
    ],
)  # fmt: skip
def test_what_names_and_identifiers_contain_is_no_operator(word):
    if word == "?":
        assert nodes(word) == ()
    else:
        assert nodes(word) == (Word(word),)
        assert nodes(f"({word} OR b)") == (Any((Word(word), B)),)


@pytest.mark.parametrize(
    ("text", "name", "value", "field"),
    [
        ("bucket:lab", "bucket", "lab", None), ("registry:lab", "bucket", "lab", None),
        ("bucket:s3://lab/", "bucket", "lab", None), ("Bucket:lab", "bucket", "lab", None),
        ("key:runs/*.csv", "key", "runs/*.csv", None), ("key:runs/**/x.csv", "key", "runs/*/x.csv", None),
        ('key:"my runs/a (1).csv"', "key", "my runs/a (1).csv", None), ("name:a(1).csv", "name", "a(1).csv", None),
        ('key:"my ru', "key", "my ru", None), ("key:a:b", "key", "a:b", None), ("key:../x", "key", "../x", None),
        ("ext:CSV", "ext", ".csv", None), ("ext:.csv.gz", "ext", ".csv.gz", None), ("ext:*.csv", "ext", ".csv", None),
        ("ext:*sv", "ext", ".*sv", None),
        ("ext:*", "ext", "*", None), ("type:Packages", "type", "package", None),
        ("class:glacier", "class", "GLACIER", None),
        ("hash:4f2a90", "hash", "4f2a90", None), ("sha256:4b62", "hash", "sha256:4b62", None),
        ("sha2-256-chunked:Xb1P=", "hash", "sha2-256-chunked:Xb1P=", None), ("etag:ab12", "hash", "ab12", None),
        ("author:bio", "author", "bio", None), ("package:bio/penguins", "package", "bio/penguins", None),
        ("column:sex", "column", "sex", None), ("by:anna", "by", "anna", None), ("by:=anna", "by", "anna", None),
        ("tag:raw", "tag", "raw", None), ("tag.stage:raw", "tag", "raw", "stage"), ("meta.x:*", "meta", "*", "x"),
        ('meta."plate well":B7', "meta", "B7", "plate well"), ('meta."a:""b""":c', "meta", "c", 'a:"b"'),
        ("meta.plate.well:B7", "meta", "B7", "plate.well"), ('meta.x:"3"', "meta", "3", "x"),
        ("meta.path:../x", "meta", "../x", "path"), ("meta.id:2024-13", "meta", "2024-13", "id"),
        ("size:*", "size", "*", None), ("meta:7", "meta", "7", None), ("tag:2024-01", "tag", "2024-01", None),
    ],
)  # fmt: skip
def test_qualifiers_of_texts(text, name, value, field):
    assert nodes(text) == (Qualifier(name, value, value, field),)


@pytest.mark.parametrize(
    ("text", "low", "high", "closed"),
    [
        ("size:300", 300, 300, True), ("size:>300", 301, None, False), ("size:>=300", 300, None, False),
        ("size:<300", None, 300, False), ("size:<=300", None, 300, True), ("size:=300", 300, 300, True),
        ("size:1kB..2KiB", 1000, 2048, True), ("size:1MB..", 10**6, None, False), ("size:..1GB", None, 10**9, True),
        ("size:10MB", 9_500_000, 10_500_000, False), ("size:1.5GiB", 1556925644.8, 1664299827.2, False),
        ("size:>1.5g", 1_500_000_001, None, False), ("size:0", 0, 0, True),
        ("meta.x:3", 3, 3, True), ("meta.x:-3.5e2", -350, -350, True), ("meta.x:>=3", 3, None, False),
        ("meta.x:<=3", None, 3, True), ("meta.x:1..3", 1, 3, True), ('meta.x:>="3"', 3, None, False),
    ],
)  # fmt: skip
def test_sizes_and_numbers(text, low, high, closed):
    assert between(text) == (low, high, closed)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("modified:2024", day(2024, 1, 1), day(2025, 1, 1)), ("modified:2024-02", day(2024, 2, 1), day(2024, 3, 1)),
        ("modified:2024-12-31", day(2024, 12, 31), day(2025, 1, 1)),
        ("modified:2024-01-15T10", day(2024, 1, 15, 10), day(2024, 1, 15, 11)),
        ("modified:2024-01-15T10:59", day(2024, 1, 15, 10, 59), day(2024, 1, 15, 11)),
        ("modified:2024-01-15T10:00:30Z", day(2024, 1, 15, 10, 0, 30), day(2024, 1, 15, 10, 0, 31)),
        ("modified:2024-01-15T10:00+02:00", day(2024, 1, 15, 8), day(2024, 1, 15, 8, 1)),
        ("modified:>2024-01", day(2024, 2, 1), None), ("modified:>=2024-01", day(2024, 1, 1), None),
        ("modified:<2024-01", None, day(2024, 1, 1)), ("modified:<=2024-01", None, day(2024, 2, 1)),
        ("modified:2024-01..2024-03", day(2024, 1, 1), day(2024, 4, 1)),
        ("modified:7d", day(2026, 3, 24, 12, 30), None), ("modified:2w", day(2026, 3, 17, 12, 30), None),
        ("modified:1m", day(2026, 2, 28, 12, 30), None), ("modified:2y", day(2024, 3, 31, 12, 30), None),
        ("modified:2weeks", day(2026, 3, 17, 12, 30), None),
        ("modified:36h", day(2026, 3, 30, 0, 30), None),
        ("modified:30d..7d", day(2026, 3, 1, 12, 30), day(2026, 3, 24, 12, 30)),
        ("modified:today", day(2026, 3, 31), day(2026, 4, 1)),
        ("modified:yesterday", day(2026, 3, 30), day(2026, 3, 31)),
        ("meta.collected:2024-01", day(2024, 1, 1), day(2024, 2, 1)),
    ],
)  # fmt: skip
def test_dates(text, low, high):
    assert between(text) == (low, high, False)


def test_a_number_behind_metadata_may_be_meant_as_a_year():
    (node,) = nodes("meta.year:>2024")
    assert node.value.low > 2024 and as_dates(node.typed) == Between(day(2025, 1, 1), None)
    assert as_dates("3.5") is None and nodes("meta.x:>3")[0].value.low > 3


def test_a_digest_behind_a_parenthesis_counts_as_a_qualifier():
    assert nodes("(sha256:4b62 OR a)") == (Any((Qualifier("hash", "sha256:4b62", "sha256:4b62"), A)),)


@pytest.mark.parametrize(
    ("text", "unfinished"),
    [
        ("pengu", True), ("a pengu", True), ("pengu ", False), ("pengu*", False), ('"pengu', False), ("ext:csv", False),
        ("-pengu", False), ("(a pengu)", False), ("a OR pengu", False), ("pengu -", False), ("a AND", False),
        ("", False),
    ],
)  # fmt: skip
def test_the_last_word_may_go_on(text, unfinished):
    assert parse(text).unfinished is unfinished


MISTAKES = [
    # text, column, length, a part of the message, the correction
    ("a OR", 3, 2, "the query ends behind OR", "a"),
    ("OR a", 1, 2, "nothing before OR", "a"),
    ("a OR OR b", 3, 2, "OR stands behind OR", "a OR b"),
    ("(a OR) b", 4, 2, ") stands behind OR", "(a) b"),
    ("a NOT", 3, 3, "the query ends behind NOT", "a"),
    ("(a", 1, 1, "never closed", "(a)"),
    ('x (a "b c', 3, 1, "never closed", 'x (a "b c")'),
    ("((a) b", 1, 1, "never closed", "((a) b)"),
    ("a) b", 2, 1, "closes none", "a b"),
    ("gene:BRCA1", 1, 5, 'put it in quotes, "gene:BRCA1"', '"gene:BRCA1"'),
    ("cat nam:x.csv", 5, 4, "did you mean name:x.csv?", "cat name:x.csv"),
    ("extension:csv", 1, 10, "did you mean ext:csv?", "ext:csv"),
    ("metadata.x:>3", 1, 9, "did you mean meta.x:>3?", "meta.x:>3"),
    ("ext.x:csv", 1, 5, "has no fields, only tag: and meta: have", "ext:csv"),
    ("meta.a(b):c", 1, 9, "stands in quotes", 'meta."a(b)":c'),
    ("size>10MB", 5, 1, "a colon is missing behind size", "size:>10MB"),
    ("meta.x>=3 a", 7, 1, "a colon is missing behind meta.x", "meta.x:>=3 a"),
    ("ext:", 5, 0, "nothing stands behind ext:; write for example ext:.csv.gz", None),
    ('a key:"', 8, 0, "nothing stands behind key:", None),
    ("size:>", 7, 0, "nothing stands behind size:>", None),
    ("ext: csv", 5, 0, "without a space: ext:csv", "ext:csv"),
    ("size:> 10MB x", 7, 0, "without a space: size:>10MB", "size:>10MB x"),
    ("ext:(csv OR tsv) x", 5, 0, "several are joined by OR", "(ext:csv OR ext:tsv) x"),
    ("ext:csv,tsv", 8, 1, "several are joined by OR", "(ext:csv OR ext:tsv)"),
    ("size:10 MB x", 9, 2, "without a space: size:10MB", "size:10MB x"),
    ("modified:>2024-01-15 10:00", 22, 5, "without a space", "modified:>2024-01-15T10:00"),
    ("*guin", 1, 1, "at the beginning of a word", "name:*guin"),
    ("a pen*in", 6, 1, "in the middle of a word", "a name:pen*in"),
    ("type:pack", 6, 4, 'there is no type "pack"; it is one of object, package, entry', "type:package"),
    ("type:x", 6, 1, "one of object, package, entry", None),
    ("ext:>csv", 5, 4, "is a text, so there is no > of it", "ext:csv"),
    ("meta.species=Adelie", 13, 1, "a colon is missing", "meta.species:Adelie"),
    ("meta.:x", 1, 5, "a name is missing between meta. and the colon", "meta:x"),
    ("a meta.dose > 3 b", 13, 1, "without spaces: meta.dose:>3", "a meta.dose:>3 b"),
    ("(size >= 1MB)", 7, 2, "without spaces: size:>=1MB", "(size:>=1MB)"),
    ("ext:csv|tsv", 8, 1, "several are joined by OR", "(ext:csv OR ext:tsv)"),
    ("size:10 mb..20mb", 9, 2, "without a space", "size:10mb..20mb"),
    ("modified:7 days", 12, 4, "without a space", "modified:7days"),
    ("type:*", 6, 1, 'there is no type "*"', None),
    ("meta:>3", 6, 2, "needs a name, as in meta.weight:>3", "meta:3"),
    ("size:big", 6, 3, '"big" is not a size', None),
    ("size:1,5GB", 6, 5, "is not a size", "size:1.5GB"),
    ("size:1,500", 6, 5, "is not a size", "size:1500"),
    ("size:1MB-10MB", 6, 8, "is not a size", "size:1MB..10MB"),
    ("size:2MB..1MB", 6, 8, "from the greater to the smaller", "size:1MB..2MB"),
    ("size:>1MB..2MB", 6, 9, "a range has no >", "size:1MB..2MB"),
    ("size:..", 6, 2, "a range needs an end", None),
    ("size:99999PB", 6, 7, "larger than any file", None),
    ("modified:2024-13", 10, 7, "2024-13 cannot be: there is no month 13", None),
    ("modified:2023-02-29", 10, 10, "February 2023 has 28 days", None),
    ("modified:2024-01-15T24:00", 10, 16, "no such time of day", None),
    ("modified:2024/1/5", 10, 8, "is not a date", "modified:2024-01-05"),
    ("modified:2023-2024", 10, 9, "is not a date", "modified:2023..2024"),
    ("modified:15.01.2024", 10, 10, "the year comes first", None),
    ("modified:>7d", 10, 3, "can be read in two ways", "modified:7d"),
    ("modified:9999y", 10, 5, "longer ago than dates go", None),
    ("meta.x:>high", 8, 5, "neither a number nor a date", None),
    ("meta.x:>1e999", 8, 6, "neither a number nor a date", None),
    ("meta.x:3..1", 8, 4, "from the greater to the smaller", "meta.x:1..3"),
    ("key:*a*b*c*d*e*", 5, 11, "at most 5 of *", None),
    ("a" * 501, 501, 1, "at most 500 characters", None),
    ("w " * 41, 81, 1, "at most 40 words", None),
    ("学" * 41, 1, 41, "at most 40 words", f'key:"{"学" * 41}"'),
    ("🐧" * 41, 1, 41, "at most 40 words", f'key:"{"🐧" * 41}"'),
    ('"' + "ひ" * 41, 1, 42, "at most 40 words", None),
    ("a-" * 41 + "a", 1, 83, "a whole key is found by key:", 'key:"' + "a-" * 41 + 'a"'),
    ("ext:a " * 21, 121, 5, "at most 20 qualifiers", None),
    ("(" * 9 + "a" + ")" * 9, 9, 1, "at most 8 deep", None),
    ("a \ud800", 3, 1, "half of a character", None),
]


@pytest.mark.parametrize(("text", "column", "length", "told", "better"), MISTAKES, ids=lambda value: str(value)[:20])
def test_a_mistake_says_where_it_is_and_what_to_type(text, column, length, told, better):
    error = mistake(text)
    assert (error.column, error.length, error.suggestion) == (column, length, better)
    assert told in error.message and str(error) == f"column {column}: {error.message}"
    assert isinstance(error, Permanent)
    if better:
        parse(better, NOW)


def test_every_name_used_elsewhere_leads_to_a_qualifier():
    assert set(ALSO_CALLED.values()) <= set(QUALIFIERS) and not set(ALSO_CALLED) & set(NAMES)
    for other, name in ALSO_CALLED.items():
        assert f"{name}:" in mistake(f"{other}:x").expected


@pytest.mark.parametrize("name", QUALIFIERS)
def test_every_qualifier_has_an_example_that_can_be_read(name):
    kind = QUALIFIERS[name]
    (node,) = nodes(kind.example)
    assert isinstance(node, Qualifier) and node.name == name and kind.kinds
    assert (node.field is not None) == kind.fields


def test_alternatives_are_written_in_parentheses_where_that_can_be_read():
    assert written(parse("a OR b c")) == "(a OR b) c" and written(parse("a OR b ")) == "a OR b"
    assert written(parse("NOT --help")) == "NOT --help"
    deep = "-(x a OR " * 8 + "b" + ")" * 8
    assert parse(written(parse(deep))) == parse(deep)
    long = "a OR b " * 20
    assert written(parse(long)).count("(") == 20


@pytest.mark.parametrize(
    ("text", "before", "last"),
    [
        ("", "", ""), ("pen", "", "pen"), ("a pen", "a ", "pen"), ("a pen ", "a pen ", ""), ("a -pen", "a -", "pen"),
        ("(a ext:.c", "(a ", "ext:.c"), ('a "b c', "a ", '"b c'), ('key:"my fo', "", 'key:"my fo'), ("(", "(", ""),
        ("a OR", "a OR", ""), ("(a)", "(a)", ""), ("ext:", "", "ext:"), ("a (pen", "a (", "pen"), ("f(x", "", "f(x"),
    ],
)  # fmt: skip
def test_the_last_token_is_split_off(text, before, last):
    assert split_last(text) == (before, last)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("(a pe", "a pe"), ("a OR ", "a"), ("ext: a", "ext:a"), ("a ext:", "a "), ("a -", "a "),
        ("a size:big b", "a b"),
        ("nam:x (b OR", "name:x b"), ("package:x column:y pe", "package:x  pe"),
    ],
)  # fmt: skip
def test_what_is_still_being_typed_is_read_as_far_as_it_goes(text, read):
    assert parse_lenient(text).all == parse(read).all
