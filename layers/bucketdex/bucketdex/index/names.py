"""The name and the extensions of a key, as people search for them."""

LONGEST_EXTENSION = 12  # characters; what is longer behind a dot is no extension


def name_of(key: str) -> str:
    """Return the last part of a key, that of a folder without its slash."""
    return key.rstrip("/").rpartition("/")[2] or key


def extensions(name: str) -> tuple[str, ...]:
    """Return the extensions of a name, shortest first: `.gz` and `.csv.gz` of `counts.csv.gz`."""
    suffixes = name.lstrip(".").split(".")[1:][-2:]
    if not suffixes or not suffixes[-1].isalnum() or len(suffixes[-1]) > LONGEST_EXTENSION:
        return ()
    last = f".{suffixes[-1]}".lower()
    double = f".{suffixes[0]}{last}".lower() if len(suffixes) > 1 and suffixes[0].isalpha() else None
    return (last, double) if double else (last,)
