"""Who made a call, as far as the stack's setting lets it be kept. Addresses, keys and agents of users never are.

| setting | of the author is kept | readers are told apart by |
|---|---|---|
| `full` | type, name, role session | user, or role and session |
| `principal` | type and name | user or role |
| `none` | nothing | nothing: they are not counted |
"""

from typing import Any, Literal

import msgspec

from bucketdex.changes import Author
from bucketdex.trail.names import digest_of

Identities = Literal["full", "principal", "none"]

LONGEST = 128  # characters; AWS allows 64 for the names of users, roles and sessions
MOST_KNOWN = 10_000  # identities that are remembered: a user's calls all say the same
LONGEST_KNOWN = 4_096  # bytes; a longer one is nobody's that comes often
ANONYMOUS = "ANONYMOUS_PRINCIPAL"


class _Issuer(msgspec.Struct, rename="camel"):
    arn: Any = None
    user_name: Any = None


class _Context(msgspec.Struct, rename="camel"):
    session_issuer: _Issuer | None = None


class _Told(msgspec.Struct, rename="camel"):
    type: Any = None
    principal_id: Any = None
    arn: Any = None
    account_id: Any = None
    user_name: Any = None
    invoked_by: Any = None
    session_context: _Context | None = None


class Identity(msgspec.Struct, frozen=True):
    """Who made a call: what may be kept of the author, what tells readers apart, and whether it is the stack itself."""

    author: Author | None = None
    reader: str | None = None
    own: bool = False


UNKNOWN = Identity()
_decoder = msgspec.json.Decoder(_Told)


class Known:
    """The identities of many records; `own_roles` are the ARNs of the roles that the stack's functions have."""

    def __init__(self, kept: Identities, own_roles: tuple[str, ...] = ()) -> None:
        self._kept, self._own_roles = kept, frozenset(own_roles)
        self._known: dict[bytes, Identity] = {}

    def of(self, user_identity: msgspec.Raw) -> Identity:
        """Return who it is; `UNKNOWN` where it is not told in a form that is known."""
        raw = bytes(user_identity)
        found = self._known.get(raw)
        if found is None:
            found = self._read(raw)
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            if len(raw) <= LONGEST_KNOWN:
                self._known[raw] = found
        return found

    def _read(self, raw: bytes) -> Identity:
        try:
            told = _decoder.decode(raw)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return UNKNOWN
        issuer = (told.session_context and told.session_context.session_issuer) or _Issuer()
        own = isinstance(issuer.arn, str) and issuer.arn in self._own_roles
        if self._kept == "none":
            return Identity(own=own)
        kind, name, session = _text(told.type), _name(told, issuer), _session(told)
        author = Author(kind, name, session if self._kept == "full" else None)
        principal = _whole(issuer.arn) or _without_session(_whole(told.arn)) or f"{kind} {name}"
        reader = (_whole(told.arn) or principal) if self._kept == "full" else principal
        return Identity(author if kind or name else None, digest_of(reader) if kind or name else None, own)


def _name(told: _Told, issuer: _Issuer) -> str | None:
    """Return the name of a user or role, of the service that acts, or the number of another account."""
    if ANONYMOUS in (told.account_id, told.principal_id):
        return "anonymous"
    if told.type == "AWSService":
        return _text(told.invoked_by)
    names = (issuer.user_name, told.user_name, told.invoked_by if told.type == "AWSAccount" else None)
    # Behind a colon comes the session of a role.
    principal = told.principal_id.partition(":")[0] if isinstance(told.principal_id, str) else None
    return next(filter(None, map(_text, (*names, told.account_id, principal))), None)


def _session(told: _Told) -> str | None:
    """Return the name of the session: the end of `arn:aws:sts::111122223333:assumed-role/Role/session`."""
    parts = told.arn.split("/") if isinstance(told.arn, str) else []
    return _text(parts[2]) if len(parts) == 3 and parts[0].endswith(":assumed-role") else None


def _without_session(arn: str | None) -> str | None:
    return arn.rpartition("/")[0] if arn and ":assumed-role/" in arn else arn


def _whole(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _text(value: Any) -> str | None:
    whole = _whole(value)
    return whole and whole[:LONGEST]
