"""What all tests share: how examples are generated, what a machine may lack, and the account of what could not run."""

import os
from collections import Counter
from pathlib import Path

import hypothesis
import pytest

import parts

# Examples are slow on a busy machine, which is no failure. In CI the same ones run each time.
hypothesis.settings.register_profile("default", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "default")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "requires(part): needs a part of the machine, see tests/parts.py")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    parts.check(item)


def pytest_terminal_summary(terminalreporter) -> None:
    """Leave what was skipped to `make test`, which tells it once at the end of all suites."""
    account = os.environ.get("BUCKETDEX_COULD_NOT_RUN")
    skipped = terminalreporter.getreports("skipped")
    if not account or not skipped or hasattr(terminalreporter.config, "workerinput"):  # xdist's workers do this too
        return
    reasons = Counter((report.nodeid.split("::")[0], _reason(report)) for report in skipped)
    Path(account).parent.mkdir(exist_ok=True)
    with Path(account).open("a") as file:
        file.writelines(f"  {path} ({count}): {reason}\n" for (path, reason), count in reasons.items())


def _reason(report: pytest.TestReport) -> str:
    told = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longreprtext
    return told.removeprefix("Skipped: ")
