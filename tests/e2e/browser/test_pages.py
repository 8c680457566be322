"""Every page of the catalog, in both themes, wide and narrow: nobody is shut out, nothing sticks out.

What `open_page` finds amiss (errors, requests to other hosts) fails a test as well; see conftest.py.
"""

import pytest
from playwright.sync_api import Page

from e2e.browser.conftest import screenshot, violations
from parts import requires

pytestmark = [requires("chromium"), pytest.mark.xdist_group("browser")]

DEMO = "bucketdex-demo"
PACKAGE = f"/p/{DEMO}/demo/penguins"
PAGES = {
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
    "object-gone": f"/b/{DEMO}/object/never/was.csv",
    "packages": "/packages",
    "package": PACKAGE,
    "status": "/status",
    "help": "/help",
    "nowhere": "/nowhere",
}

STATUS = {"search-mistake": 422, "object-gone": 404, "nowhere": 404}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_and_fits_in_both_themes_wide_and_narrow(open_page, name):
    for look in ("light", "dark", "light-narrow", "dark-narrow"):
        page = open_page(
            PAGES[name], dark=look.startswith("dark"), narrow=look.endswith("narrow"), status=STATUS.get(name, 200)
        )
        screenshot(page, f"{name}-{look}")
        # Colours are the same when it is narrow.
        assert look == "dark-narrow" or violations(page) == []
        # Wide tables scroll within themselves.
        width, room = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert width <= room, f"{name}: {width} px in {room}"
        assert page.title().endswith("bucketdex")
        assert page.locator("h1").count() == 1


@pytest.mark.parametrize("name", PAGES)
def test_a_page_leads_to_the_same_places_without_javascript(open_page, name):
    status = STATUS.get(name, 200)
    with_, without = (open_page(PAGES[name], script=script, status=status) for script in (True, False))
    assert places(without) == places(with_)


def places(page: Page) -> list[str]:
    """Return the headings, and where the links and forms lead to."""
    main = page.locator("main")
    led = [it.get_attribute("href") or it.get_attribute("action") for it in main.locator("a, form[action]").all()]
    return [*main.locator("h1, h2, h3").all_text_contents(), *map(str, led)]


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
