"""How far hashing, uploads and downloads have come, as a bar on standard error."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bucketdex.registry.progress import Progress as Told
    from bucketdex.registry.progress import Watch

DOING = {
    "hash": "Hashing", "look": "Looking at", "upload": "Uploading", "copy": "Copying", "download": "Downloading",
    "verify": "Comparing",
}  # fmt: skip


@contextlib.contextmanager
def bar() -> Iterator["Watch"]:
    """Return what moves a bar for each step; nothing is shown where nobody looks."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    from bucketdex.cli.output import console, plural

    out = console(stderr=True)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as shown:
        tasks = {}

        def watch(told: "Told") -> None:
            if told.doing not in tasks:
                tasks[told.doing] = shown.add_task(DOING.get(told.doing, told.doing), total=told.of_bytes or None)
            of = f"{DOING.get(told.doing, told.doing)} {told.files:,} of {plural(told.of_files, 'file')}"
            shown.update(tasks[told.doing], completed=told.bytes, total=told.of_bytes or None, description=of)

        yield watch
