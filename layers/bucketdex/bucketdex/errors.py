"""The failure taxonomy: what a fault means for the message that met it."""


class Fault(Exception):
    """Something went wrong in a way that is understood; `str()` says what, with which object, and what to do.

    `for_asker` is what of it whoever asks from outside is told: without the hosts and names of what is inside.
    """

    kind = "fault"

    def __init__(self, message: str = "", for_asker: str | None = None) -> None:
        super().__init__(message)
        self.for_asker = for_asker or message


class Transient(Fault):
    """It may work later, so the message comes back: throttling, outages, timeouts, unsettled conflicts."""

    kind = "transient"


class Permanent(Fault):
    """It will never work for this input: the message is set aside at once, with this reason."""

    kind = "permanent"


# The third kind is every other exception: a bug. It is logged, and its message comes back as a transient one does.
OURS = "ours"


def kind_of(error: BaseException) -> str:
    """Return `transient`, `permanent` or `ours`."""
    return error.kind if isinstance(error, Fault) else OURS
