"""Hits as tables: which columns there are follows from the fields of the kinds that were asked for."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from bucketdex.client.errors import SearchError
from bucketdex.client.hits import OF_KIND, Hit

if TYPE_CHECKING:
    import pandas
    import pyarrow

Form = Literal["text", "integer", "number", "yes or no", "time", "texts", "structure"]
FIRST = ("kind", "uri", "bucket")
LAST = ("score",)
LEFT_OUT = ("highlights",)  # HTML, for people
TIMES = ("modified",)
FORMS: dict[Any, Form] = {str: "text", int: "integer", float: "number", bool: "yes or no"}
OF_PANDAS = {"text": "string", "integer": "Int64", "number": "Float64", "yes or no": "boolean"}
# Structures of which a table tells what is searched for.
SHORT: dict[str, tuple[Form, Callable[[Any], Any]]] = {
    "written_by": ("text", lambda it: it.get("name")),
    "packages": ("texts", lambda it: list(dict.fromkeys(each["handle"] for each in it))),
    "hash": ("text", lambda it: f"{it['type']}:{it['value']}"),
}

type Columns = dict[str, Form]


@cache
def columns(kinds: tuple[str, ...] = ()) -> Columns:
    """Return the columns of hits of these kinds, or of any, and what form their values have."""
    found: Columns = {}
    for kind, made in OF_KIND.items():
        if not kinds or kind in kinds:
            found |= {name: _form(name, hint) for name, hint in _hints(made).items()}
    order = [*FIRST, *(name for name in found if name not in (*FIRST, *LAST, *LEFT_OUT)), *LAST]
    return {name: found.get(name, "text") for name in order}


def rows(hits: Iterable[Hit], names: Iterable[str]) -> Iterable[list[Any]]:
    """Yield the values of each hit, None where it has none of that name."""
    names = list(names)
    for hit in hits:
        told = msgspec.to_builtins(hit)  # without what is empty
        told |= {name: made(told[name]) for name, (_, made) in SHORT.items() if name in told} | {"uri": hit.uri}
        yield [told.get(name) for name in names]


def to_arrow(hits: Sequence[Hit], kinds: tuple[str, ...] = ()) -> "pyarrow.Table":
    """Return hits as a table of Arrow; raises `SearchError` where pyarrow is not installed."""
    arrow = _library("pyarrow", "to_arrow")
    types = {
        "text": arrow.string(), "integer": arrow.int64(), "number": arrow.float64(), "yes or no": arrow.bool_(),
        "time": arrow.timestamp("us", "UTC"), "texts": arrow.list_(arrow.string()), "structure": arrow.string(),
    }  # fmt: skip
    found = columns(kinds)
    values = _values(hits, found)
    arrays = [arrow.array(values[name], types[form]) for name, form in found.items()]
    table: pyarrow.Table = arrow.table(dict(zip(found, arrays, strict=True)))
    return table


def to_pandas(hits: Sequence[Hit], kinds: tuple[str, ...] = ()) -> "pandas.DataFrame":
    """Return hits as a DataFrame; raises `SearchError` where pandas is not installed."""
    library = _library("pandas", "to_pandas")
    found = columns(kinds)
    values = _values(hits, found)
    made = {
        name: library.Series(
            values[name], dtype="datetime64[us, UTC]" if form == "time" else OF_PANDAS.get(form, object)
        )
        for name, form in found.items()
    }
    frame: pandas.DataFrame = library.DataFrame(made)
    return frame


def _values(hits: Sequence[Hit], found: Columns) -> dict[str, list[Any]]:
    made: dict[str, list[Any]] = {name: [] for name in found}
    for row in rows(hits, found):
        for (name, form), value in zip(found.items(), row, strict=True):
            made[name].append(_value(value, form))
    return made


def _value(value: Any, form: Form) -> Any:
    match form:
        case "time":
            return None if value is None else datetime.fromisoformat(value)
        case "texts":
            return value or []
        case "structure":
            return msgspec.json.encode(value).decode() if value else None
    return value


def _hints(made: type) -> dict[str, Any]:
    """Return the types of a hit's fields, in their order."""
    hints = get_type_hints(made)
    return {name: hints[name] for name in made.__struct_fields__}  # type: ignore[attr-defined]


def _form(name: str, hint: Any) -> Form:
    """Return the form of a field; of one with structures in it their JSON is told."""
    if name in TIMES or name in SHORT:
        return "time" if name in TIMES else SHORT[name][0]
    types = [it for it in get_args(hint) if it is not type(None)] if type(None) in get_args(hint) else [hint]
    if len(types) == 1 and types[0] in FORMS:
        return FORMS[types[0]]
    of_many = types[0] if len(types) == 1 and get_origin(types[0]) in (list, tuple) else None
    return "texts" if of_many and get_args(of_many)[0] is str else "structure"


def _library(name: str, needed_by: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise SearchError(f"{needed_by} needs the Python package {name}: pip install {name}") from error
