"""Metadata from paths: `plate{plate:int}/well{well}.tif` takes plate 7 and well B3 from `plate7/wellB3.tif`.

`{name}` takes what stands there, within one name of the path; `{name:int}` and `{name:float}` a number; `{name:path}`
may span `/`. `{}` and `{:path}` take what varies without keeping it. `{{` and `}}` are braces themselves.
"""

import re
from collections.abc import Callable
from string import Formatter
from typing import Any

from bucketdex.registry.errors import PackageError

type Taken = Callable[[str], dict[str, Any] | None]

TYPES: dict[str, tuple[str, Callable[[str], Any]]] = {
    "": (r"[^/]+?", str),
    "str": (r"[^/]+?", str),
    "path": (r".+?", str),
    "int": (r"[+-]?[0-9]+", int),
    "float": (r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", float),
}


def taker(pattern: str) -> Taken:
    """Return what takes metadata from a path, None where the path is not of the pattern.

    Raises `PackageError` for a pattern that cannot be read.
    """
    try:
        parts = list(Formatter().parse(pattern))
    except ValueError as error:
        raise _fault(pattern, f"{error}; a brace itself is {{{{ or }}}}") from error
    made, kinds = "", dict[str, Callable[[str], Any]]()
    for literal, name, kind, conversion in parts:
        made += re.escape(literal)
        if name is None:
            continue
        expression, convert = TYPES.get(kind or "", ("", str))
        if not expression or conversion:
            raise _fault(pattern, f"{{{name}:{kind}}} has to be one of {', '.join(filter(None, TYPES))}")
        if name and not name.isidentifier():
            raise _fault(pattern, f"{name!r} is no name: letters, digits and _, not a digit first")
        if name in kinds:
            raise _fault(pattern, f"{name!r} stands in it twice")
        if name:
            kinds[name] = convert
        made += f"(?P<{name}>{expression})" if name else f"(?:{expression})"
    if not kinds:
        raise _fault(pattern, "it names nothing to take, as {plate} would")
    matched = re.compile(made).fullmatch

    def take(path: str) -> dict[str, Any] | None:
        found = matched(path)
        return {name: convert(found[name]) for name, convert in kinds.items()} if found else None

    return take


def _fault(pattern: str, reason: str) -> PackageError:
    return PackageError(f"the pattern {pattern!r} cannot be used: {reason}")
