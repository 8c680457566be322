"""What a command says when it cannot do what it was asked: a line on standard error, and an exit code for scripts."""

import errno
import os
import sys
import warnings
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

import typer
from typer.core import TyperGroup

from bucketdex.cli.called import as_called
from bucketdex.cli.problems import asked_for_json, print_problem

if TYPE_CHECKING:
    from typer import Context

NO = 1  # the answer is no, or what was asked cannot be
USAGE = 2  # typer's own too
INTERRUPTED = 130  # by Ctrl-C; as of a program that SIGINT ends
BROKEN_PIPE = 141  # nobody reads what is printed (`| head -1`); as of a program that SIGPIPE ends
UNAVAILABLE = 3  # no stack runs, or a part of it does not answer: asked later it may be otherwise

EXIT_CODES = {
    0: "done",
    USAGE: "the command is not used as it should be",
    UNAVAILABLE: "no stack runs here, or a part of it does not answer",
}


def epilog(examples: str, **codes: str) -> str:
    """Return what ends a command's help: examples, and its exit codes (`_1="not all agree"`)."""
    lines = "\n".join(f"    {as_called(line.strip())}" for line in examples.strip().splitlines())
    own = EXIT_CODES | {int(code.strip("_")): meaning for code, meaning in codes.items()}
    listed = "\n".join(f"- {code}: {own[code]}" for code in sorted(own))
    return f"**Examples**\n\n{lines}\n\n**Exit codes**\n\n{listed}"


AS_JSON = f"{__name__}.json"  # in the context
UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}  # of an output, which has no name


class NoStackError(Exception):
    """There is no running stack to work with; the message says how to start one."""


class RefusedError(Exception):
    """What was asked cannot be; the message says why."""


class FailedError(Exception):
    """A command ends with a message, and an exit code."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


class Commands(TyperGroup):
    """A group of commands whose failures are told in a line, without a traceback unless one is asked for."""

    def parse_args(self, ctx: "Context", args: list[str]) -> list[str]:  # type: ignore[override]
        """Read the arguments, and keep in mind whether a program reads what is said of failures."""
        ctx.meta[AS_JSON] = asked_for_json(args)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: "Context") -> Any:  # type: ignore[override]
        """Run the command that was named."""
        try:
            with warnings.catch_warnings():
                warnings.showwarning = _warned
                return super().invoke(ctx)
        except (typer.Exit, typer.Abort):
            raise
        except typer.TyperException as error:
            if not ctx.meta[AS_JSON]:
                raise
            _end(ctx, error.format_message(), error.exit_code)
        except FailedError as error:
            _end(ctx, str(error), error.code)
        except BrokenPipeError as error:
            raise typer.Exit(BROKEN_PIPE) from error
        except Exception as error:  # whatever it is, its user gets a line
            if ctx.params.get("debug") or os.environ.get("BUCKETDEX_DEBUG"):
                raise
            from bucketdex.client.errors import NoAnswerError

            message, code = explained(error)
            if code == UNAVAILABLE or isinstance(error, NoAnswerError):
                message += _former_stack(error)
            _end(ctx, message, code, error)

    def main(self, *arguments: Any, **options: Any) -> Any:
        """Run the command line; what is said of help or version that cannot be printed is a line too."""
        try:
            return super().main(*arguments, **options)
        except OSError as error:
            if "--debug" in sys.argv or os.environ.get("BUCKETDEX_DEBUG"):
                raise
            message, code = explained(error)
            typer.echo(f"bucketdex: {_shown(message)}", err=True)
            sys.exit(code)
        finally:
            _flush()


def _flush() -> None:
    """Let what could not be printed fail no second time, at the end of the process."""
    try:
        sys.stdout.flush()
    except OSError:
        with open(os.devnull, "w") as nothing:  # noqa: PTH123
            os.dup2(nothing.fileno(), sys.stdout.fileno())


def fail(message: str, code: int) -> NoReturn:
    """End the command with a message."""
    raise FailedError(message, code)


def complain(message: str, *, as_json: bool, code: int = NO, error: Exception | None = None, **more: Any) -> None:
    """Say on standard error what failed; with `--json` as programs read it, and `more` of what it is about."""
    if as_json:
        print_problem(as_called(_shown(message)), code, error, **more)
    else:
        typer.echo(as_called(f"bucketdex: {_shown(message)}"), err=True)


def _end(ctx: "Context", message: str, code: int, error: Exception | None = None) -> NoReturn:
    complain(message, as_json=ctx.meta[AS_JSON], code=code, error=error)
    raise typer.Exit(code)


def usage(message: str) -> NoReturn:
    """End the command because of how it was called."""
    raise typer.BadParameter(message)


def explained(error: Exception) -> tuple[str, int]:
    """Return what to say of an error, without anything that a terminal would obey, and the exit code."""
    message, code = _explained(error)
    return _shown(message), code


def _explained(error: Exception) -> tuple[str, int]:
    from botocore.exceptions import BotoCoreError, ClientError, NoRegionError
    from opensearchpy.exceptions import OpenSearchException

    from bucketdex.aws.settings import SettingsError
    from bucketdex.client import errors as asking
    from bucketdex.errors import Fault, Permanent
    from bucketdex.local.stack import StackError

    match error:
        case StackError() | NoStackError() | asking.NoStackError():  # may end with lines of a log
            return str(error).rstrip(), UNAVAILABLE
        case Permanent() | RefusedError():
            return str(error) if isinstance(error, asking.QueryError) else _line(error), NO  # it has a caret in a line
        case NoRegionError():  # boto reads the one, most other clients the other
            return "no region of AWS is named: set AWS_DEFAULT_REGION (AWS_REGION alone is not enough)", UNAVAILABLE
        case Fault() | SettingsError() | BotoCoreError() | ClientError() | OpenSearchException():
            return _line(error), UNAVAILABLE
    if isinstance(error, OSError) and (error.filename or error.errno in UNWRITABLE):
        return f"{error.filename or 'the output cannot be written'}: {error.strerror}", NO
    hint = "this is a fault of bucketdex; BUCKETDEX_DEBUG=1 shows where"
    return f"{type(error).__name__}: {_line(error)} ({hint})", NO


def _former_stack(error: Exception) -> str:
    """Return a further line for who asked a stack that has ended, which the shell still has the addresses of."""
    from bucketdex.cli.here import last_words, points_at_a_former_stack

    if isinstance(error, NoStackError) or not points_at_a_former_stack():
        return ""
    return (
        "\nno stack is running here; this shell points at a former one:"
        '\n  to leave that:      eval "$(bucketdex local env --unset)"'
        '\n  to start a new one: bucketdex local up && eval "$(bucketdex local env)"' + last_words()
    )


def _shown(message: str) -> str:
    """Return a message, which may hold names from anywhere, as a terminal can be given it; lines stay lines."""
    from bucketdex.cli.output import printable

    return "\n".join(map(printable, message.split("\n")))


def _warned(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Show a warning: what is for users as a line, what is for programmers with its place."""
    if issubclass(category, UserWarning):
        typer.echo(f"bucketdex: {_shown(str(message))}", err=True)
    else:
        (file or sys.stderr).write(warnings.formatwarning(message, category, filename, lineno, line))


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
