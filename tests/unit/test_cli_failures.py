"""What the command says when it cannot do what it was asked, and with which exit code."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.exceptions import EndpointConnectionError, NoRegionError
from opensearchpy.exceptions import ConnectionError as NoAnswer
from typer.main import get_command
from typer.testing import CliRunner

from bucketdex import __version__
from bucketdex.aws.settings import SettingsError
from bucketdex.cli import main
from bucketdex.cli.failures import NoStackError, RefusedError, explained
from bucketdex.cli.problems import NO_QUERY, TITLES
from bucketdex.errors import Permanent, Transient
from bucketdex.local.stack import StackError
from recorded_api import api

__all__ = ["api"]  # a fixture

COMMAND = Path(sys.executable).with_name("bucketdex")
FORMER = (
    "AWS_ENDPOINT_URL", "BUCKETDEX_API_URL", "BUCKETDEX_OPENSEARCH_URL", "BUCKETDEX_OBJECT_EVENTS_URL",
    "BUCKETDEX_OBJECT_EVENTS_DEAD_LETTERS_URL", "BUCKETDEX_BULK_EVENTS_URL", "BUCKETDEX_BULK_EVENTS_DEAD_LETTERS_URL",
)  # fmt: skip
runner = CliRunner()


@pytest.fixture(autouse=True)
def no_debugging(monkeypatch):
    monkeypatch.delenv("BUCKETDEX_DEBUG", raising=False)


@pytest.mark.parametrize(
    "arguments",
    [
        ["show", "s3://a/b"],
        ["search", "x"],
        ["status"],
        ["bucket", "add", "abc"],
        ["bucket", "list"],
        ["bucket", "remove", "abc", "--yes"],
        ["dead-letters", "list"],
        ["dead-letters", "show", "x"],
        ["dead-letters", "replay", "--all"],
        ["trail", "add", "s3://abc"],
        ["trail", "import", "abc.json.gz"],
        ["trail", "remove", "s3://abc"],
        ["local", "env"],
    ],
)
def test_without_a_stack_a_command_says_how_to_start_one(arguments):
    said = "no stack is running here: start one with `bucketdex local up`"
    result = runner.invoke(main.app, arguments)
    assert (result.exit_code, result.stdout, result.stderr) == (3, "", f"bucketdex: {said}\n")
    result = runner.invoke(main.app, [*arguments, "--json"])
    assert (result.exit_code, result.stdout) == (3, "")
    assert json.loads(result.stderr) == {"title": TITLES[3], "detail": said}


def test_a_mistake_in_a_query_is_told_to_programs_with_its_column(api):
    told = {"title": "Unprocessable Content", "detail": "nothing behind OR", "column": 5, "suggestion": "cat"}
    api.status, api.body = 422, json.dumps(told | {"expected": ["a word"]})
    result = runner.invoke(main.app, ["search", "--json", "cat OR"])
    assert (result.exit_code, result.stdout) == (1, "")
    more = {"title": NO_QUERY, "status": 422, "expected": ["a word"]}
    assert json.loads(result.stderr) == told | more


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["search", "x", "--kind", "foo"], 2, "--kind is package, entry or object"),
        (["local", "env", "--shell", "x"], 2, "--shell"),
        (["parse-event", "no-such-file"], 2, "no-such-file cannot be read"),
        (["hash", "no-such-file"], 1, "no-such-file: No such file"),
        (["package", "list", "--registry", "./no-such-folder/"], 1, "there is no package in"),
    ],
)
def test_other_mistakes_are_told_to_programs_too_and_with_the_same_exit_code(arguments, code, said):
    assert runner.invoke(main.app, arguments).exit_code == code
    result = runner.invoke(main.app, [*arguments, "--json"])
    assert (result.exit_code, result.stdout) == (code, "")
    told = json.loads(result.stderr)
    assert told["title"] == TITLES[code] and said in told["detail"]
    assert not runner.invoke(main.app, [*arguments, "--", "--json"]).stderr.startswith("{")


@pytest.mark.parametrize("words", [["-draft"], ["penguins", "-x"], ["-kelp"], ["-sea"]])
def test_a_query_that_begins_with_a_minus_is_told_where_it_stands(api, words):
    result = runner.invoke(main.app, ["search", *words])
    assert result.exit_code == 2 and api.asked == []
    assert f"bucketdex search -- {words[-1]}" in " ".join(result.stderr.replace("│", " ").split())
    runner.invoke(main.app, ["search", "--json", "--", *words])
    assert dict(api.fields())["q"] == " ".join(words)


def test_a_minus_and_a_word_that_were_read_as_a_bucket_are_told_where_they_stand(api):
    refused = (422, {"detail": "the bucket io is not connected; those that are: lab"})
    api.told["/api/search"] = [refused, refused]
    result = runner.invoke(main.app, ["search", "-bio"])
    assert result.exit_code == 1 and result.stderr.startswith("bucketdex: the bucket io is not connected; ")
    assert "behind --, and options before that: bucketdex search -- -bio" in result.stderr
    assert "stands behind" not in runner.invoke(main.app, ["search", "fox", "-kobject", "-b", "io"]).stderr


def test_an_option_that_is_meant_as_one_is_not_taken_for_a_query():
    assert "stands behind" not in runner.invoke(main.app, ["search", "-n500"]).stderr


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (StackError("the stack did not start:\nlast lines\n"), 3),
        (NoStackError("none"), 3),
        (SettingsError("BUCKETDEX_X is not set"), 3),
        (Transient("throttled"), 3),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), 3),
        (NoAnswer("N/A", "refused", OSError()), 3),
        (Permanent("two rules"), 1),
        (RefusedError("no such letter"), 1),
    ],
)
def test_what_may_be_otherwise_later_is_3_and_what_cannot_be_is_1(error, code):
    assert explained(error)[1] == code


def test_a_failure_is_one_line_and_only_a_log_has_more():
    assert explained(Transient("no\nanswer"))[0] == "no answer"
    assert explained(StackError("it did not start:\nlast words\n"))[0] == "it did not start:\nlast words"


def test_what_a_failure_names_does_not_reach_into_the_terminal():
    for error in (Transient("no \x1b[31m"), KeyError("\x1b"), OSError(2, "gone", "a\x1bb"), StackError("a\x1b\nb")):
        assert "\x1b" not in explained(error)[0]
    assert explained(StackError("a\x1b\nb"))[0] == "a\\x1b\nb"


def test_who_has_only_the_other_variable_of_the_region_is_told_which_one_counts():
    assert "AWS_DEFAULT_REGION" in explained(NoRegionError())[0]


@pytest.mark.parametrize("arguments", [["show", "s3://a/b"], ["search", "x"], ["bucket", "list"], ["status"]])
def test_a_shell_that_points_at_a_former_stack_is_told_so(arguments):
    shell = dict.fromkeys(FORMER, "http://127.0.0.1:1/q") | {"BUCKETDEX_CONTROL_TABLE": "t"}
    environment = {name: it for name, it in os.environ.items() if not name.startswith("AWS_")}
    environment |= shell | {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
    environment |= {"AWS_DEFAULT_REGION": "us-east-1", "BUCKETDEX_OPENSEARCH_AUTH": "none"}
    done = subprocess.run(
        [COMMAND, *arguments], check=False, capture_output=True, text=True, env=environment, timeout=60
    )
    assert "this shell points at a former one" in done.stderr and "local env --unset" in done.stderr
    assert "Traceback" not in done.stderr and not done.stdout


LOGS = ["local", "logs", "http", "--raw"]  # prints as much as one likes, and needs no stack


@pytest.fixture
def long_log(tmp_path):
    log = tmp_path / "logs" / "http.log"
    log.parent.mkdir()
    log.write_text("line\n" * 50_000)
    return os.environ | {"BUCKETDEX_HOME": str(tmp_path)}


@pytest.mark.parametrize("more", [["-n", "50000"], ["-n", "50000", "--json"]])
def test_nobody_reading_on_is_no_answer(long_log, more):
    with subprocess.Popen(
        [COMMAND, *LOGS, *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=long_log
    ) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the full device is Linux's")
@pytest.mark.parametrize("arguments", [LOGS, ["local", "status"], ["--version"], ["--help"]])
def test_an_output_that_cannot_be_written_is_said_in_one_line(long_log, arguments):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([COMMAND, *arguments], check=False, stdout=full, stderr=subprocess.PIPE, env=long_log)
    assert done.returncode == 1
    assert done.stderr.decode() == "bucketdex: the output cannot be written: No space left on device\n"


def test_a_bug_is_called_one():
    message, code = explained(KeyError("Messages"))
    assert (message, code) == ("KeyError: 'Messages' (this is a fault of bucketdex; BUCKETDEX_DEBUG=1 shows where)", 1)


def test_the_traceback_is_for_those_who_ask(monkeypatch):
    assert isinstance(runner.invoke(main.app, ["status"]).exception, SystemExit)
    assert isinstance(runner.invoke(main.app, ["--debug", "status"]).exception, NoStackError)
    monkeypatch.setenv("BUCKETDEX_DEBUG", "1")
    assert isinstance(runner.invoke(main.app, ["status"]).exception, NoStackError)


@pytest.mark.parametrize(
    "arguments",
    [["show"], ["show", "a/b"], ["nonsense"], ["bucket", "add"], ["dead-letters", "list", "--kind", "crahsed"]],
)
def test_wrong_usage_is_2(arguments):
    assert runner.invoke(main.app, arguments).exit_code == 2


def test_the_version():
    assert runner.invoke(main.app, ["--version"]).stdout == f"bucketdex {__version__}\n"


def commands(command, *path):
    for name in command.list_commands(None):
        found = command.get_command(None, name)
        if hasattr(found, "list_commands"):
            yield from commands(found, *path, name)
        else:
            yield (*path, name)


@pytest.mark.parametrize("path", list(commands(get_command(main.app))), ids=" ".join)
def test_each_command_has_json_and_help_with_an_example_and_exit_codes(path):
    result = runner.invoke(main.app, [*path, "--help"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    assert "--json" in result.stdout
    assert f"bucketdex {' '.join(path)}" in result.stdout.split("Examples")[1]
    assert "0:" in result.stdout.split("Exit codes")[1]


def test_help_imports_neither_aws_nor_opensearch():
    code = f"import sys, {main.__name__}; print([it for it in ('boto3', 'opensearchpy', 'moto') if it in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "[]\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_get_completion(shell):
    answer = subprocess.run(
        [COMMAND],
        env={"_BUCKETDEX_COMPLETE": f"complete_{shell}", "COMP_WORDS": "bucketdex dead", "COMP_CWORD": "1",
             "_TYPER_COMPLETE_ARGS": "bucketdex dead", "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert "dead-letters" in answer.stdout
