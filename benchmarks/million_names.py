"""What a million documents are made of: real file names and real words, of the packages that are installed here."""

import random
import re
import sysconfig
from pathlib import Path

import msgspec

TEXTS = frozenset({".rst", ".md", ".txt", ".csv", ".ipynb"})
LARGEST_TEXT = 200_000  # bytes of a file that is read
STEM = re.compile(r"[A-Za-z]{3,16}")
NO_NAME = re.compile(r"[0-9a-f]{8,}")  # what a program made up
FOLDERS = (
    "projects", "runs", "raw", "processed", "derived", "instruments", "microscopy", "sequencing", "survey", "imaging",
    "field", "cohort-a", "cohort-b", "plates", "batches", "exports", "archive", "shared", "models", "reports",
)  # fmt: skip
PEOPLE = (
    "m.kovacs", "j.tanaka", "a.diallo", "s.okafor", "k.gorman", "p.lindqvist", "r.silva", "l.nguyen", "h.weber",
    "t.novak", "c.moreau", "d.eriksen", "f.rossi", "g.patel", "i.yilmaz", "n.haddad", "o.bauer", "v.ivanova",
    "w.zhang", "y.kim",
)  # fmt: skip
EXTENSIONS = (
    ".csv", ".csv", ".csv.gz", ".tsv", ".json", ".parquet", ".txt", ".md", ".ipynb", ".fastq.gz", ".bam", ".png",
    ".tif", ".h5", ".pdf", ".log", ".xlsx", ".yaml",
)  # fmt: skip


class Names(msgspec.Struct, frozen=True):
    """Names of files with their extension, the words in them, names of packages, and all texts in one."""

    files: list[str]
    words: list[str]
    packages: list[str]
    text: str

    def excerpt(self, rng: random.Random, characters: int) -> str:
        """Return words that stand together in a real text."""
        start = rng.randrange(len(self.text) - characters)
        return self.text[start : start + characters].partition(" ")[2].rpartition(" ")[0]


def names() -> Names:
    """Return the names of what is installed, in an order by chance but always the same: the first are used most."""
    root = Path(sysconfig.get_path("purelib"))
    paths = sorted(path for path in root.rglob("*") if path.is_file() and path.suffix != ".pyc")
    files = sorted({path.name for path in paths if path.name.isprintable() and not NO_NAME.search(path.name)})
    words = sorted({word.lower() for name in files for word in STEM.findall(name)})
    texts = [path.read_text(errors="ignore") for path in paths
             if path.suffix in TEXTS and path.stat().st_size < LARGEST_TEXT]  # fmt: skip
    packages = sorted({path.name.partition("-")[0].replace(".", "_") for path in root.glob("*.dist-info")})
    rng = random.Random(2)
    for some in (files, words):
        rng.shuffle(some)
    return Names(files, words, packages, re.sub(r"\s+", " ", " ".join(texts)))
