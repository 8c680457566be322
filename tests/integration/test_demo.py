"""`bucketdex demo` as people run it: from nothing, again, and when search does not follow."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bucketdex.buckets.notification import EVENTS
from bucketdex.local import aws, stack, trail

BUCKETDEX = str(Path(sys.executable).with_name("bucketdex"))
IMPATIENT = "from bucketdex.cli import main; from bucketdex.cli.demo import writing; writing.PATIENCE = 5; main.main()"

type Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("home")
    yield folder
    stack.down(folder, purge=True)


@pytest.fixture(scope="module")
def run(home: Path) -> Run:
    def run(*arguments: str, command: tuple[str, ...] = (BUCKETDEX,)) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"BUCKETDEX_HOME": str(home)}
        return subprocess.run(
            [*command, *arguments], env=environment, capture_output=True, text=True, timeout=300, check=False
        )

    return run


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("field") / "my data"
    (folder / "notes + more").mkdir(parents=True)
    (folder / "notes + more/Adélie 🐧 100%.txt").write_text("A penguin on a xylophone.\nXylophone!")
    (folder / "melting.json").write_text('{"tungsten": 3422}')
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\0")
    (folder / "empty").touch()
    (folder / "link").symlink_to(folder / "empty")
    return folder


def test_from_nothing_files_are_found_and_search_follows(run: Run, data: Path):
    told = run("demo", "--data", str(data))
    assert told.returncode == 0, told.stdout + told.stderr
    for line in (
        "Ready after",
        "It is made, keeps versions",
        "! left out: 1 × symbolic link (link)",
        "Tagged shown-in=bucketdex-demo: ",
        "This is the copy in the bucket",
        '"xylophone"  finds 1 object',
        "A penguin on a »xylophone«. »Xylophone«!",
        "Push the package demo/my-data",
        "4 uploaded",
        "demo/my-data  finds 1 package by handle, ",
        " s after the push",
        "»empty«  in demo/my-data",
        "xylophone  finds it no more",
        "The bucket tells nothing now",
        "ada writes written without notifications.txt",
        "the index knows who wrote the first: ada (IAMUser)",
        "only the first is found",
        "11 keys in the bucket, 11 in the index, 3 of them of packages",
        "How to go on",
        "   stop  ",
    ):
        assert line in told.stdout


def test_run_again_it_joins_the_stack_and_proves_all_again(run: Run, data: Path):
    told = run("demo", "--data", str(data), "--json")
    assert told.returncode == 0, told.stdout + told.stderr
    answer = json.loads(told.stdout)
    assert answer["ok"]
    assert answer["steps"][0]["seconds"] < 5
    assert (answer["files"], answer["compared"]) == (4, 11)
    assert len(answer["searches"]) == 6 and all(search["total"] for search in answer["searches"])
    assert answer["package"]["handle"] == "demo/my-data" and answer["package"]["unchanged"]
    assert answer["overwritten"]["old"] == "xylophone"
    assert answer["unnoticed"]["written_by"] == {"type": "IAMUser", "name": "ada"}


def test_afterwards_the_bucket_tells_as_before_and_no_trail_is_kept(run: Run, home: Path):
    state = stack.status(home)
    assert state
    assert trail.told(state).on is None
    s3 = aws.session().client("s3", endpoint_url=state.edge_url)
    (rule,) = s3.get_bucket_notification_configuration(Bucket="bucketdex-demo")["QueueConfigurations"]
    assert rule["Id"] == "bucketdex" and len(rule["Events"]) == len(EVENTS)


def test_the_package_is_installed_as_the_demo_says(run: Run, data: Path, tmp_path: Path):
    told = run("package", "install", "demo/my-data", str(tmp_path / "mine"), "--registry", "s3://bucketdex-demo")
    assert told.returncode == 0, told.stderr
    installed = {str(it.relative_to(tmp_path / "mine")): it.read_bytes() for it in (tmp_path / "mine").rglob("*.*")}
    assert installed == {str(it.relative_to(data)): it.read_bytes() for it in data.rglob("*.*")}


def test_an_object_that_never_gets_into_the_index_fails_the_demo(run: Run, data: Path, home: Path):
    state = stack.status(home)
    assert state
    path = f"/bucketdex-demo/{data.name}/notes + more/Adélie 🐧 100%.txt"
    faults = json.dumps([{"method": "GET", "path": path, "status": 503, "code": "SlowDown"}]).encode()
    urllib.request.urlopen(urllib.request.Request(f"{state.edge_url}/_bucketdex/faults", data=faults)).close()
    told = run("demo", "--data", str(data), command=(sys.executable, "-c", IMPATIENT))
    assert told.returncode == 1, told.stdout + told.stderr
    assert "nothing has moved for 5 s" in told.stdout
    assert "the demo failed at “Write 4 files”" in told.stderr
    assert "bucketdex local logs" in told.stderr


def test_a_folder_without_files_is_refused_before_anything_starts(run: Run, tmp_path: Path):
    told = run("demo", "--data", str(tmp_path))
    assert told.returncode == 1
    assert "there is no file in" in told.stderr
    assert not told.stdout
