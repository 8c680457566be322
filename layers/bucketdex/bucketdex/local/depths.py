"""What is under way in the queues and state machines of a local stack, and whether all is settled."""

import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING

import msgspec

from bucketdex.health.depths import QueueDepth
from bucketdex.local import edge_requests
from bucketdex.local.aws import session
from bucketdex.local.state import StackError, State

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

LOOK_AGAIN = 0.25  # seconds between two looks


class Told(msgspec.Struct, frozen=True):
    """What the emulated AWS tells about one queue."""

    visible: int = 0
    in_flight: int = 0
    delayed: int = 0
    oldest_sent: float | None = None  # Unix time


def queues(state: State) -> dict[str, QueueDepth]:
    """Return what is under way in each queue that is not for dead letters, and in each state machine, by logical id."""
    told = ask(state.edge_url)
    now, nothing = time.time(), Told()
    all_queues = state.deployment.queues if state.deployment else ()
    by_id = {it.logical_id: told.get(it.name, nothing) for it in all_queues}
    depths = {}
    for queue in all_queues:
        if queue.holds_dead_letters:
            continue
        own, dead = by_id[queue.logical_id], by_id.get(queue.dead_letters or "", nothing)
        depths[queue.logical_id] = QueueDepth(
            visible=own.visible,
            in_flight=own.in_flight,
            delayed=own.delayed,
            dead_letters=dead.visible + dead.in_flight + dead.delayed,
            oldest_seconds=None if own.oldest_sent is None else max(0.0, now - own.oldest_sent),
        )
    if state.deployment and state.deployment.state_machines:
        machines = {it.logical_id: it.arn for it in state.deployment.state_machines}
        depths |= _executions(state.edge_url, machines)
    return depths


def running(states: "SFNClient", machines: Mapping[str, str]) -> dict[str, QueueDepth]:
    """Return how many executions of each state machine (name: ARN) run, as if they were in flight; at most 1,000."""
    depths = {}
    for name, arn in machines.items():
        found = states.list_executions(stateMachineArn=arn, statusFilter="RUNNING", maxResults=1000)["executions"]
        depths[name] = QueueDepth(visible=0, in_flight=len(found), delayed=0, dead_letters=0, oldest_seconds=None)
    return depths


def settled(state: State, timeout: float, observe: Callable[[dict[str, QueueDepth]], None] = lambda _: None) -> bool:
    """Wait until every queue was empty twice in a row, and nothing executed; False after `timeout` seconds.

    What was written is then searchable after a refresh of the index, which is the caller's. `observe` gets each look.
    """
    deadline = time.monotonic() + timeout
    in_a_row = 0
    while True:
        depths = queues(state)
        observe(depths)
        in_a_row = in_a_row + 1 if all(it.is_empty for it in depths.values()) else 0
        if in_a_row == 2:
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK_AGAIN)


def _executions(edge_url: str, machines: Mapping[str, str]) -> dict[str, QueueDepth]:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415  as in `session`

    try:
        return running(_states(edge_url), machines)
    except (BotoCoreError, ClientError) as error:
        raise StackError(f"the emulated Step Functions at {edge_url} does not answer: {error}") from error


@cache
def _states(edge_url: str) -> "SFNClient":
    return session().client("stepfunctions", endpoint_url=edge_url)


def ask(edge_url: str) -> dict[str, Told]:
    """Return what the emulated AWS tells about its queues, by their names."""
    _, said = edge_requests.request(edge_url, "GET", "queues")
    try:
        return msgspec.json.decode(said, type=dict[str, Told])
    except msgspec.DecodeError as error:
        raise StackError(f"the emulated AWS at {edge_url} does not answer: {error}") from error
