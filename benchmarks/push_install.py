"""Push of 10,000 small files and install of the same: CPU of the client, ours beside the reference client.

Each client runs in a process of its own, in turns, against a server that keeps objects in a third process, so only the
client's side counts: user and system time of all its threads, without its start. The files have 1,000 bytes, as beyond
1,024 the reference client asks for each object first. Ours is run on the emulated AWS too, for the time on the clock.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import object_store
from benchmarks.measure import Cost, Figure, median_ratio, spread

GOAL = 2.0
FILES, BYTES, ROUNDS = 10_000, 1_000, 3
QUILT = Path(__file__).parent.parent / ".tools/quilt/bin/python"
BUCKET, HANDLE = "benchmark-bucket", "bench/mark"

OURS = """
import bucketdex
def push(folder):
    bucketdex.Package().set_dir("/", folder).push(HANDLE, f"s3://{BUCKET}", message="all of it")
def install(folder):
    bucketdex.Package.install(HANDLE, f"s3://{BUCKET}", dest=folder)
"""
THEIRS = """
import quilt3
def push(folder):
    quilt3.Package().set_dir("/", folder).push(HANDLE, f"s3://{BUCKET}", message="all of it")
def install(folder):
    quilt3.Package.install(HANDLE, f"s3://{BUCKET}", dest=folder)
"""
MEASURED = """
import json, sys, time
def measured(run, folder):
    wall, cpu = time.perf_counter(), time.process_time()
    run(folder)
    return {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
told = {"push": measured(push, sys.argv[1]), "install": measured(install, sys.argv[2])}
print()
print(json.dumps(told))
"""


def environment(url: str, home: str) -> dict[str, str]:
    """Return the environment of a client whose S3 is at `url` and whose home is empty."""
    return os.environ | {
        "AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "k" * 40,
        "AWS_SESSION_TOKEN": "t" * 400, "AWS_DEFAULT_REGION": "us-east-1", "HOME": home, "XDG_DATA_HOME": home,
        "XDG_STATE_HOME": home, "XDG_CACHE_HOME": home, "QUILT_DISABLE_USAGE_METRICS": "1",
        "QUILT_MINIMIZE_STDOUT": "true",
    }  # fmt: skip


def once(python: str | Path, code: str, url: str, files: Path) -> dict[str, Cost]:
    """Push and install in a new process, in a registry that is empty before.

    What was installed stays until the end of the benchmark: ext4 looks long for the place of a new file where many have
    been deleted just before.
    """
    home = tempfile.mkdtemp(dir=files.parent)
    program = f"HANDLE, BUCKET = {HANDLE!r}, {BUCKET!r}\n{code}{MEASURED}"
    command = [str(python), "-W", "ignore", "-c", program, str(files), f"{home}/installed"]
    done = subprocess.run(command, env=environment(url, home), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    installed = sum(1 for it in Path(f"{home}/installed").rglob("*") if it.is_file())
    if installed < FILES:
        raise RuntimeError(f"{installed} files were installed, not {FILES}")
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {name: Cost(**cost) for name, cost in told.items()}


def make_files(folder: Path) -> None:
    """Make the files, a hundred in a folder."""
    for number in range(FILES):
        path = folder / f"plate{number // 100:03}" / f"well-{number % 100:02}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"{number:10}".encode() * (BYTES // 10))


def on_the_emulator(files: Path) -> dict[str, Cost]:
    """Push and install with ours on the emulated AWS, which is what takes the time there."""
    from tests.emulated import Aws, free_port  # noqa: PLC0415

    port = free_port()
    command = [sys.executable, "-m", "bucketdex.local.edge", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        s3 = Aws(port).client("s3")
        for attempt in range(100):
            try:
                s3.create_bucket(Bucket=BUCKET)
                break
            except Exception:
                if attempt == 99:
                    raise
                time.sleep(0.2)
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        return once(sys.executable, OURS, f"http://127.0.0.1:{port}", files)
    finally:
        process.terminate()
        process.wait()


def run(rounds: int = ROUNDS) -> list[Figure]:
    """Measure, and return the figures."""
    if not QUILT.exists():
        raise RuntimeError("quilt3 is not installed: make .tools/quilt/.made")
    clients = {"ours": (Path(sys.executable), OURS), "quilt3": (QUILT, THEIRS)}
    costs: dict[str, list[dict[str, Cost]]] = {name: [] for name in clients}
    with tempfile.TemporaryDirectory() as made:
        files = Path(made) / "files"
        make_files(files)
        for number in range(rounds):
            for name in clients if number % 2 else reversed(list(clients)):
                with object_store.running() as url:
                    costs[name].append(once(*clients[name], url, files))
        emulated = on_the_emulator(files)
    figures = []
    for step in ("push", "install"):
        cpu = {name: [it[step].cpu for it in of_client] for name, of_client in costs.items()}
        wall = {name: [it[step].wall for it in of_client] for name, of_client in costs.items()}
        ratio = median_ratio(cpu["quilt3"], cpu["ours"])
        figures.append(
            Figure(
                what=f"CPU of quilt3 : CPU of ours, {step} of {FILES:,} files of {BYTES:,} bytes",
                value=f"{ratio:.1f}",
                goal=f">= {GOAL:.0f}",
                met=ratio >= GOAL,
                details=(
                    *(
                        f"{name}: {spread(cpu[name], 1e-3 * FILES)} ms of CPU a file, "
                        f"{spread(wall[name])} s on the clock"
                        for name in clients
                    ),
                    f"ours on the emulated AWS: {emulated[step].wall:.1f} s on the clock, whose server takes most",
                ),
            )
        )
    return figures
