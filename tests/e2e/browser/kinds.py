"""A package of the demo's bucket in two revisions, the latter of which shows a file of each kind that has a preview."""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import preview_files
from bucketdex.catalog import links

BUCKET, HANDLE = "bucketdex-demo", "demo/kinds"
SUMMARY = [
    [{"path": "data/table.parquet", "description": "A *table*."}, "data/book.xlsx"],
    [{"path": "data/pages.pdf", "title": "Pages"}, "data/many.zip"],
    "docs/report.md",
]
REPORT = """# Report

A [link](../data/table.parquet), `code`, and a list:

- done

| a | b |
|---|---|
| 1 | 2 |

```python
print("hello")
```
"""
WAIT = 60.0  # seconds, until the index has both


def push(folder: Path, address: str, env: dict[str, str]) -> tuple[str, str]:
    """Push both revisions, and return their top hashes once the catalog shows them."""
    older = _pushed(folder, {"README.md": b"# Kinds\n\nOne of each.\n", "data/old.txt": b"old"}, env)
    (folder / "data/old.txt").unlink()
    book = preview_files.workbook(Plates=[["well", "value"], ["A1", 0.5]], Notes=[["none"]])
    newer = _pushed(
        folder,
        {
            "README.md": b"# Kinds\n\nOne of each, with [a report](docs/report.md).\n",
            "quilt_summarize.json": json.dumps(SUMMARY).encode(),
            "data/table.parquet": preview_files.parquet({"well": ["A1", "A2"], "value": [0.5, None]}),
            "data/book.xlsx": book,
            "data/pages.pdf": preview_files.pdf("Kinds"),
            "data/many.zip": preview_files.zipped(["a/b.txt", "c.txt"]),
            "docs/report.md": REPORT.encode(),
        },
        env,
    )
    until = time.monotonic() + WAIT
    for top_hash in (older, newer):
        while not _shown(address + links.package(BUCKET, HANDLE, top_hash)):
            assert time.monotonic() < until, f"{HANDLE}@{top_hash} is not indexed"
            time.sleep(0.2)
    return older, newer


def _pushed(folder: Path, files: dict[str, bytes], env: dict[str, str]) -> str:
    for name, body in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    command = [Path(sys.executable).with_name("bucketdex"), "package", "push", HANDLE, f"{folder}/"]
    command += ["--registry", f"s3://{BUCKET}", "-m", f"{len(files)} files", "--json"]
    done = subprocess.run(command, check=False, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return str(json.loads(done.stdout)["top_hash"])


def _shown(address: str) -> bool:
    try:
        with urllib.request.urlopen(address) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError:
        return False
