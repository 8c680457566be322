"""Fetch the parts of OpenSearch, each checked against the SHA-1 that the registry gives, with bars to watch."""

import contextlib
import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jgo.maven import MavenContext, PythonResolver
from rich.progress import Progress

from bucketdex.local.opensearch.parts import Part

TIMEOUT = 60  # seconds without an answer, not for the whole file
AT_ONCE = 8
WORTH_A_BAR = 1_000_000  # bytes


class DownloadError(Exception):
    """A part could not be had; the message says which, why, and what to do."""


def download_all(
    parts: Iterable[Part], folder: Path, progress: Progress | None = None, registries: dict[str, str] | None = None
) -> dict[Part, Path]:
    """Return the files of `parts`, downloaded into `folder` where they are not there already.

    `folder` must not be used by two processes at once: jgo does not guard it. `registries` (name to URL) are asked
    instead of the usual one.
    """
    parts = list(parts)
    resolver = PythonResolver(progress_callback=_bars(progress))
    maven = MavenContext(resolver, repo_cache=folder, remote_repos=registries, timeout=TIMEOUT)
    files: dict[Part, Path] = {}
    task = progress.add_task("parts of OpenSearch", total=len(parts)) if progress else None
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for part, file in zip(parts, pool.map(lambda part: _download(part, maven), parts), strict=True):
            files[part] = file
            if progress and task is not None:
                progress.advance(task)
    return files


def _download(part: Part, maven: MavenContext, attempts: int = 2) -> Path:
    """Return the part's file, its SHA-1 checked.

    jgo only warns of a wrong one, and takes the half file that an interrupted run left behind for the whole: so what
    does not fit is removed and fetched again.
    """
    component = maven.project(part.group, part.artifact).at_version(part.version)
    for _ in range(attempts):
        try:
            file, digest = (
                component.artifact(packaging=kind).resolve() for kind in (part.packaging, f"{part.packaging}.sha1")
            )
        except (OSError, RuntimeError) as error:
            raise DownloadError(
                f"{component} cannot be downloaded: {error}\n"
                "Check the network (HTTPS_PROXY, a full disk) and try again; what is there already is kept."
            ) from error
        with file.open("rb") as content:
            if hashlib.file_digest(content, "sha1").hexdigest() == digest.read_text()[:40]:
                return Path(file)
        file.unlink()
        digest.unlink()
    raise DownloadError(f"{component} did not have the SHA-1 that the registry gives, twice; it was removed: try again")


def _bars(
    progress: Progress | None,
) -> Callable[[str, int], contextlib.AbstractContextManager[Callable[[int], None]]] | None:
    """Return what jgo calls for each download: a bar in `progress` for a big file, nothing to see for a small one."""
    if progress is None:
        return None

    @contextlib.contextmanager
    def bar(name: str, size: int) -> Iterator[Callable[[int], None]]:
        if size < WORTH_A_BAR:
            yield lambda _: None
            return
        task = progress.add_task(name, total=size)
        yield lambda count: progress.advance(task, count)

    return bar
