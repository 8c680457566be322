"""Searching in the browser: by mouse, by keyboard alone, and without JavaScript; every state has an address."""

import re

import pytest
from playwright.sync_api import Page, expect

from parts import requires

pytestmark = [requires("chromium"), pytest.mark.xdist_group("browser")]

HITS = "[data-hit]"
BOX = "main input[type=search]"


def hits(page: Page) -> list[str]:
    """Return where the hits lead to."""
    return [str(hit.get_attribute("href")) for hit in page.locator(HITS).all()]


def stays(page: Page) -> None:
    """Mark the document, so that `stayed` tells whether it was loaded anew."""
    page.evaluate("window.stayed = true")


def stayed(page: Page) -> bool:
    return page.evaluate("window.stayed === true")


def test_what_is_typed_on_the_first_page_is_found(open_page):
    page = open_page("/")
    page.locator(BOX).fill("nuuk")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/search\?q=nuuk$"))
    expect(page.locator(HITS).first).to_contain_text("greenland.json")
    expect(page.locator("main mark").first).to_have_text(re.compile("nuuk", re.IGNORECASE))


def test_suggestions_complete_what_is_typed(open_page):
    page = open_page("/search")
    page.locator(BOX).press_sequentially("ex")
    option = page.get_by_role("option").filter(has_text="ext:").first
    expect(option).to_be_visible()
    expect(page.locator(BOX)).to_have_attribute("aria-expanded", "true")
    option.click()
    expect(page.locator(BOX)).to_have_value("ext:")
    page.locator(BOX).press_sequentially(".cs")
    expect(page.get_by_role("option").filter(has_text=".csv").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()


def test_the_keyboard_is_enough(open_page):
    page = open_page("/search")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("/")
    expect(page.locator(BOX)).to_be_focused()
    page.keyboard.type("penguins.csv")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"q=penguins\.csv"))
    expect(page.locator(HITS).first).to_contain_text("penguins")
    page.keyboard.press("Escape")  # closes suggestions
    page.keyboard.press("Escape")  # leaves the box
    page.keyboard.press("ArrowDown")
    expect(page.locator(HITS).first).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator(HITS).nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/(b|p)/bucketdex-demo/"))


def test_what_has_the_focus_is_seen(open_page):
    page = open_page("/search?q=penguins")
    seen = 0
    for _ in range(12):
        page.keyboard.press("Tab")
        name, outlines = page.evaluate(OUTLINES)
        if name != "BODY":
            assert any(it != "none" for it in outlines), name
            seen += 1
    assert seen > 8


# Of what has the focus, or of the box around it.
OUTLINES = """(() => {
    const own = document.activeElement;
    const styles = [own, own.closest("form") ?? own].map((it) => getComputedStyle(it));
    return [own.tagName, styles.flatMap((it) => [it.outlineStyle, it.boxShadow])];
})()"""


def test_filters_are_taken_without_loading_the_page_and_their_address_can_be_shared(open_page):
    page = open_page("/search?q=penguins")
    before = hits(page)
    stays(page)
    page.locator(".facet a").filter(has_text=".csv").first.click()
    expect(page).to_have_url(re.compile(r"q=ext(:|%3A)\.csv(\+|%20)penguins"))
    expect(page.locator(".chips")).to_contain_text("ext:.csv")
    assert stayed(page) and hits(page) != before
    narrowed = hits(page)
    shared = open_page(page.url.partition("/search")[1] + page.url.partition("/search")[2])
    assert hits(shared) == narrowed
    page.go_back()
    expect(page.locator(".chips")).to_have_count(0)
    assert hits(page) == before and stayed(page)
    page.go_forward()
    expect(page.locator(".chips")).to_contain_text("ext:.csv")
    page.locator(".chips a").filter(has_text="ext:.csv").click()
    expect(page.locator(".chips")).to_have_count(0)


