"""The page `/api/docs`: the OpenAPI document for people to read. No script, and nothing from elsewhere."""

import hashlib
import json
from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER = Path(__file__).parent / "templates"
STYLE = (FOLDER / "docs.css").read_text()
POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    f"style-src 'sha256-{b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'"
)
# What the examples ask for; a parameter that is not here is left out of them.
ASKED = {
    "q": "penguins", "bucket": "my-data", "key": "raw/penguins.csv", "author": "bio", "name": "penguins",
    "top_hash": "latest", "prefix": "images/",
}  # fmt: skip
SEPARATELY = {"reads": {"prefix"}, "search": {"bucket"}, "facets": {"bucket"}, "packages": {"bucket", "q"}}  # left out
BODIES = {"digests": '[{"bucket": "my-data", "key": "raw/penguins.csv"}]'}


type Said = list[tuple[bool, str]]  # a text in pieces, and whether each is code


class Piece(msgspec.Struct, frozen=True):
    """A piece of the name of a type; `link` is the schema that it names."""

    text: str
    link: str = ""


class Row(msgspec.Struct, frozen=True):
    """A parameter of an operation, or a field of a schema."""

    name: str
    pieces: tuple[Piece, ...]
    description: Said = []
    where: str = ""
    required: bool = False
    default: str = ""
    bounds: str = ""


def page(document: dict[str, Any]) -> str:
    """Return the page of a document."""
    schemas = document["components"]["schemas"]
    topics = [
        {"name": tag["name"], "description": tag["description"], "operations": list(_operations(document, tag["name"]))}
        for tag in document["tags"]
    ]
    return (
        _environment()
        .get_template("docs.html")
        .render(
            title=document["info"]["title"],
            version=document["info"]["version"],
            openapi=document["openapi"],
            paragraphs=[_ticked(it) for it in document["info"]["description"].split("\n\n")],
            topics=topics,
            schemas=[_schema(name, it) for name, it in schemas.items()],
            style=STYLE,
        )
    )


def _operations(document: dict[str, Any], tag: str) -> Iterator[dict[str, Any]]:
    for path, operations in document["paths"].items():
        for method, it in operations.items():
            if tag in it.get("tags", ()):
                yield _operation(path, method, it)


def _operation(path: str, method: str, it: dict[str, Any]) -> dict[str, Any]:
    answers = [
        {
            "status": status,
            "description": _ticked(said["description"]),
            "pieces": [piece for body in said.get("content", {}).values() for piece in _pieces(body["schema"])],
        }
        for status, said in it["responses"].items()
    ]
    example = it["responses"]["200"]["content"]["application/json"].get("example")
    return {
        "id": it["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": it["summary"],
        "description": _ticked(it.get("description", "")),
        "parameters": [_parameter(each) for each in it.get("parameters", ())],
        "body": _pieces(it["requestBody"]["content"]["application/json"]["schema"]) if "requestBody" in it else (),
        "request": _request(path, method, it),
        "answers": answers,
        "example": json.dumps(example, indent=2, ensure_ascii=False) if example is not None else "",
    }


def _parameter(it: dict[str, Any]) -> Row:
    schema = it["schema"]
    default = schema.get("default")
    return Row(
        it["name"],
        _pieces(schema),
        _ticked(it.get("description", "")),
        it["in"],
        required=it.get("required", False),
        default="" if default in (None, "") else json.dumps(default).strip('"'),
        bounds=_bounds(schema),
    )


def _schema(name: str, it: dict[str, Any]) -> dict[str, Any]:
    required = set(it.get("required", ()))
    rows = [
        Row(field, _pieces(of), _ticked(of.get("description", "")), required=field in required, bounds=_bounds(of))
        for field, of in it.get("properties", {}).items()
    ]
    return {"name": name, "description": _ticked(it.get("description", "")), "rows": rows}


def _pieces(schema: dict[str, Any]) -> tuple[Piece, ...]:
    """Return a type in words: `list of Hit or null`."""
    found: tuple[Piece, ...]
    match schema:
        case {"$ref": ref}:
            name = ref.rpartition("/")[2]
            found = (Piece(name, name),)
        case {"anyOf": either} | {"oneOf": either}:
            found = tuple(_joined([_pieces(it) for it in either], " or "))
        case {"enum": values}:
            found = (Piece(" | ".join(map(str, values))),)
        case {"type": "array"}:
            found = (Piece("list of "), *_pieces(schema.get("items") or {}))
        case {"type": "object", "additionalProperties": dict(values)}:
            found = (Piece("map to "), *_pieces(values))
        case {"type": kind}:
            found = (Piece(schema.get("format", kind)),)
        case _:
            found = (Piece("anything"),)
    return found


def _joined(groups: list[tuple[Piece, ...]], between: str) -> Iterator[Piece]:
    for number, group in enumerate(groups):
        if number:
            yield Piece(between)
        yield from group


def _bounds(schema: dict[str, Any]) -> str:
    of: dict[str, Any] = next(
        (it for it in (schema, *schema.get("anyOf", ())) if it.keys() & {"maximum", "maxLength", "maxItems"}), {}
    )
    if "maximum" in of:
        return f"{of.get('minimum', 0):g} to {of['maximum']:g}"
    if "maxItems" in of:
        return f"at most {of['maxItems']}"
    return f"at most {of['maxLength']:,} characters" if "maxLength" in of else ""


def _request(path: str, method: str, it: dict[str, Any]) -> str:
    fields: list[tuple[str, str]] = []
    for each in it.get("parameters", ()):
        name, value = each["name"], ASKED.get(each["name"])
        if value is None or (each["in"] == "query" and name in SEPARATELY.get(it["operationId"], ())):
            continue
        if each["in"] == "path":
            path = path.replace(f"{{{name}}}", value.replace("/", "%2F"))
        else:
            fields.append((name, value))
    address = f"$BUCKETDEX_API_URL{path}" + (f"?{urlencode(fields)}" if fields else "")
    if method == "post":
        return f"curl \"{address}\" -H 'Content-Type: application/json' \\\n  -d '{BODIES[it['operationId']]}'"
    return f'curl "{address}"'


def _ticked(text: str) -> Said:
    """Return a text in pieces, and whether each is code."""
    return [(bool(number % 2), part) for number, part in enumerate(" ".join(text.split()).split("`")) if part]


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415, cold start: only for this page

    loader = FileSystemLoader(FOLDER)
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
