"""How this command was called, so that the commands which it names can be pasted as they are."""

import functools
import os
import re
import shutil
import sys
from pathlib import Path
from shlex import quote

NAME = "bucketdex"
MENTIONED = re.compile(
    rf"(?<![\w./-]){NAME}(?= (?:demo|local|bucket|search|show|reads|hash|package|trail|status|dead-letters|"
    r"parse-event|--help)\b)"
)


def command() -> str:
    """Return what runs `bucketdex` from this shell: its name where that is on the PATH, else its place."""
    return _command(sys.argv[0], os.environ.get("PATH", ""), Path.cwd())


def as_called(text: str) -> str:
    """Return the text with each command that it names, such as `bucketdex local up`, as it can be run here."""
    me = command()
    return text if me == NAME else MENTIONED.sub(lambda _: me, text)


@functools.cache
def _command(called: str, path: str, folder: Path) -> str:
    here = Path(called).absolute()
    on_path = shutil.which(NAME, path=path)
    # Anything else of another name is a program that has our commands in it, such as a test.
    if here.name != NAME or (on_path and Path(on_path).resolve() == here.resolve()):
        return NAME
    place = os.path.relpath(here, folder) if here.is_relative_to(folder) else str(here)
    return quote(place if "/" in place else f"./{place}")
