"""`.quiltignore`: which files of a folder are no part of the package, read as the reference client reads it.

Each line is a pattern as the shell has them (`*`, `?`, `[ab]`), for files and folders alike, that fits anywhere beneath
the folder; `*` also spans `/`. What ends with `/` means folders only. There are no comments and no exceptions.
"""

import fnmatch
import re
from collections.abc import Callable, Iterable

NAME = ".quiltignore"

type Ignored = Callable[[str], bool]


def ignored_by(text: str) -> Ignored:
    """Return what tells whether a file is ignored, itself or with a folder that it is in, by the content of the file.

    Paths are relative to the folder, with `/`; that of a folder ends with one.
    """
    rules = [rule for rule in text.splitlines() if rule]
    if not rules:
        return lambda _: False
    # The reference client lets the pattern begin anywhere in the absolute path; here it begins within the folder.
    matches = re.compile("|".join(_patterns(rules))).match

    def ignored(path: str) -> bool:
        names = path.split("/")
        folders = ["/" + "/".join(names[:depth]) for depth in range(1, len(names))]
        own = bool(names[-1]) and matches(f"/{path}") is not None
        return own or any(matches(each) or matches(f"{each}/") for each in folders)

    return ignored


def _patterns(rules: Iterable[str]) -> Iterable[str]:
    return (fnmatch.translate(f"*/{rule}") for rule in rules)
