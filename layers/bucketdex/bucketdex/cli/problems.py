"""What goes wrong, as programs read it: with `--json` an error is a line of JSON on standard error."""

from itertools import takewhile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bucketdex.client.errors import QueryError

TITLES = {
    1: "It cannot be done",
    2: "The command is not used as it should be",
    3: "No stack runs, or a part of it does not answer",
    130: "Interrupted",
}  # by exit code
NO_QUERY = "The query cannot be understood"


def asked_for_json(arguments: "Sequence[str]") -> bool:
    """Tell whether the arguments of a command have `--json`, also where they cannot be understood."""
    return "--json" in takewhile(lambda it: it != "--", arguments)


def print_problem(message: str, code: int, error: BaseException | None = None, **more: Any) -> None:
    """Print a problem as the API has it, in a line: title, detail, and where in a query the mistake is."""
    from bucketdex.cli.output import json_line
    from bucketdex.client.errors import QueryError, SearchError

    mistake = isinstance(error, QueryError)
    told: dict[str, Any] = {"title": NO_QUERY if mistake else TITLES.get(code, TITLES[1])}
    if isinstance(error, SearchError) and error.status:
        told["status"] = error.status
    told |= _mistake(error) if isinstance(error, QueryError) else {"detail": message}
    json_line(told | more, err=True)


def _mistake(error: "QueryError") -> dict[str, Any]:
    meant = {"suggestion": error.suggestion} if error.suggestion else {}
    return {"detail": error.message, "column": error.column, "expected": error.expected} | meant
