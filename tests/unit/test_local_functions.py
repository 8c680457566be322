"""Functions as processes: what they see, and what becomes of them."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from bucketdex.local.deployment import Function
from bucketdex.local.functions.pool import FunctionError, FunctionPool, function_environment

APP = """
import os, subprocess, sys, time
import layered

def handler(event, context):
    match event:
        case "context":
            return {name: getattr(context, name) for name in (
                "function_name", "function_version", "invoked_function_arn", "memory_limit_in_mb",
                "log_group_name", "log_stream_name", "aws_request_id")}
        case "left":
            return context.get_remaining_time_in_millis()
        case "environment":
            return dict(os.environ)
        case "imports":
            return [layered.__file__, os.getcwd(), "bucketdex" in sys.modules]
        case "raise":
            raise KeyError("told to")
        case "exit":
            os._exit(7)
        case "hang":
            child = subprocess.Popen(["sleep", "300"])
            open("child", "w").write(str(child.pid))
            time.sleep(300)
        case "set":
            return {1, 2}
        case "nan":
            return float("nan")
        case "print":
            print("printed")
            print("complained", file=sys.stderr)
        case ["sleep", seconds]:
            time.sleep(seconds)
    return os.getpid()
"""


def sample(folder: Path, app: str = APP, timeout: float = 5) -> Function:
    (folder / "code").mkdir(exist_ok=True)
    (folder / "layer" / "python").mkdir(parents=True, exist_ok=True)
    (folder / "code" / "app.py").write_text(textwrap.dedent(app))
    (folder / "layer" / "python" / "layered.py").touch()
    return Function(
        logical_id="Sample",
        name="stack-Sample-1",
        arn="arn:aws:lambda:us-east-1:123456789012:function:stack-Sample-1",
        handler="app.handler",
        code=str(folder / "code"),
        layers=(str(folder / "layer"),),
        environment={"SETTING": "value"},
        timeout=timeout,
        memory=256,
    )


def a_pool(folder: Path, limit: int = 1, **more: object) -> FunctionPool:
    return FunctionPool(sample(folder, **more), limit, {"AWS_ENDPOINT_URL": "http://edge"}, folder / "log")


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[FunctionPool]:
    pool = a_pool(tmp_path)
    yield pool
    pool.close()


def ends(pid: int) -> bool:
    try:
        psutil.Process(pid).wait(10)
    except psutil.NoSuchProcess:
        return True
    except psutil.TimeoutExpired:
        return False
    return True


def test_one_process_serves_invocation_after_invocation(pool):
    assert pool.invoke("pid") == pool.invoke("pid") != os.getpid()


def test_the_context_is_lambdas(pool):
    context = pool.invoke("context")
    assert len(context.pop("aws_request_id")) == 36
    assert context == {
        "function_name": "stack-Sample-1",
        "function_version": "$LATEST",
        "invoked_function_arn": "arn:aws:lambda:us-east-1:123456789012:function:stack-Sample-1",
        "memory_limit_in_mb": "256",
        "log_group_name": "/aws/lambda/stack-Sample-1",
        "log_stream_name": "local",
    }
    assert 4000 < pool.invoke("left") <= 5000


def test_a_function_sees_its_own_environment_only(pool, monkeypatch, tmp_path):
    monkeypatch.setenv("SECRET_OF_THE_USER", "x")
    environment = function_environment(sample(tmp_path), {"AWS_ENDPOINT_URL": "http://edge"})
    assert "SECRET_OF_THE_USER" not in environment
    told = pool.invoke("environment")
    assert told["SETTING"] == "value"
    assert told["AWS_ENDPOINT_URL"] == "http://edge"
    assert told["AWS_LAMBDA_FUNCTION_NAME"] == "stack-Sample-1"
    assert told["_HANDLER"] == "app.handler"


def test_it_imports_from_its_layers_and_not_from_the_stack(pool, tmp_path):
    layered, folder, has_stack = pool.invoke("imports")
    assert layered == str(tmp_path / "layer" / "python" / "layered.py")
    assert folder == str(tmp_path / "code")
    assert not has_stack


def test_an_exception_is_the_answer_and_the_process_goes_on(pool, tmp_path):
    before = pool.invoke("pid")
    with pytest.raises(FunctionError, match="KeyError: 'told to'"):
        pool.invoke("raise")
    assert pool.invoke("pid") == before
    assert 'raise KeyError("told to")' in (tmp_path / "log").read_text()


@pytest.mark.parametrize("event", ["set", "nan"])
def test_an_answer_that_json_cannot_hold_is_an_error(pool, event):
    with pytest.raises(FunctionError):
        pool.invoke(event)


def test_a_process_that_ends_fails_its_invocation_and_is_replaced(pool):
    before = pool.invoke("pid")
    with pytest.raises(FunctionError, match=r"Runtime\.ExitError: process ended with status 7"):
        pool.invoke("exit")
    assert pool.invoke("pid") != before


def test_a_process_killed_while_idle_is_replaced_unnoticed(pool):
    before = pool.invoke("pid")
    os.kill(before, signal.SIGKILL)
    assert ends(before)
    assert pool.invoke("pid") != before


def test_what_takes_too_long_is_killed_with_all_that_it_started(tmp_path):
    pool = a_pool(tmp_path, timeout=1)
    before = pool.invoke("pid")
    with pytest.raises(FunctionError, match=r"Sandbox\.Timedout: task timed out after 1\.00 seconds"):
        pool.invoke("hang")
    assert ends(before)
    assert ends(int((tmp_path / "code" / "child").read_text()))
    assert pool.invoke("pid") != before
    assert "task timed out" in (tmp_path / "log").read_text()
    pool.close()


def test_a_handler_that_cannot_be_imported_fails_each_invocation_with_its_reason(tmp_path):
    pool = a_pool(tmp_path, app="import no_such_module")
    for _ in range(2):
        with pytest.raises(FunctionError, match="No module named 'no_such_module'"):
            pool.invoke("pid")
    assert "Traceback" in (tmp_path / "log").read_text()
    pool.close()


def test_what_a_function_prints_is_in_its_log(pool, tmp_path):
    pool.invoke("print")
    log = (tmp_path / "log").read_text()
    assert "printed\n" in log
    assert "complained\n" in log
    assert "REPORT RequestId: " in log


def test_a_pool_grows_to_its_limit_and_no_further(tmp_path):
    watched: dict[str, int | None] = {}
    pool = FunctionPool(sample(tmp_path), 2, {}, tmp_path / "log", watched.__setitem__)
    pool.warm()
    assert list(watched) == ["Sample-1"]
    pids: list[int] = []
    threads = [threading.Thread(target=lambda: pids.append(pool.invoke(["sleep", 0.3]))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(pids) == 4
    assert set(pids) == {watched["Sample-1"], watched["Sample-2"]}
    pool.close()
    assert all(ends(pid) for pid in pids)


def test_closing_ends_what_is_under_way(tmp_path):
    pool = a_pool(tmp_path, timeout=60)
    failed = threading.Event()

    def invoke() -> None:
        with pytest.raises(FunctionError):
            pool.invoke(["sleep", 50])
        failed.set()

    threading.Thread(target=invoke).start()
    time.sleep(0.5)
    pool.close()
    assert failed.wait(5)
    with pytest.raises(FunctionError, match="stopping"):
        pool.invoke("pid")


def test_functions_end_with_the_stack_however_that_ends(tmp_path):
    """The invocation hangs; its process, and what that started, are gone all the same when the stack is killed."""
    sample(tmp_path)
    stack = textwrap.dedent(f"""
        import sys
        from pathlib import Path
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        import test_local_functions as tests
        pool = tests.a_pool(Path({str(tmp_path)!r}), timeout=60)
        print(pool.invoke("pid"), flush=True)
        pool.invoke("hang")
    """)
    process = subprocess.Popen([sys.executable, "-c", stack], stdout=subprocess.PIPE, text=True)
    function = int(process.stdout.readline())
    deadline = time.monotonic() + 10
    while not ((child := tmp_path / "code" / "child").exists() and child.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.kill()
    process.wait()
    process.stdout.close()
    assert ends(function)
    assert ends(int(child.read_text()))
