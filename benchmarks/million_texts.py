"""What is typed into the search box of a million documents: drawn from their own names, in forms that people use."""

import random

from benchmarks.million_names import EXTENSIONS, FOLDERS, PEOPLE, Names


def queries(names: Names, count: int) -> list[str]:
    """Return so many different queries: words, names, phrases, narrowed ones; of frequent words and of rare ones."""
    rng = random.Random(4)
    found: dict[str, None] = {}
    while len(found) < count:
        found[_query(len(found) % 10, names, rng)] = None
    return list(found)


def _query(form: int, names: Names, rng: random.Random) -> str:
    word, other = (names.words[int(len(names.words) * rng.random() ** 2)] for _ in range(2))
    file = names.files[int(len(names.files) * rng.random() ** 2)]
    forms = (
        word,
        word,
        file,
        f"{word} {other}",
        f"{rng.choice(FOLDERS)} {word}",
        word[: max(3, len(word) - 2)],
        f"{word} ext:{rng.choice(EXTENSIONS)}",
        f'"{file.partition(".")[0]}" modified:>2025',
        '"' + names.excerpt(rng, 60).replace('"', " ") + '"',
        f"operator={rng.choice(PEOPLE)} {word}",
    )
    return forms[form]


def typed(names: Names, count: int) -> list[str]:
    """Return so many beginnings as they are typed: of names, handles, qualifiers and their values."""
    rng = random.Random(5)
    found: dict[str, None] = {}
    while len(found) < count:
        found[_typed(len(found) % 8, names, rng)] = None
    return list(found)


def _typed(form: int, names: Names, rng: random.Random) -> str:
    word = names.words[int(len(names.words) * rng.random() ** 2)]
    file = names.files[int(len(names.files) * rng.random() ** 2)]
    value = rng.choice(("ext:.c", "by:m", "type:o", "bucket:lab-", "mod", "ext:.", "tag.sta", "meta.op", "author:k"))
    forms = (
        word[: rng.randrange(1, 5)],
        word[: rng.randrange(1, 5)],
        file[: rng.randrange(2, len(file))],
        file[: rng.randrange(2, len(file))],
        f"{word} {file[: rng.randrange(1, 4)]}",
        f"{rng.choice(PEOPLE).partition('.')[2]}/{rng.choice(names.packages)[: rng.randrange(1, 4)]}",
        f"{word} {value}",
        f"{rng.choice(FOLDERS)}/{word[: rng.randrange(1, 3)]}",
    )
    return forms[form]
