"""How far downloads are."""

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text

from bucketdex.cli.output import size

FEW = 1_000  # no file that is downloaded has fewer bytes


class Amount(ProgressColumn):
    """How much of a download is there: bytes, or parts where there are few."""

    def render(self, task: Task) -> Text:
        """Return it as text."""
        done, total = int(task.completed), int(task.total or 0)
        return Text(f"{done}/{total}" if total < FEW else f"{size(done)} of {size(total)}")


def downloads(out: Console, indent: str = "") -> Progress:
    """Return what shows downloads, to be entered."""
    columns = (TextColumn(indent + "{task.description}", markup=False), BarColumn(), Amount())
    return Progress(*columns, console=out, transient=True, disable=not out.is_terminal)
