"""What the pages name is there: files, targets, commands, settings, metrics."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def text(*paths: str) -> str:
    return "\n".join(path.read_text() for pattern in paths for path in ROOT.glob(pattern))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_paths_lead_to_files(page):
    content = page.read_text()
    prose = re.sub(r"```.*?```", "", content, flags=re.DOTALL)
    links = re.findall(r"\]\((?!https?:)([^)#]+)", prose)
    assert [link for link in links if not (page.parent / link).exists()] == []
    folders = "docs|events|functions|layers|tests|benchmarks|requirements|local|aws|index|objects|changes|packages"
    places = rf"`((?:{folders}|registry|digests|manifest|search)/[\w./*-]+)`"
    package = ROOT / "layers/bucketdex/bucketdex"
    named = re.findall(places, content)
    assert [name for name in named if not list(ROOT.glob(name)) and not list(package.glob(name))] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_make_target_that_is_named_exists(page):
    targets = set(re.findall(r"^([a-z0-9-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = re.findall(r"(?:^|`)make ([a-z][a-z0-9-]*)", page.read_text(), re.MULTILINE)
    assert set(named) <= targets


def test_every_setting_and_metric_is_documented():
    operations = (ROOT / "docs/operations.md").read_text()
    settings = set(re.findall(r"\b(BUCKETDEX_[A-Z0-9_]+)\b", text("template.yaml")))
    assert {name for name in settings if name not in operations and "DEAD_LETTERS" not in name} == set()
    told = text("layers/bucketdex/bucketdex/changes/telemetry.py", "functions/*/app.py")
    metrics = set(re.findall(r'(?:name=|^\s+|": )"([A-Z][A-Za-z0-9]+)"', told, re.MULTILINE))
    # Those that a domain counts by their names, and the one that is a constant there.
    metrics |= set(re.findall(r'counts\["(\w+)"\]', text("layers/bucketdex/bucketdex/*/*.py"))) | {"OnlyTrailKnew"}
    assert {"PackagesIndexed", "EventAge", "TrailRecords", "KeysChecked"} <= metrics
    assert {name for name in metrics if f"`{name}`" not in operations} == set()


def test_no_page_or_source_names_a_path_of_a_machine():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    texts = [
        ROOT / name for name in tracked if name.endswith((".py", ".md", ".yaml", ".toml", ".sh")) and name != "LICENSE"
    ]
    found = [
        path for path in texts if path.is_file() and re.search(r"(?<![\w.])/(?:root|home|Users)/\w", path.read_text())
    ]
    assert found == []
