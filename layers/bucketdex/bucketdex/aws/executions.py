"""Executions of state machines, started so that a second attempt does no harm."""

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from bucketdex.aws import refusals
from bucketdex.errors import Transient

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


def start(stepfunctions: "SFNClient", state_machine_arn: str, name: str, given: str) -> bool:
    """Start an execution, or find the one of this name running; return False where it has ended.

    Raises `Transient`. With another input under the same name it counts as ended too.
    """
    try:
        stepfunctions.start_execution(stateMachineArn=state_machine_arn, name=name, input=given)
    except ClientError as error:
        if refusals.code(error) == "ExecutionAlreadyExists":
            return False
        raise Transient(f"the state machine {state_machine_arn} does not start: {refusals.said(error)}") from error
    except BotoCoreError as error:
        raise Transient(f"the state machine {state_machine_arn} does not answer: {error}") from error
    return True
