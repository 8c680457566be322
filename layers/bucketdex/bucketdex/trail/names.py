"""What CloudTrail delivers to its bucket, by the names that it gives.

    prefix/AWSLogs/o-exampleorgid/111122223333/CloudTrail/eu-west-1/2026/01/31/
        111122223333_CloudTrail_eu-west-1_20260131T0905Z_Mu0KsOhtH1ar15ZZ.json.gz

The prefix and the organisation are not always there. Digest files and Insights stand in folders of their own.
"""

import re
from base64 import urlsafe_b64encode
from hashlib import blake2b
from typing import Literal

Delivered = Literal["log", "digest", "insight", "foreign"]

KEY = re.compile(
    r"(?:.*/)?AWSLogs/(?:o-[a-z0-9]+/)?\d{12}/(CloudTrail(?:-\w+)?)/[\w-]+/\d{4}/\d\d/\d\d/[^/]+\.json(?:\.gz)?"
)
KINDS: dict[str, Delivered] = {"CloudTrail": "log", "CloudTrail-Digest": "digest", "CloudTrail-Insight": "insight"}
ID_BYTES = 9  # twelve characters; of a million files in a year two are alike with a chance of one in ten billion


def kind_of(key: str) -> Delivered:
    """Return what the file of this key is."""
    found = KEY.fullmatch(key)
    return KINDS.get(found[1], "foreign") if found else "foreign"


def file_id(key: str) -> str:
    """Return what stands for a log file: its name, which CloudTrail gives once, is the same wherever it is moved to."""
    return digest_of(key.rpartition("/")[2].removesuffix(".gz"))  # which one that was unpacked has not


def digest_of(text: str) -> str:
    """Return the twelve characters that stand for a text."""
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=ID_BYTES)
    return urlsafe_b64encode(digest.digest()).decode()
