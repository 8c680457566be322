"""The search page's own logic: what a query is narrowed to, the kinds as tabs, and where a mistake is."""

import pytest

from bucketdex.catalog.narrowing import called, columns, opened, wanted
from bucketdex.catalog.pages.bucket import plot
from bucketdex.catalog.pages.download import saved_as
from bucketdex.catalog.pages.folder import steps
from bucketdex.catalog.pages.home import examples
from bucketdex.catalog.pages.search import filters, mistake, sort_of, start_of, tabs, wider
from bucketdex.catalog.pages.suggest import told
from bucketdex.searching.facets import Facet, Facets, FacetValue
from bucketdex.searching.facets.growth import Month
from bucketdex.searching.hits import Answer, ObjectHit
from bucketdex.searching.language.mistakes import QuerySyntaxError
from bucketdex.searching.language.parsing import parse
from bucketdex.searching.suggesting import Suggestion


def kinds(*selected: str) -> Facets:
    counts = {"object": 5, "package": 2, "entry": 1}
    values = [FacetValue(kind, kind, count, "", kind in selected) for kind, count in counts.items()]
    return Facets(8, [Facet("kind", "Kind", "values", values)])


def test_each_filter_can_be_taken_away_and_words_are_none():
    told = filters(parse("fox ext:.csv (bucket:a OR bucket:b) -raw"))
    assert [(it.text, it.without) for it in told] == [
        ("ext:.csv", "fox (bucket:a OR bucket:b) -raw"),
        ("bucket:a OR bucket:b", "fox ext:.csv -raw"),
        ("-raw", "fox ext:.csv (bucket:a OR bucket:b)"),
    ]


# A space at the end says that the word was ended, as it was by what came after it.
@pytest.mark.parametrize(
    ("text", "without"),
    [("fox ext:.csv", "fox "), ("fox", None), ("ext:.csv", None), ("fox OR cat size:>1", "fox OR cat")],
)  # fmt: skip
def test_a_search_is_widened_by_all_its_filters(text, without):
    assert wider(parse(text)) == without


def test_a_tab_shows_one_kind_alone_and_the_first_all():
    told = tabs(parse("fox type:package"), kinds("package"))
    assert [(it.text, it.query, it.count, it.current) for it in told] == [
        ("All", "fox ", 8, False),
        ("Packages", "fox type:package", 2, True),
        ("Files", "fox type:object", 5, False),
        ("Package entries", "fox type:entry", 1, False),
    ]
    assert tabs(parse("fox"), kinds())[0].current
    assert tabs(parse("fox"), None) == []


def test_a_facet_that_cannot_narrow_is_not_shown():
    one, two = FacetValue("lab", "lab", 8, ""), FacetValue("raw", "raw", 3, "")
    chosen = FacetValue("lab", "lab", 8, "", selected=True)
    facets = [
        Facet("bucket", "Bucket", "values", [one]),
        Facet("class", "Storage class", "values", [one, two]),
        Facet("ext", "Extension", "values", []),
        Facet("tag", "Tags", "values", [one]),
    ]
    assert [it.name for it in columns(Facets(8, facets))] == ["class", "tag"]
    assert [it.name for it in columns(Facets(8, facets), wide=facets[0])] == ["class", "tag"]
    assert [it.name for it in columns(Facets(8, [Facet("bucket", "Bucket", "values", [chosen])]))] == ["bucket"]
    assert columns(None) == []


def test_of_a_histogram_what_is_empty_is_no_row_and_its_ends_are_no_bars():
    counts = {"2023-11": 0, "2023-12": 2, "2024-01": 0, "2024-02": 3, "2024-03": 0}
    values = [FacetValue(span, span, count, "") for span, count in counts.items()]
    [column] = columns(Facets(5, [Facet("modified", "Modified", "histogram", values)]))
    assert [(it.label, it.count) for it in column.values] == [("Feb 2024", 3), ("Dec 2023", 2)]
    assert column.bars == [2, 0, 3]
    nothing = [FacetValue("2024", "2024", 0, ""), FacetValue("2025", "2025", 0, "")]
    assert columns(Facets(0, [Facet("modified", "Modified", "histogram", nothing)])) == []


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("2024", "2024"), ("2020..2024", "2020 – 2024"),
        ("2024-01", "Jan 2024"), ("2024-01..2024-03", "Jan – Mar 2024"),
        ("2023-11..2024-01", "Nov 2023 – Jan 2024"), ("2024-01-15..2024-01-21", "15 – 21 Jan 2024"),
        ("2024-01-29..2024-02-04", "29 Jan – 4 Feb 2024"), ("2024-01-15T10", "15 Jan 2024, 10:00 – 10:59"),
        ("2024-01-15T10..2024-01-15T12", "15 Jan 2024, 10:00 – 12:59"), ("2024-01-15T10:05", "15 Jan 2024, 10:05"),
        ("2024-01-15T23:30..2024-01-16T00:30", "15 Jan 2024, 23:30 – 16 Jan 2024, 00:30"), ("7d", "7d"),
        ("2024-13", "2024-13"), ("..2024", "..2024"),
    ],
)  # fmt: skip
def test_spans_of_time_are_called_as_people_do(typed, said):
    assert called(typed) == said


