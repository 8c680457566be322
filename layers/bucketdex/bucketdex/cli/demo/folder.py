"""The demo's plan for a folder of the user's: words to search for, picked from its names and texts."""

import re
import secrets
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

from bucketdex.cli.demo.files import DemoFile, of_folder
from bucketdex.cli.demo.plan import Overwriting, Packaging, Packed, Plan, Search
from bucketdex.cli.failures import RefusedError
from bucketdex.objects.text import EXCERPT_BYTES, excerpt

# Of a package: enough for a demo. Its files are put into the bucket again, under its name.
PACKED_FILES, PACKED_BYTES = 100, 50_000_000
COMMON = 20  # a word that stands in more files than this would find too many to show
# Words that the index cuts out just so: of a name between marks, of a text between blanks and punctuation.
NAME_WORD = re.compile(r"(?<![^\W_])[^\W\d_]{4,}(?![^\W_])")
TEXT_WORD = re.compile(r'(?<![^\s"(>])[a-zA-Z]{6,14}(?=[.:!?]?(?:[\s",;)<]|$))')
HANDLE_REST = re.compile(r"[^a-zA-Z0-9_-]+")  # what no handle has
TAG = ("shown-in", "bucketdex-demo")
NOTE = DemoFile("a note of the demo.txt", Path(__file__).with_name("note.txt"))

NOTE_WORD = "philomathy"


class NothingToWrite(RefusedError):
    """The folder has no file that the demo could take."""


def plan_for_folder(folder: Path) -> Plan:
    """Return the plan for the files of `folder`; raises NothingToWrite."""
    found = of_folder(folder)
    files, notes = found.files, found.notes
    if not files:
        raise NothingToWrite("; ".join((f"there is no file in {folder} that the demo could take", *notes)))
    changed = _text_to_change(files)
    if changed is None or len(files) == 1:
        files, notes = (*files, NOTE), (*notes, f"added “{NOTE.key}”, as the folder has too few texts to change one")
    text, word = changed or (NOTE, NOTE_WORD)
    named = _search_by_name(files)
    deleted = max(files, key=lambda file: (file.key != text.key, file.key not in named.expected, -len(file.key)))
    tagged = {text.key, deleted.key, *named.expected}
    return Plan(
        tuple(msgspec.structs.replace(f, tags=dict([TAG])) if f.key in tagged else f for f in files),
        (
            Search(f'"{word}"', "content", (text.key,)),
            named,
            Search("=".join(TAG), "a tag", tuple(sorted(tagged))),
        ),
        _packaging(found.files, folder.resolve().name),
        Overwriting(msgspec.structs.replace(text, tags=dict([TAG])), word, f"bucketdex{secrets.token_hex(3)}"),
        Search(_exact(deleted, files), "name", (deleted.key,)),
        notes,
        own=True,
    )


def _text_to_change(files: Sequence[DemoFile]) -> tuple[DemoFile, str] | None:
    """Return a text and a word that stands in it and in few others, and not in its key: the most telling, if any."""
    words = {file.key: _words(file) for file in files}
    spread = Counter(word for counted in words.values() for word in counted)
    candidates = [
        (min(count, 5) / spread[word], len(word), file, word)
        for file in files
        for word, count in words[file.key].items()
        if spread[word] <= COMMON and word not in file.key.lower()
    ]
    if not candidates:
        return None
    _, _, file, word = max(candidates, key=lambda candidate: candidate[:2])
    return file, word


def _words(file: DemoFile) -> Counter[str]:
    try:
        with file.path.open("rb") as opened:
            text, obtained = excerpt(opened.read(EXCERPT_BYTES + 1)) or ("", "")
    except OSError:  # gone since the folder was read; writing it will tell
        return Counter()
    return Counter(map(str.lower, TEXT_WORD.findall(text))) if obtained.startswith("utf-8") else Counter()


def _search_by_name(files: Sequence[DemoFile]) -> Search:
    """Return a search for the file whose name has the word that the fewest keys have."""
    words = {file.key: set(map(str.lower, NAME_WORD.findall(file.key))) for file in files}
    spread = Counter(word for found in words.values() for word in found)
    rare = [
        (spread[word], -len(word), file.key, word)
        for file in files
        for word in map(str.lower, NAME_WORD.findall(file.path.name))
        if spread[word] <= COMMON
    ]
    if rare:
        _, _, key, word = min(rare)
        return Search(word, "a part of the name", (key,))
    return Search(_exact(files[0], files), "name", (files[0].key,))


def _packaging(files: Sequence[DemoFile], folder: str) -> Packaging:
    """Return a package of the smallest files, under their paths in the folder."""
    packed: list[Packed] = []
    total = 0
    for size, file in sorted(((file.path.stat().st_size, file) for file in files), key=lambda pair: pair[0]):
        total += size
        if packed and (len(packed) == PACKED_FILES or total > PACKED_BYTES):
            break
        packed.append(Packed(file.key.partition("/")[2], file, {"bytes": size}))
    packed.sort(key=lambda it: it.logical_key)
    name = HANDLE_REST.sub("-", folder).strip("-") or "data"
    handle = f"{'demo' if folder != 'demo' else 'the-demo'}/{name}"  # where no file of the folder is
    some = f", {len(packed):,} of its {len(files):,} files" if len(packed) < len(files) else ""
    message = f"The folder {folder}{some}"
    shown = min(packed, key=lambda it: len(it.logical_key))
    return Packaging(
        handle,
        message,
        dict([TAG]),
        tuple(packed),
        (
            Search(handle, "handle", (handle,), ("package",)),
            Search(shown.logical_key, "logical key", (shown.logical_key,), ("entry",)),
        ),
    )


def _exact(file: DemoFile, files: Sequence[DemoFile]) -> str:
    """Return the name, or the key where many are named so."""
    namesakes = sum(1 for other in files if other.path.name == file.path.name)
    return file.path.name if namesakes <= COMMON else file.key
