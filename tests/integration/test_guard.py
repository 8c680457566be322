"""What is started under a guard ends with who started it, whatever ends that one."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from bucketdex.local import guard

FAMILY = ["sh", "-c", "sleep 1000 & echo $$ $!; wait"]  # prints its process id and that of its child


def is_gone(process: int) -> bool:
    question = ["ps", "-o", "stat=", "-p", str(process)]
    state = subprocess.run(question, check=False, capture_output=True, text=True).stdout
    return not state.strip() or state.startswith("Z")


def eventually(condition, seconds=5.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if result := condition():
            return result
        time.sleep(0.02)
    return condition()


def numbers(log) -> list[int]:
    """Return the process ids in the log, once it has a whole line of them."""
    text = log.read_text() if log.exists() else ""
    return [int(word) for word in text.split()] if text.endswith("\n") else []


@pytest.fixture
def log(tmp_path):
    return tmp_path / "log"


@pytest.mark.parametrize(("script", "code"), [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137), ("kill -15 $$", 143)])
def test_the_guard_ends_with_the_code_of_the_command(log, script, code):
    assert guard.start(["sh", "-c", script], log).wait(10) == code


def test_the_output_of_the_command_is_appended_to_the_log(log):
    log.write_text("before\n")
    guard.start(["sh", "-c", "echo out; echo err >&2"], log).wait(10)
    assert log.read_text() == "before\nout\nerr\n"


def test_the_command_gets_the_environment_and_no_input(log):
    process = guard.start(["sh", "-c", "cat; echo $COLOUR"], log, env=os.environ | {"COLOUR": "green"})
    assert process.wait(10) == 0
    assert log.read_text() == "green\n"


def test_a_command_that_is_not_there_is_said_in_the_log(log):
    assert guard.start(["/no/such/command"], log).wait(10) == 127
    assert "/no/such/command cannot be started" in log.read_text()


def test_stop_ends_the_command_and_its_children(log):
    process = guard.start(FAMILY, log)
    family = eventually(lambda: numbers(log))
    assert len(family) == 2
    assert guard.stop(process) == 143
    assert all(map(is_gone, family))


def test_sigterm_to_the_guard_ends_the_command(log):
    process = guard.start(FAMILY, log)
    family = eventually(lambda: numbers(log))
    process.terminate()
    assert process.wait(10) == 143
    assert all(map(is_gone, family))


def test_a_command_that_will_not_stop_is_killed_after_the_limit(log):
    process = guard.start(["sh", "-c", "trap '' TERM; echo $$; sleep 1000"], log, limit=0.3)
    eventually(lambda: numbers(log))
    started = time.monotonic()
    assert guard.stop(process) == 137
    assert 0.2 < time.monotonic() - started < 3


def test_what_a_command_leaves_behind_ends_too(log):
    process = guard.start(["sh", "-c", "sleep 1000 & echo $!"], log)
    assert process.wait(10) == 0
    assert eventually(lambda: all(map(is_gone, numbers(log))))


def test_kill_9_of_the_starter_ends_the_command(log, tmp_path):
    script = f"""
        import pathlib, time
        from bucketdex.local import guard
        process = guard.start({FAMILY!r}, pathlib.Path({str(log)!r}))
        time.sleep(1000)
    """
    starter = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)])
    family = eventually(lambda: numbers(log))
    starter.kill()
    starter.wait()
    assert eventually(lambda: all(map(is_gone, family)))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux kills the child of a guard that was killed itself")
def test_kill_9_of_the_guard_ends_the_command(log):
    process = guard.start(["sh", "-c", "echo $$; exec sleep 1000"], log)
    (command,) = eventually(lambda: numbers(log))
    process.send_signal(signal.SIGKILL)
    assert process.wait(10) == -signal.SIGKILL
    assert eventually(lambda: is_gone(command))
