"""What makes one of several good finds the better one: that it is new, or read by many. Both count mildly."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from bucketdex.searching.query.clauses import Clause

# Written within so many days before: each step that it is within counts so much more.
RECENT = ((7, 1.03), (31, 1.03), (365, 1.04))
# Among so many that were read most: likewise.
READ = ((10, 1.05), (100, 1.05))


def ranked(found: Clause, day: date, most_read: Sequence[str]) -> Clause:
    """Return the clause with scores as of a day; `most_read` are ids of objects, the most read first.

    They are factors, so that they decide between what is alike and never bring a mention before a name. They change
    from day to day and not from moment to moment, so that a page goes on where the one before ended.
    """
    steps: list[dict[str, Any]] = [
        {"filter": {"range": {"modified": {"gte": (day - timedelta(days=days)).isoformat()}}}, "weight": factor}
        for days, factor in RECENT
    ]
    if most_read:
        steps += [{"filter": {"ids": {"values": list(most_read[:most])}}, "weight": factor} for most, factor in READ]
    scored = {"query": found, "functions": steps, "score_mode": "multiply", "boost_mode": "multiply"}
    return {"function_score": scored}
