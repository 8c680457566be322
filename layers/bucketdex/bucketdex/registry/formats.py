"""What the bytes of a file mean, by its extension. A library is imported when its format is asked for."""

import gzip
import importlib
import io
import json
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from bucketdex.registry.errors import PackageError

type Reader = Callable[[bytes, dict[str, Any]], Any]

GZIP = ".gz"


def _text(data: bytes, options: dict[str, Any]) -> str:
    return data.decode(options.get("encoding", "utf-8"))


def _json(data: bytes, options: dict[str, Any]) -> Any:
    return json.loads(data, **options)


def _json_lines(data: bytes, options: dict[str, Any]) -> list[Any]:
    return [json.loads(line, **options) for line in data.splitlines() if line.strip()]


def _yaml(data: bytes, _: dict[str, Any]) -> Any:
    return _library("YAML", "yaml").safe_load(data)


def _csv(data: bytes, options: dict[str, Any]) -> Any:
    library = _library("CSV", "pandas", "pyarrow.csv")
    return library.read_csv(io.BytesIO(data), **options)


def _tsv(data: bytes, options: dict[str, Any]) -> Any:
    library = _library("TSV", "pandas", "pyarrow.csv")
    if library.__name__ == "pandas":
        return library.read_csv(io.BytesIO(data), **{"sep": "\t"} | options)
    return library.read_csv(io.BytesIO(data), parse_options=library.ParseOptions(delimiter="\t"), **options)


def _parquet(data: bytes, options: dict[str, Any]) -> Any:
    _library("Parquet", "pyarrow")
    library = _library("Parquet", "pandas", "pyarrow.parquet")
    read = library.read_parquet if library.__name__ == "pandas" else library.read_table
    return read(io.BytesIO(data), **options)


def _numpy(data: bytes, options: dict[str, Any]) -> Any:
    found = _library("numpy", "numpy").load(io.BytesIO(data), allow_pickle=False, **options)  # a pickle runs code
    return {name: found[name] for name in found.files} if hasattr(found, "files") else found


READERS: Mapping[str, Reader] = {
    "json": _json, "geojson": _json, "ipynb": _json, "jsonl": _json_lines, "ndjson": _json_lines,
    "csv": _csv, "tsv": _tsv, "tab": _tsv, "parquet": _parquet, "npy": _numpy, "npz": _numpy,
    "yaml": _yaml, "yml": _yaml, "txt": _text, "text": _text, "md": _text, "markdown": _text, "rst": _text,
    "log": _text, "html": _text, "xml": _text, "py": _text, "r": _text, "sql": _text, "fasta": _text, "vcf": _text,
}  # fmt: skip


def reader_of(name: str, format_: str | None) -> Reader:
    """Return what reads a file of this name, or of the format that is named; raises `PackageError`."""
    extension = format_ or name.lower().removesuffix(GZIP).rpartition(".")[2]
    reader = READERS.get(extension.lower().lstrip("."))
    if reader is None:
        known = ", ".join(sorted(READERS))
        raise PackageError(f"{name} is of no format that is known: name one by `format=` ({known}), or pass a function")
    return reader


def deserialize(reader: Reader, data: bytes, name: str, options: dict[str, Any]) -> Any:
    """Return what bytes mean, unpacked where the name ends with `.gz`; raises `PackageError`."""
    try:
        return reader(gzip.decompress(data) if name.lower().endswith(GZIP) else data, options)
    except (ValueError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise PackageError(f"{name} is not what its name says: {error}") from error


def _library(format_: str, *names: str) -> Any:
    for name in names:
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    packages = " or ".join(dict.fromkeys({"yaml": "pyyaml"}.get(it, it.partition(".")[0]) for it in names))
    raise PackageError(f"to read {format_} the Python package {packages} is needed: pip install {packages.split()[0]}")
