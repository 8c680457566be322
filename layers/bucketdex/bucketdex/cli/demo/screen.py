"""What the demo shows: numbered steps, how far each is, what was found, and how to go on. Programs get it as JSON."""

import contextlib
import time
from collections.abc import Iterable, Iterator
from html import escape
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.text import Text

from bucketdex.cli import downloads
from bucketdex.cli.called import as_called
from bucketdex.cli.demo.writing import Counts
from bucketdex.cli.failures import RefusedError, explained
from bucketdex.cli.found import marked
from bucketdex.cli.output import console, json_line, printable
from bucketdex.local.stack import StackError

WIDTH = 100  # columns; on wider screens too, as long lines are hard to read
SHOWN_HITS = 4
OWN_NAMES = {"package": "handle", "entry": "logical_key", "object": "key"}
KINDS_SAID = {"package": "  a package", "entry": "  in {}"}  # beside the name; objects are what most hits are
LATE_MATCH, BEFORE_MATCH = 60, 30  # characters of a line: a match that comes later is shown with so much before it
LOGS = "`bucketdex local logs`, `bucketdex status` and `bucketdex dead-letters list` tell more"


class Screen:
    """Tells the story to people while it happens or, silent until its end, to programs."""

    def __init__(self, *, silent: bool) -> None:
        self.out: Console = console()
        self.out.quiet = silent
        self.out.width = min(self.out.width, WIDTH)
        self.told: dict[str, Any] = {"ok": False, "steps": [], "notes": [], "searches": []}
        self._begun = time.monotonic()

    @contextlib.contextmanager
    def story(self) -> Iterator[None]:
        """End with an error that says in which step it happened; whatever happens, programs are told."""
        try:
            yield
            self.told["ok"] = True
        except Exception as error:
            step = self.told["steps"][-1]["step"]
            said = str(error) if isinstance(error, StackError) else explained(error)[0]  # which may end with a log
            self.told |= {"failed": step, "problem": said}
            self.say(f"✗ {said}", "red", fold=True)
            raise RefusedError(f"the demo failed at “{step}”: {LOGS}") from error
        finally:
            self.told["seconds"] = self.seconds
            if self.out.quiet:
                json_line(self.told)

    @property
    def seconds(self) -> float:
        """How long the story has been going on."""
        return round(time.monotonic() - self._begun, 1)

    @contextlib.contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Tell what is done now, and afterwards how long it took."""
        step: dict[str, Any] = {"step": title}
        self.told["steps"].append(step)
        self.out.print(Text.assemble((f"\n{len(self.told['steps'])}  ", "bold cyan"), (title, "bold")))
        begun = time.monotonic()
        yield
        step["seconds"] = round(time.monotonic() - begun, 2)
        self.say(f"✓ {step['seconds']:.1f} s", "green")

    def say(self, text: str | Text, style: str = "", *, fold: bool = False) -> None:
        """Tell something about the step, in one line unless it may `fold`."""
        told = Text.assemble("   ", (printable_lines(as_called(text)), style) if isinstance(text, str) else text)
        self.out.print(told, no_wrap=not fold, overflow="fold" if fold else "ellipsis")

    def note(self, text: str) -> None:
        """Tell what the user should know."""
        self.told["notes"].append(text)
        self.say(f"! {text}", "yellow", fold=True)

    def hits(self, hits: list[dict[str, Any]]) -> None:
        """Show the best hits, each with what matched."""
        for hit in hits[:SHOWN_HITS]:
            highlights = dict(hit["highlights"])
            field = OWN_NAMES[hit["kind"]]
            name = self._matched(highlights.pop(field, [escape(hit[field])]))
            said = KINDS_SAID.get(hit["kind"], "").format(", ".join(hit.get("handles", ())))
            self.say(Text.assemble("  ", name, (said, "dim")))
            highlights.pop("name", None)  # the key shows it
            for field, fragments in highlights.items():
                self.say(Text.assemble("    ", (f"{field:8} ", "dim"), self._matched(fragments)))
        if len(hits) > SHOWN_HITS:
            self.say(f"  … and {len(hits) - SHOWN_HITS:,} more", "dim")

    def _matched(self, fragments: list[str]) -> Text:
        """Return what matched and what stands around it, in what a line has room for."""
        if not self.out.is_terminal:  # where colour is lost
            fragments = [it.replace("<mark>", "<mark>»").replace("</mark>", "«</mark>") for it in fragments]
        text = Text(" … ").join(marked(" ".join(it.split())) for it in fragments)
        first = min((span.start for span in text.spans), default=0)
        return text if first < LATE_MATCH else Text("…") + text[first - BEFORE_MATCH :]

    def watch(self, counts: Iterable[Counts]) -> Counts:
        """Show how far writing and indexing are, until there is no more to say; return the last."""
        columns = (TextColumn("   {task.description:7}"), BarColumn(40), TextColumn("{task.fields[said]}"))
        last = Counts(0, 0, 0, 0, 0)
        with Progress(*columns, console=self.out, disable=self.out.quiet) as progress:
            written, queued, indexed = (progress.add_task(it, said="") for it in ("written", "queued", "indexed"))
            for last in counts:
                of = max(last.of, 1)
                under_way = last.queued + last.in_flight
                waiting = f"{last.queued} waiting, {last.in_flight} being worked on" if under_way else "none left"
                progress.update(written, total=of, completed=last.written, said=f"{last.written}/{last.of}")
                progress.update(queued, total=of, completed=min(under_way, of), said=waiting)
                progress.update(indexed, total=of, completed=last.indexed, said=f"{last.indexed}/{last.of}")
        return last

    def downloads(self) -> Progress:
        """Return what shows downloads, to be entered."""
        return downloads.downloads(self.out, indent="   ")


def printable_lines(text: str) -> str:
    """Return text of several lines, indented, without anything that a terminal would obey."""
    return "\n   ".join(printable(line) for line in text.splitlines())
