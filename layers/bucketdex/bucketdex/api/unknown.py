"""Parameters that a route does not have: a mistake, since what is passed over in silence narrows nothing."""

import difflib
from typing import Any

from aws_lambda_powertools.event_handler import ALBResolver, Response
from aws_lambda_powertools.event_handler.api_gateway import Route
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware

from bucketdex.errors import Permanent
from bucketdex.searching.language.mistakes import shown


def refuse_unknown(app: Any, next_middleware: NextMiddleware) -> Response[str]:
    """Answer a request whose parameters the route has; raises `Permanent` for any other."""
    if said := unknown(app):
        raise Permanent(said)
    return next_middleware(app)


def unknown(app: ALBResolver) -> str | None:
    """Return what is said of parameters that the route which was found does not have; None where it has them all."""
    route: Route = app.context["_route"]
    if route.func.__module__.startswith("aws_lambda_powertools."):  # its own, where there is none
        return None
    known = {it.alias: not it.field_info.deprecated for it in route.dependant.query_params}
    given = [shown(it) for it in app.current_event.multi_value_query_string_parameters if it not in known]
    if not given:
        return None
    current = [name for name, is_current in known.items() if is_current]
    near = difflib.get_close_matches(given[0].lower(), current, 1)
    meant = f", did you mean {near[0]}?" if near else ";"
    named = f"parameters {', '.join(given)}" if len(given) > 1 else f"parameter {given[0]}"
    has = f"there are {', '.join(current)}" if current else "there are none"
    return f"{route.openapi_path} has no {named}{meant} {has}"
