"""Which stack the commands ask: the one that the environment names, else the one that runs here."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bucketdex.client.connection import Connection


def stack() -> "Connection":
    """Return the stack; raises `NoStackError`."""
    from bucketdex.cli.here import adopt
    from bucketdex.client.connection import API, connection

    adopt(API)
    return connection()
