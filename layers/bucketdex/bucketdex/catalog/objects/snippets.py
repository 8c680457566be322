"""How an object is got on a command line and in Python, as text to copy."""

import json
import re
import shlex

import msgspec

from bucketdex.manifest.layout import s3_uri
from bucketdex.searching.language.editing import with_value
from bucketdex.searching.language.mistakes import QuerySyntaxError
from bucketdex.searching.language.parsing import is_query, parse
from bucketdex.searching.language.printing import written
from bucketdex.searching.language.syntax import Query

LONGEST_QUERY = 500  # characters that a search takes
TABLES = {".csv": "read_csv({0})", ".tsv": 'read_csv({0}, sep="\\t")', ".parquet": "read_parquet({0})"}
PLAIN = re.compile(r"[\w./ -]*\w", re.ASCII)
PACKED = (".gz", ".bz2", ".xz", ".zst")


class Snippet(msgspec.Struct, frozen=True):
    """Some lines, and what they are for."""

    label: str
    text: str


def command_line(bucket: str, key: str, version: str | None = None) -> tuple[Snippet, ...]:
    """Return the commands that show an object and fetch it."""
    address = shlex.quote(f"s3://{bucket}/{key}")
    name = shlex.quote(key.rstrip("/").rsplit("/", 1)[-1] or "file")
    if version:
        fetch = f"aws s3api get-object --bucket {shlex.quote(bucket)} --key {shlex.quote(key)}"
        fetch += f" --version-id {shlex.quote(version)} {name}"
    else:
        fetch = f"aws s3 cp {address} {name}"
    return (Snippet("Fetch", fetch), Snippet("Look up", f"bucketdex show {address}"))


def python(bucket: str, key: str, version: str | None = None) -> Snippet:
    """Return the Python that reads an object: a table with pandas, else its bytes."""
    named = f"Bucket={literal(bucket)}, Key={literal(key)}" + (f", VersionId={literal(version)}" if version else "")
    read = f's3.get_object({named})["Body"].read()'
    lower = key.lower()
    plain, packed = next(((lower.removesuffix(it), it) for it in PACKED if lower.endswith(it)), (lower, ""))
    table = next((call for ending, call in TABLES.items() if plain.endswith(ending)), None)
    if table is None or (packed and "parquet" in table):
        return Snippet("Python", f'import boto3\n\ns3 = boto3.client("s3")\ndata = {read}')
    call = table.format("io.BytesIO(data)")
    if packed:
        method = {".gz": "gzip", ".bz2": "bz2", ".xz": "xz", ".zst": "zstd"}[packed]
        call = f'{call[:-1]}, compression="{method}")'
    imports = "import io\n\nimport boto3\nimport pandas\n\n"
    return Snippet("Python", f'{imports}s3 = boto3.client("s3")\ndata = {read}\ntable = pandas.{call}')


def searching(bucket: str, key: str) -> Snippet | None:
    """Return the Python that finds an object and opens it; None where no search is long enough for its key.

    What is searched for may find others too (its address is mentioned elsewhere, a key is like this one but for
    capitals), so the one is picked by its key.
    """
    query = _naming(bucket, key)
    if query is None:
        return None
    lines = (
        "import bucketdex",
        "",
        f'found = bucketdex.search({literal(query)}, kinds="object", buckets={literal(bucket)})',
        f"hit = next(hit for hit in found if hit.key == {literal(key)})",
        "with hit.open() as file:",
        "    data = file.read()",
    )
    return Snippet("Search", "\n".join(lines))


def _naming(bucket: str, key: str) -> str | None:
    """Return a search that finds an object first: by its address, where that is a query; else by its key."""
    query = s3_uri(bucket, key)
    return query if is_query(query) else narrowed("key", key)  # an address of many words is none


def narrowed(name: str, value: str, field: str | None = None, bucket: str | None = None) -> str | None:
    """Return the search that a qualifier makes (`tag.stage:raw`); None where there is none that is short enough."""
    try:
        query = with_value(Query(), "bucket", bucket) if bucket else Query()
        text = written(with_value(query, name, value, field))
        if not PLAIN.fullmatch(value):
            parse(text)  # of odd values there may be no query
    except QuerySyntaxError:
        return None
    return text if len(text) <= LONGEST_QUERY else None


def address(bucket: str, key: str, version: str | None = None) -> str:
    """Return the `s3://` address, as manifests have it where it names a version."""
    return s3_uri(bucket, key, version) if version else f"s3://{bucket}/{key}"


def literal(value: str) -> str:
    """Return a text as Python has it, in double quotes unless it holds what cannot be seen."""
    return json.dumps(value, ensure_ascii=False) if value.isprintable() else ascii(value)
