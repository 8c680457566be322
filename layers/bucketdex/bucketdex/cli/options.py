"""Options and arguments that several commands have."""

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def bucket_name(given: str) -> str:
    """Return the bucket's name, also of an address such as `s3://my-data/`."""
    return given.removeprefix("s3://").removesuffix("/")
