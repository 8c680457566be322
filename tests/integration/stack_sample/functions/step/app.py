"""A step of the state machine: takes a moment, or refuses; its process tells how many of them work at a time."""

import os
import time


class Refused(Exception):
    """What the state machine catches by its name."""


def handler(event, context):
    if event["number"] == event["refuse"]:
        raise Refused(f"no {event['number']}")
    time.sleep(0.2)
    return {"number": event["number"], "process": os.getpid(), "told": context.invoked_function_arn}
