"""What reading log files touches outside itself."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from bucketdex.changes import ObjectChange
from bucketdex.control import ControlTable
from bucketdex.trail.identity import Identities
from bucketdex.trail.streaming import Limits

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

# Of a message: so many keys with their authors, each as long as can be, in six messages fit SQS's 1 MiB of a request.
KEYS_EACH = 19


class Send(Protocol):
    """Sends hints to `BulkEvents`, where nobody sees them for so many seconds; raises `Transient`."""

    def __call__(self, changes: list[ObjectChange], /, *, delay_seconds: int) -> object:
        """Send them."""


@dataclass(frozen=True)
class Edges:
    """What is outside.

    `want_check` has a bucket compared with the index, for what happened at a time that only that can find. `remaining`
    tells the seconds that are left. Hints are held back until what they tell of is `delay_seconds` old: by then the
    notifications of it have been worked off, if there were any.
    """

    control: ControlTable
    opensearch: "OpenSearch"
    send: Send
    want_check: Callable[[str, datetime], object]
    now: Callable[[], datetime]
    remaining: Callable[[], float]
    identities: Identities
    own_roles: tuple[str, ...] = ()
    delay_seconds: int = 0
    limits: Limits = field(default_factory=Limits)
    sleep: Callable[[float], None] = time.sleep