def test_what_was_clicked_stays_where_it_is_and_keeps_the_focus(open_page):
    page = open_page("/search")
    page.set_viewport_size({"width": 1280, "height": 500})  # so that the page is scrolled to it
    source = page.locator(".facet a").filter(has_text=re.compile("^source"))
    source.scroll_into_view_if_needed()
    before = source.bounding_box()
    source.click()
    expect(page.locator(".chips")).to_contain_text("meta.source:*")
    after = source.bounding_box()
    assert before and after and abs(before["y"] - after["y"]) < 2
    expect(source).to_be_focused()
    page.get_by_label("Sort by").focus()
    page.get_by_label("Sort by").select_option("largest")
    expect(page).to_have_url(re.compile("sort=largest"))
    expect(page.get_by_label("Sort by")).to_be_focused()
    page.locator(".chips a").first.click()
    expect(page.locator("#results")).to_be_focused()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "none", "no frame around all"


def test_a_search_from_the_search_page_does_not_load_it_anew_and_other_pages_are_loaded(open_page):
    page = open_page("/search?q=penguins&sort=newest")
    stays(page)
    page.locator(BOX).fill("xylophone zebra")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"q=xylophone\+zebra&sort=newest$"))
    expect(page.get_by_role("heading", name="Nothing was found")).to_be_visible()
    expect(page.locator(BOX)).to_be_focused()
    assert stayed(page)
    page.get_by_role("link", name="What else can be typed").click()
    expect(page).to_have_url(re.compile("/help$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("What can be typed")
    assert not stayed(page)


def test_a_registry_is_chosen_by_keys_without_leaving_the_page(open_page):
    page = open_page("/packages")
    stays(page)
    page.get_by_label("Registry").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Registry")).to_have_value("bucketdex-demo")
    page.wait_for_load_state("networkidle")
    assert stayed(page)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("registry=bucketdex-demo"))


@pytest.mark.parametrize("script", [True, False])
def test_all_values_of_a_facet_are_shown_and_those_of_metadata_that_were_chosen(open_page, script):
    page = open_page("/search", script=script)
    assert page.locator(".facet a").filter(has_text=".md").count() == 0
    page.get_by_role("link", name="Show all of them").first.click()
    expect(page.locator(".facet a").filter(has_text=".md")).to_be_visible()
    expect(page).to_have_url(re.compile("facet=ext"))
    page.get_by_role("link", name="Show fewer").click()
    expect(page.locator(".facet a").filter(has_text=".md")).to_have_count(0)
    page.locator(".facet a").filter(has_text=re.compile("^source")).click()
    page.locator(".facet a").filter(has_text="countryinfo").click()
    expect(page.locator(".chips")).to_have_text(re.compile(r"^\s*meta\.source:\S*countryinfo"))
    expect(page.locator(".facet a").filter(has_text="nbgrader")).to_be_visible()


def test_without_javascript_there_is_all_of_it_too(open_page):
    page = open_page("/", script=False)
    page.locator(BOX).fill("penguins")
    page.get_by_role("button", name="Search").last.click()
    expect(page.locator(HITS).first).to_be_visible()
    page.locator(".facet a").filter(has_text=".csv").first.click()
    expect(page.locator(".chips")).to_contain_text("ext:.csv")
    page.goto(page.url.partition("/search")[0] + "/search")
    first = hits(page)
    page.get_by_role("link", name="Next page").click()
    assert hits(page) and not set(hits(page)) & set(first)
    page.get_by_label("Sort by").select_option("largest")
    page.get_by_role("button", name="Sort").click()
    expect(page).to_have_url(re.compile("sort=largest"))


def test_a_mistake_is_pointed_at_and_mended_with_a_click(open_page):
    page = open_page("/search?q=size%3A10+MB", status=422)
    expect(page.locator(BOX)).to_have_attribute("aria-invalid", "true")
    mended = page.locator("#mistake a").first
    expect(mended).to_contain_text("size:10MB")
    mended.click()
    expect(page.locator("#mistake")).to_have_count(0)


def test_the_theme_is_chosen_and_remembered(open_page):
    page = open_page("/")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Switch between light and dark").click()
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert dark != light
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark
