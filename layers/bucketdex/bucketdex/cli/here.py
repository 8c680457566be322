"""Which stack a command works with: the one that the environment names, else the one that runs here."""

import os
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import typer

from bucketdex.cli.failures import NoStackError

if TYPE_CHECKING:
    from bucketdex.aws.settings import Queue
    from bucketdex.local.stack import State

# What else would turn a client of this process away from the local stack.
MISLEADING = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
DEAD_LETTERS = re.compile(r"BUCKETDEX_(\w+)_DEAD_LETTERS_URL")
NO_STACK = "no stack is running here: start one with `bucketdex local up`"


def running() -> "State":
    """Return the local stack of this folder (or of `BUCKETDEX_HOME`); raises `NoStackError`."""
    from bucketdex.local import stack

    state = stack.status(stack.default_home(stack.find_template()))
    if state is None:
        raise NoStackError(NO_STACK)
    if state.phase != "ready":
        raise NoStackError(f"the stack in {state.home} is not ready, but {state.phase}: try again in a moment")
    return state


def adopt(*needed: str) -> None:
    """Make this process a client of the stack: of the environment's, where it sets one of these variables."""
    given = [name for name in needed if os.environ.get(name)]
    if given:
        _warn_of_an_old_environment(given)
        return
    from bucketdex.local import stack
    from bucketdex.local.aws import NO_PROFILES

    addresses = stack.environment(running())
    for name in list(os.environ):
        if name in MISLEADING or name.startswith("AWS_ENDPOINT_URL_"):
            del os.environ[name]
    os.environ.update(addresses | NO_PROFILES)


def _warn_of_an_old_environment(given: list[str]) -> None:
    """Tell when a shell has the addresses of a local stack that has been started anew since."""
    if not any(urlsplit(os.environ[name]).hostname == "127.0.0.1" for name in given):
        return
    from bucketdex.local import stack

    try:
        addresses = stack.environment(running())
    except (NoStackError, stack.StackError):
        return
    if old := [name for name in given if os.environ[name] != addresses.get(name)]:
        typer.echo(
            f"bucketdex: {old[0]} is set in this shell, to another stack than the one that runs here; "
            'for that one: eval "$(bucketdex local env)"',
            err=True,
        )


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
