"""Whether a document knows already what the trail tells.

A healthy stack has heard of a change by its notification minutes before CloudTrail tells of it. So most of what the
trail tells is known, and costs no request to S3. See docs/decisions/hints-of-the-trail.md.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from bucketdex.changes.hint import Claim

# The clock of whoever looked at S3 and that of S3, which dates the records, may differ by so much.
SKEW = timedelta(seconds=60)


def covers(document: dict[str, Any], claims: Sequence[Claim]) -> bool:
    """Whether the document is of a look at S3 that saw all that is claimed; when in doubt it is not.

    It saw what made the version, or delete marker, that it shows, and whatever happened long enough before the look.
    (`modified` is no measure: it is in whole seconds, and that of an upload in parts is of its beginning.) A document
    of a key that S3 refused to tell about is the caller's to sort out.
    """
    observed_at, shown = datetime.fromisoformat(document["observed_at"]), document.get("version_id")
    return all(
        (shown is not None and it.version_id == shown) or (it.time is not None and it.time + SKEW < observed_at)
        for it in claims
    )
