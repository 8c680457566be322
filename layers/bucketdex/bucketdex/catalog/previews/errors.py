"""Why there is no preview."""


class CannotReadError(Exception):
    """The bytes cannot be had; `str()` says why, in words for people."""


class SpentError(CannotReadError):
    """What a preview may read, or the time it may take, is used up."""


class NotAsNamedError(Exception):
    """The bytes are not, or not wholly, what they seem to be; `str()` says so, in words for people."""
