"""Every page of the catalog, in both themes, wide and narrow: nobody is shut out, nothing sticks out.

What `open_page` finds amiss (errors, requests to other hosts) fails a test as well; see conftest.py.
"""

import pytest
from playwright.sync_api import Page

from bucketdex.catalog import routing
from bucketdex.http import Request
from e2e.browser import kinds
from e2e.browser.conftest import ALL, CONTRAST, REST, screenshot, violations
from parts import requires

pytestmark = [requires("chromium"), pytest.mark.xdist_group("browser")]

DEMO = kinds.BUCKET
PACKAGE = f"/p/{DEMO}/demo/penguins"
KINDS = f"/p/{DEMO}/{kinds.HANDLE}"
PAGES = {  # {older} and {newer} are revisions of a package
    "home": "/",
    "search": "/search?q=penguins",
    "search-nothing": "/search?q=xylophone+zebra",
    "search-mistake": "/search?q=size%3A10+MB+gene%3ABRCA1",
    "bucket": f"/b/{DEMO}",
    "folder": f"/b/{DEMO}/tree/nbgrader/user_guide/",
    "object-table": f"/b/{DEMO}/object/demo/penguins/penguins.csv",
    "object-json": f"/b/{DEMO}/object/countryinfo/iceland.json",
    "object-notebook": f"/b/{DEMO}/object/nbgrader/user_guide/managing_assignment_files.ipynb",
    "object-image": f"/b/{DEMO}/object/nbgrader/user_guide/images/markdown_cell_jlab.png",
    "object-pdf": f"/b/{DEMO}/object/{kinds.HANDLE}/data/pages.pdf",
    "object-deleted": f"/b/{DEMO}/object/palmerpenguins/penguins-raw.csv",
    "object-gone": f"/b/{DEMO}/object/never/was.csv",
    "packages": "/packages",
    "package": PACKAGE,
    "package-previews": KINDS,
    "package-older": f"{KINDS}/{{older}}",
    "package-folder": f"{KINDS}/{{newer}}/tree/data/",
    "diff": f"{KINDS}/diff?from={{older}}&to={{newer}}",
    "status": "/status",
    "help": "/help",
    "nowhere": "/nowhere",
}

STATUS = {"search-mistake": 422, "object-deleted": 404, "object-gone": 404, "nowhere": 404}
# A theme has other colours and nothing else, a narrow page all but other colours.
LOOKED_AT = {"light": ALL, "dark": CONTRAST, "light-narrow": REST}
NO_PAGE = {"static", "suggest", "raw", "download"}


def test_no_page_is_left_out():
    asked = [routing.found(Request(path=path.partition("?")[0])) for path in PAGES.values()]
    assert {it.page for it in asked if it} == {page for _, page in routing.ROUTES} - NO_PAGE


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_and_fits_in_both_themes_wide_and_narrow(open_page, revisions, name):
    path = PAGES[name].format(**revisions)
    for look in ("light", "dark", "light-narrow", "dark-narrow"):
        page = open_page(
            path, dark=look.startswith("dark"), narrow=look.endswith("narrow"), status=STATUS.get(name, 200)
        )
        screenshot(page, f"{name}-{look}")
        assert look not in LOOKED_AT or violations(page, LOOKED_AT[look]) == []
        # Wide tables scroll within themselves.
        width, room = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert width <= room, f"{name}: {width} px in {room}"
        assert page.title().endswith("bucketdex")
        assert page.locator("h1").count() == 1


@pytest.mark.parametrize("name", PAGES)
def test_a_page_leads_to_the_same_places_without_javascript(open_page, revisions, name):
    path, status = PAGES[name].format(**revisions), STATUS.get(name, 200)
    with_, without = (open_page(path, script=script, status=status) for script in (True, False))
    assert places(without) == places(with_)


LED = "(all) => all.map((it) => String(it.getAttribute('href') ?? it.getAttribute('action')))"


def places(page: Page) -> list[str]:
    """Return the headings, and where the links and forms lead to."""
    main = page.locator("main")
    led = main.locator("a, form[action]").evaluate_all(LED)
    return [*main.locator("h1, h2, h3").all_text_contents(), *led]


def test_a_place_within_a_page_is_gone_to_without_loading_it_anew(open_page):
    page = open_page(PACKAGE)
    page.evaluate("document.querySelector('main').dataset.same = 'yes'")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the link that skips to the content
    page.wait_for_load_state("networkidle")
    assert page.evaluate("[document.activeElement.id, document.activeElement.dataset.same]") == ["main", "yes"]


SENT = ("responseHeadersSize", "responseBodySize")


def test_a_cold_search_page_is_light(browser, address):
    context = browser.new_context()
    page = context.new_page()
    sizes = []
    page.on("requestfinished", lambda asked: sizes.append(sum(asked.sizes()[it] for it in SENT)))
    page.goto(f"{address}/search?q=penguins", wait_until="networkidle")
    context.close()
    assert len(sizes) >= 3 and sum(sizes) < 100_000
