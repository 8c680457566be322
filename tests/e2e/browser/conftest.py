"""The catalog of the demo's stack in Debian's Chromium: the stack and the browser once, a page for each test.

Screenshots go to `.screenshots/`, which no commit holds. BUCKETDEX_DEMO_HOME=folder takes the demo's stack that runs
there, while the catalog is worked on.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

import parts
from bucketdex.local import stack
from e2e.browser import kinds

BUCKETDEX = Path(sys.executable).with_name("bucketdex")
SCREENSHOTS = parts.ROOT / ".screenshots"
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
# WCAG 2.2 AA and axe's best practice; of contrast alone, and of all else.
ALL = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
CONTRAST, REST = {"runOnly": ["color-contrast"]}, ALL | {"rules": {"color-contrast": {"enabled": False}}}

type Open = Callable[..., Page]


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[stack.State]:
    """The stack that `bucketdex demo` leaves: its buckets, packages, and records of a trail."""
    if running := os.environ.get("BUCKETDEX_DEMO_HOME"):
        current = stack.status(Path(running))
        assert current, f"no stack runs in {running}"
        yield current
        return
    home = tmp_path_factory.mktemp("demo")
    env = surroundings(home)
    done = subprocess.run([BUCKETDEX, "demo"], check=False, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    state = stack.status(home)
    assert state
    yield state
    stack.down(home, purge=True)


def surroundings(home: Path) -> dict[str, str]:
    """Return the environment of a command for the stack in a folder."""
    ours = {name: it for name, it in os.environ.items() if not name.startswith(("AWS_", "BUCKETDEX_"))}
    return ours | {"BUCKETDEX_HOME": str(home)}


@pytest.fixture(scope="session")
def address(demo: stack.State) -> str:
    """The address of the catalog, without a slash at its end."""
    return stack.environment(demo)["BUCKETDEX_API_URL"].rstrip("/")


@pytest.fixture(scope="session")
def revisions(demo: stack.State, address: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The older and the newer revision of a package with a file of each kind, by their top hashes."""
    env = surroundings(Path(demo.home)) | stack.environment(demo)
    older, newer = kinds.push(tmp_path_factory.mktemp("kinds"), address, env)
    return {"older": older, "newer": newer}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[Open]:
    """Opens a path in a context of its own: `open_page("/search?q=x", dark=True, narrow=True, script=False)`.

    A page that logs an error, has a script refused by its policy, or asks another host for something, fails its test.
    """
    contexts, complaints = [], []

    def open_(
        path: str = "/", *, dark: bool = False, narrow: bool = False, script: bool = True, status: int = 200
    ) -> Page:
        context = browser.new_context(
            viewport=NARROW if narrow else WIDE,
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: complaints.append(f"{path}: {error}"))
        page.on("console", lambda said: complaints.append(f"{path}: {said.text}") if complains(said, status) else None)
        page.on(
            "request",
            lambda asked: None if asked.url.startswith((address, "data:")) else complaints.append(f"asks {asked.url}"),
        )
        answer = page.goto(address + path)
        assert answer and answer.status == status, (path, answer and answer.status)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not complaints


def complains(said: ConsoleMessage, status: int) -> bool:
    """Tell whether a line of the console is of a fault; a status that is an error's is what its test expects."""
    return said.type == "error" and not (status >= 400 and f"status of {status}" in said.text)


def screenshot(page: Page, name: str) -> None:
    """Keep a picture of the whole page."""
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


def violations(page: Page, options: dict[str, Any]) -> list[str]:
    """Return what axe finds wrong with the page, by the rules that the options name."""
    found = Axe().run(page, options=options).response["violations"]
    return [f"{it['id']}: {it['help']}: {[node['html'][:200] for node in it['nodes'][:3]]}" for it in found]
