"""What a page returns: a template and what it shows, or that there is nothing at this address."""

from collections.abc import Mapping
from typing import Any

import msgspec

from bucketdex.errors import Permanent


class NotFound(Permanent):
    """There is nothing at this address, or nothing that who asks may see."""


class Page(msgspec.Struct, frozen=True):
    """A template and its values, `title` among them.

    `image_origins` are other places that images of this page come from, such as a presigned URL's.
    """

    template: str
    values: Mapping[str, Any]
    status: int = 200
    image_origins: tuple[str, ...] = ()
    headers: Mapping[str, str] = {}
