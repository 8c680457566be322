"""Which stack a command works with: the one that the environment names, else the one that runs here."""

import contextlib
import os
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import typer

from bucketdex.cli.called import as_called
from bucketdex.cli.failures import NoStackError

if TYPE_CHECKING:
    from bucketdex.aws.settings import Queue
    from bucketdex.local.stack import State

# What else would turn a client of this process away from the local stack.
MISLEADING = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
OF_A_STACK = re.compile(
    r"BUCKETDEX_(\w+_(URL|ARNS?|BYTES)|CONTROL_TABLE|OPENSEARCH_AUTH|MAX_RECEIVES|S3_CONCURRENCY|HOME"
    r"|TRAIL_DELAY_SECONDS|TRAIL_IDENTITIES)"
)
STATE_MACHINE = re.compile(r"BUCKETDEX_\w+_STATE_MACHINE_ARN")
DEAD_LETTERS = re.compile(r"BUCKETDEX_(\w+)_DEAD_LETTERS_URL")
NO_STACK = "no stack is running here: start one with `bucketdex local up`"


def running() -> "State":
    """Return the local stack of this folder (or of `BUCKETDEX_HOME`); raises `NoStackError`."""
    from bucketdex.local import stack

    home = stack.default_home(stack.find_template())
    state = stack.status(home)
    if state is None:
        raise NoStackError(NO_STACK + last_words())
    if state.phase != "ready":
        raise NoStackError(f"the stack in {state.home} is not ready, but {state.phase}: try again in a moment")
    return state


def last_words() -> str:
    """Return a further line about the stack that ran here last, if it ended by itself."""
    from bucketdex.local import stack

    reason = stack.why_it_ended(stack.default_home(stack.find_template()))
    return f"\nthe last one ended by itself: {reason}" if reason else ""


def adopt(*needed: str) -> None:
    """Make this process a client of the stack: of the environment's, where it sets one of these variables."""
    given = [name for name in needed if os.environ.get(name)]
    if given:
        _warn_of_an_old_environment(given)
        return
    from bucketdex.local import stack
    from bucketdex.local.aws import NO_PROFILES

    addresses = stack.environment(running())
    for name in misleading():
        del os.environ[name]
    os.environ.update(addresses | NO_PROFILES)


def reach_s3() -> None:
    """Make this process a client of the local stack, where one runs here and the environment names no other S3."""
    from bucketdex.local.stack import StackError

    if not any(name.startswith("AWS_ENDPOINT_URL") for name in os.environ):
        with contextlib.suppress(NoStackError, StackError):
            adopt()


def _warn_of_an_old_environment(given: list[str]) -> None:
    """Tell when a shell has the addresses of a local stack that has been started anew since."""
    if not any(is_local(os.environ[name]) for name in given):
        return
    from bucketdex.local import stack

    try:
        addresses = stack.environment(running())
    except (NoStackError, stack.StackError):
        return
    if old := [name for name in given if os.environ[name] != addresses.get(name)]:
        typer.echo(
            as_called(
                f"bucketdex: {old[0]} is set in this shell, to another stack than the one that runs here; "
                'to use the running one: eval "$(bucketdex local env)"'
            ),
            err=True,
        )


def misleading() -> list[str]:
    """Return what is set that would turn an AWS client away from the stack."""
    return [name for name in os.environ if name in MISLEADING or name.startswith("AWS_ENDPOINT_URL_")]


def former_environment() -> list[str]:
    """Return the variables that `bucketdex local env` has set in this shell."""
    from bucketdex.local.aws import aws_environment

    names = [name for name in os.environ if OF_A_STACK.fullmatch(name)]
    if is_local(os.environ.get("AWS_ENDPOINT_URL", "")):
        names += [name for name in aws_environment("") if name in os.environ]
    return sorted(names)


def points_at_a_former_stack() -> bool:
    """Tell whether this shell has addresses of a local stack, and none is running here."""
    from bucketdex.local import stack

    try:
        if stack.status(stack.default_home(stack.find_template())):
            return False
    except stack.StackError:
        return False
    return any(is_local(os.environ[name]) for name in former_environment())


def is_local(url: str) -> bool:
    """Tell whether this is an address of a stack on this machine."""
    try:
        return urlsplit(url).hostname == "127.0.0.1"
    except ValueError:
        return False


def queues() -> "dict[str, Queue]":
    """Return the queues that have one for dead letters, by the names that the template gives them.

    `adopt` comes first. They are read from the variables that the template sets: BUCKETDEX_OBJECT_EVENTS_URL and
    BUCKETDEX_OBJECT_EVENTS_DEAD_LETTERS_URL are the queue ObjectEvents.
    """
    from bucketdex.aws.settings import Queue, SettingsError

    found: dict[str, Queue] = {}
    for name, url in sorted(os.environ.items()):
        if not (match := DEAD_LETTERS.fullmatch(name)):
            continue
        of = f"BUCKETDEX_{match[1]}_URL"
        if of not in os.environ:
            raise SettingsError(f"the environment variable {name} is set, but {of} is not")
        found[match[1].title().replace("_", "")] = Queue(os.environ[of], url)
    if not found:
        raise SettingsError("the environment names no queue: BUCKETDEX_OBJECT_EVENTS_URL and the like are not set")
    return found


def state_machines() -> dict[str, str]:
    """Return the ARNs of the state machines by name: BUCKETDEX_HASH_STATE_MACHINE_ARN is HashStateMachine. May be none.

    `adopt` comes first.
    """
    found = {name: arn for name, arn in sorted(os.environ.items()) if arn and STATE_MACHINE.fullmatch(name)}
    return {name[len("BUCKETDEX_") : -len("_ARN")].title().replace("_", ""): arn for name, arn in found.items()}
