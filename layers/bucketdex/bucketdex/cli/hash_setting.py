"""What of a bucket gets a digest, as people write and read it."""

import re
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from bucketdex.control import Hashing

ANY = "any"
SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,15})?)\s*([kmgtp]?)(i?)b?", re.IGNORECASE | re.ASCII)
POWERS = " kmgtp"
# As S3 names them; archived classes are never read, so they are none of these.
CLASSES = ("STANDARD", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "REDUCED_REDUNDANCY", "GLACIER_IR",
           "EXPRESS_ONEZONE")  # fmt: skip

ARCHIVED = ("GLACIER", "DEEP_ARCHIVE")


def parsed_size(given: str) -> int:
    """Return the bytes of `500`, `5TB`, `1.5 GiB`; 0 of `any`."""
    if given.lower() == ANY:
        return 0
    match = SIZE.fullmatch(given.strip())
    bytes_ = float(match[1]) * (1024 if match[3] else 1000) ** POWERS.index(match[2].lower() or " ") if match else 0
    if not match or bytes_ < 1:
        raise typer.BadParameter(f"{given!r} is no size such as 500MB, 5TB or 8MiB, nor `{ANY}`")
    return int(bytes_)


def parsed_class(given: str) -> str:
    """Return a storage class as S3 writes it; an empty one stands for none."""
    name = given.strip().upper().replace("-", "_")
    if name in ARCHIVED:
        raise typer.BadParameter(f"archived objects are never read; those that somebody restores are, also of {name}")
    if name and name not in CLASSES:
        raise typer.BadParameter(f"{given!r} is none of {', '.join(CLASSES)}")
    return name


def changed(
    before: "Hashing",
    mode: str | None,
    prefixes: list[str] | None,
    without: list[str] | None,
    largest: int | None,
    classes: list[str] | None,
) -> "Hashing":
    """Return the setting with what is given for what was; an empty text empties a list, 0 takes the limit away."""
    import msgspec

    from bucketdex.control import Hashing

    lists = {"prefixes": prefixes, "without": without, "storage_classes": classes}
    told: dict[str, object] = {name: tuple(filter(None, it)) for name, it in lists.items() if it}
    told |= {"mode": mode} if mode else {}
    told |= {"largest": largest or None} if largest is not None else {}
    return msgspec.convert(msgspec.structs.asdict(before) | told, Hashing)


def described(hashing: "Hashing") -> str:
    """Return the setting in words."""
    from bucketdex.cli.output import joined, printable, size

    if hashing.mode == "off":
        return "nothing"
    if hashing.mode == "kept":
        return "what S3 keeps"
    parts = [joined(hashing.prefixes) if hashing.prefixes else "all"]
    parts += [f"without {joined(hashing.without)}"] if hashing.without else []
    parts += [f"up to {size(hashing.largest)}"] if hashing.largest else []
    parts += [f"in {joined(hashing.storage_classes)}"] if hashing.storage_classes else []
    return printable(", ".join(parts))
