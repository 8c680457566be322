"""`bucketdex hash`: print the digests of files and objects, or compare them with a list."""

import codecs
import contextlib
import sys
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bucketdex.cli.failures import NO, RefusedError, complain, epilog, explained, usage
from bucketdex.cli.options import Json

if TYPE_CHECKING:
    from bucketdex.cli.hash.checking import Expected
    from bucketdex.cli.hash.digests import Each, Hashed
    from bucketdex.manifest.layout import Physical

EPILOG = epilog(
    """bucketdex hash counts.csv s3://my-data/counts.csv
    bucketdex hash data/* --json > digests.jsonl
    bucketdex hash --check digests.jsonl
    sha256sum data/* > SHA256SUMS && bucketdex hash --check SHA256SUMS --quiet
    bucketdex hash s3://my-data/scan.tif --no-read""",
    _1="a file or object cannot be read, or (with --check) has other digests",
)
STDIN = "-"
OF_ORIGIN = {"s3": "kept by S3", "combined": "from what S3 keeps of its parts", "computed": "read"}


def hash_(
    paths: Annotated[
        list[str] | None,
        typer.Argument(help="Files, objects as s3://bucket/key, or - for standard input.", show_default=False),
    ] = None,
    check: Annotated[
        list[str] | None,
        typer.Option(
            help="Compare with a list, as sha256sum or this command with --json wrote it (repeatable; - for standard "
            "input).",
            metavar="FILE",
        ),
    ] = None,
    no_read: Annotated[
        bool, typer.Option("--no-read", help="Of objects only what S3 keeps: nothing is read of them.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="With --check: name only what is not as listed.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Print the digests of files and objects: SHA256, sha2-256-chunked (of packages) and CRC64NVME (S3's own).

    A file is read once, on all cores. Of an object what S3 keeps is taken, and the rest read; s3://bucket/key?versionId=
    names a version.

    With --json there is a line for each: path, size, SHA256 (in hex), sha2-256-chunked and CRC64NVME (in base64); of an
    object also version_id, etag, and origins (of each digest: s3, combined or computed). With --check: path, ok, and
    problem.
    """
    if bool(paths) == bool(check):
        usage("name files or objects, or a list to --check; one of them, not both")
    if check and no_read:
        usage("--no-read has no place beside --check, which has to know")
    ok = _check(check, quiet, as_json) if check else _print(paths or [], as_json, read=not no_read)
    if not ok:
        raise typer.Exit(NO)


def _print(paths: list[str], as_json: bool, *, read: bool) -> bool:
    from bucketdex.cli.hash.digests import kinds
    from bucketdex.cli.output import json_line

    all_ok = True
    with _hasher(paths, read=read) as hasher:
        for path in paths:
            try:
                if as_json:
                    _refuse_unwritable(path)
                found = hasher(path, kinds())
            except Exception as error:  # noqa: BLE001, a file's failure is its own, as with sha256sum
                all_ok = False
                _complain(path, error, as_json=as_json)
                continue
            if as_json:
                of_object = {"version_id": found.version_id, "etag": found.etag, "origins": found.origins}
                json_line({"path": path, "size": found.size} | found.values | (of_object if found.etag else {}))
            else:
                _show(path, found)
    return all_ok


def _check(lists: list[str], quiet: bool, as_json: bool) -> bool:
    from bucketdex.cli.output import plural

    wanted: list[Expected] = []
    for name in lists:
        bad = 0
        before = len(wanted)
        for it in _expected(name):
            if isinstance(it, int):
                bad += 1
                complain(f"{name}: line {it} is no digest of a file", as_json=as_json)
            else:
                wanted.append(it)
        if len(wanted) == before:
            usage(f"--check {name}: no line is a digest of a file, as sha256sum or bucketdex hash --json writes them")
        if bad:
            complain(f"{name}: {plural(bad, 'line')} passed over", as_json=as_json)
    with _hasher([it.path for it in wanted], read=True) as hasher:
        failed = sum(not _agrees(it, hasher, quiet, as_json) for it in wanted)
    if failed:
        complain(f"{failed:,} of {plural(len(wanted), 'file')} failed", as_json=as_json)
    return not failed


def _expected(name: str) -> "Iterable[Expected | int]":
    from bucketdex.cli.hash.checking import expected

    raw = sys.stdin.buffer.read() if name == STDIN else Path(name).read_bytes()
    return expected(raw.removeprefix(codecs.BOM_UTF8).decode(errors="surrogateescape"))


def _agrees(it: "Expected", hasher: "Callable[[str, Collection[str]], Hashed]", quiet: bool, as_json: bool) -> bool:
    from bucketdex.cli.hash.checking import escaped
    from bucketdex.cli.hash.digests import kinds
    from bucketdex.cli.output import json_line, printable

    problem = None
    try:
        types = tuple(type_ for type_ in it.values if type_ in kinds())
        if not types:
            raise RefusedError(f"{' and '.join(it.values)} cannot be computed here: install awscrt")  # noqa: TRY301
        found = hasher(it.path, types)
        other = [type_ for type_ in types if found.values[type_] != it.values[type_]]
        if other:
            problem = f"has another {' and '.join(other)}"
    except Exception as error:  # noqa: BLE001, see above
        problem = explained(error)[0]
    if as_json:
        json_line({"path": _writable(it.path), "ok": problem is None, "problem": problem})
    elif problem or not quiet:
        shown, before = escaped(it.path)
        typer.echo(f"{before}{printable(shown)}: {f'FAILED ({problem})' if problem else 'OK'}")
    return problem is None


@contextlib.contextmanager
def _hasher(paths: list[str], *, read: bool) -> "Any":
    """Yield what hashes a file or an object, with a bar that tells how far all of them are."""
    from bucketdex.aws import clients
    from bucketdex.cli.hash.digests import of_file, of_object
    from bucketdex.cli.here import reach_s3
    from bucketdex.cli.watching import bar
    from bucketdex.registry.progress import Meter

    if any(path.startswith("s3://") for path in paths):
        reach_s3()
    with bar() as watch:
        sizes = [_size(path) for path in paths]
        meter = Meter(watch, "hash", len(paths), 0 if None in sizes else sum(it or 0 for it in sizes))

        def hasher(path: str, types: Collection[str]) -> "Hashed":
            each: Each = meter.add
            if path.startswith("s3://"):
                found = _of_address(path, lambda at: of_object(clients.transfer_s3(), at, types, each, read=read))
            else:
                found = of_file(path, types, each)
            meter.add(0, 1)
            return found

        yield hasher


def _size(path: str) -> int | None:
    """Return how many bytes there will be to hash, or None where that is not known before."""
    if path == STDIN or path.startswith("s3://"):
        return None
    with contextlib.suppress(OSError, ValueError):
        return Path(path).stat().st_size
    return 0


def _writable(path: str) -> str:
    """Return a path in UTF-8, as JSON is; what is none in it is replaced."""
    return path.encode(errors="surrogateescape").decode(errors="replace")


def _refuse_unwritable(path: str) -> None:
    if _writable(path) != path:
        raise RefusedError(f"{_writable(path)}: its name is not UTF-8, so JSON cannot say it: leave out --json")


def _of_address(address: str, hashed: "Callable[[Physical], Hashed]") -> "Hashed":
    """Hash what an address names: the key as it is, or where there is none, as manifests quote it beside a version."""
    from bucketdex.cli.hash.digests import AbsentError
    from bucketdex.manifest.layout import physical

    meant = _object(address)
    try:
        return hashed(meant)
    except AbsentError:
        quoted = physical(address) if meant.version_id else None
        if quoted is None or quoted == meant:
            raise
        return hashed(quoted)


def _object(address: str) -> "Physical":
    """Return what an address names: the key as it is, and a version after the last `?versionId=`."""
    from urllib.parse import unquote

    from bucketdex.manifest.layout import Physical

    named, _, version_id = address.rpartition("?versionId=")
    bucket, _, key = (named or version_id).removeprefix("s3://").partition("/")
    if not bucket or not key:
        raise RefusedError(f"not an object as s3://bucket/key: {address!r}")
    return Physical(bucket, key, unquote(version_id) or None if named else None)


def _show(path: str, found: "Hashed") -> None:
    from bucketdex.cli.hash.digests import kinds
    from bucketdex.cli.output import printable

    typer.echo(f"{printable(path)}  {found.size:,} bytes")
    for kind in kinds():
        value = found.values.get(kind, "not kept by S3")
        origin = OF_ORIGIN.get(found.origins.get(kind, ""), "")
        typer.echo(f"  {kind:<17} {value}{f'  ({origin})' if origin else ''}")


def _complain(path: str, error: Exception, *, as_json: bool) -> None:
    from bucketdex.cli.output import printable

    said = explained(error)[0]
    named = "" if _writable(path) in said else f"{printable(path)}: "
    complain(f"{named}{said}", as_json=as_json, error=error, path=_writable(path))