def test_a_facet_with_more_values_leads_to_all_of_them_and_back():
    few = Facet("ext", "Extension", "values", [FacetValue(".csv", ".csv", 8, "")], other=3)
    every = Facet("ext", "Extension", "values", [FacetValue(f".{it}", f".{it}", 1, "") for it in range(40)])
    [column] = columns(Facets(11, [few]), "fox", "newest")
    assert (column.more, column.fewer) == ("/search?q=fox&sort=newest&facet=ext", "")
    [column] = columns(Facets(11, [few]), "fox", "newest", every)
    assert (len(column.values), len(column.rest), column.more) == (40, 0, "")
    assert column.fewer == "/search?q=fox&sort=newest"


def test_a_search_tells_the_values_of_the_metadata_that_it_is_narrowed_by():
    query = parse("meta.a:1 meta.b:* meta.c:x meta.d:*")
    assert [it for it in wanted(query) if it.startswith("meta.")] == ["meta.a", "meta.b", "meta.c"]
    assert [opened(it, query) for it in ("ext", "meta.b", "meta.z", "kind", "x")] == ["ext", "meta.b", "", "", ""]


def test_a_mistake_is_pointed_at():
    with pytest.raises(QuerySyntaxError) as caught:
        parse("fox gene:BRCA1")
    found = mistake("fox gene:BRCA1", caught.value)
    assert found.before == "fox "
    assert found.bad.startswith("gene")
    assert found.before + found.bad + found.after == "fox gene:BRCA1"
    assert mistake("fox", QuerySyntaxError("x", column=99)).bad == " "


@pytest.mark.parametrize(
    ("key", "name", "told"),
    [
        ("runs/fox-1.csv", "plate", ["fox", "meta.plate:*"]), ("runs/OR.csv", "Sample ID", ['meta."Sample ID":*']),
        ("NOT_this", 'a"b: c', ['meta."a""b: c":*']),
    ],
)  # fmt: skip
def test_the_first_page_gives_no_example_that_is_a_mistake(key, name, told):
    newest = ObjectHit(bucket="lab", key=key, score=None, highlights={})
    names = Facet("meta", "Metadata", "values", [FacetValue(name, name, 8, "")])
    given = examples(Facets(8, [names]), Answer(0, {}, []), Answer(1, {}, [newest]))
    assert given == told
    assert all(parse(it).all.nodes for it in given)


def test_what_somebody_made_up_in_an_address_does_no_harm():
    assert sort_of("newest") == "newest"
    assert sort_of("x") == "relevance"
    assert [start_of(it) for it in ("20", "-1", "x", "９", "9" * 30, "")] == [20, 0, 0, 0, 0, 0]


def test_a_curve_rises_from_the_first_month_to_the_last():
    drawn = plot([Month("2025-11", 1, 10), Month("2025-12", 1, 10), Month("2026-01", 3, 1000)])
    assert drawn is not None
    points = [tuple(map(float, point.split(","))) for point in drawn.curve.split()]
    assert [x for x, _ in points] == sorted(x for x, _ in points)
    assert points[0][1] == points[1][1] > points[2][1]
    assert [line.text for line in drawn.lines] == ["0 B", "250 B", "500 B", "750 B", "1.0 kB"]
    assert plot([Month("2026-01", 3, 1000)]) is None
    assert plot([Month("2025-12", 1, 0), Month("2026-01", 1, 0)]) is None


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("a/b.csv", "b.csv"), ("a b/é.csv", "%C3%A9.csv"), ("x/", "x"), ("/", "file"), ("..", "file"),
        ('a";x\r\ny', "a_%3Bx__y"), ("C:\\x", "C__x"),
    ],
)  # fmt: skip
def test_a_file_is_saved_under_its_name(key, name):
    assert saved_as(key) == name


def test_every_folder_on_the_way_has_an_address():
    assert steps("lab", "a//b/") == [
        ("Buckets", "/"), ("lab", "/b/lab"), ("files", "/b/lab/tree/"), ("a", "/b/lab/tree/a/"),
        ("(no name)", "/b/lab/tree/a//"), ("b", "/b/lab/tree/a//b/"),
    ]  # fmt: skip


def test_of_a_path_that_is_very_deep_the_ends_are_told():
    deep = "".join(f"{level}/" for level in range(400))
    names = [name for name, _ in steps("lab", deep)]
    assert names == ["Buckets", "lab", "files", "0", "1", "…", *map(str, range(392, 400))]
    assert steps("lab", deep)[-1][1] == f"/b/lab/tree/{deep}"
    assert all(href for name, href in steps("lab", "x/" * 11) if name), "eleven are all told"


@pytest.mark.parametrize(
    ("suggested", "href"),
    [
        (Suggestion("a.csv", "object", "key:a.csv", bucket="lab", key="x/a.csv"), "/b/lab/object/x/a.csv"),
        (Suggestion("x/", "folder", "key:x/*", bucket="lab", key="x"), "/b/lab/tree/x/"),
        (Suggestion("bio/p", "package", "package:bio/p", bucket="lab", handle="bio/p"), "/p/lab/bio/p"),
        (Suggestion("size:", "qualifier", "size:"), None),
        (Suggestion(".csv", "value", "ext:.csv"), None),
    ],
)  # fmt: skip
def test_a_suggestion_opens_what_it_names(suggested, href):
    assert told(suggested).get("href") == href
    assert ("more" in told(suggested)) == (suggested.kind == "qualifier")
