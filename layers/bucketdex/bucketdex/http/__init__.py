"""HTTP as a function behind the load balancer sees it: what the API and the catalog have in common.

request = request_of(event)                 # decoded: request.segments, request.one("q"), request.header("accept")
answer = Answer(200, html, HTML)            # or json_answer(...), problem(404, "..."), redirect("/search")
return event_answer(answer, request)        # ETag, 304, gzip, HEAD, the 1 MB limit: all of it in here
"""

from bucketdex.http.answer import (
    HTML,
    JSON,
    LARGEST_BODY,
    PROBLEM,
    TEXT,
    Answer,
    Problem,
    json_answer,
    problem,
    redirect,
)
from bucketdex.http.finishing import event_answer
from bucketdex.http.request import Request, request_of

__all__ = [
    "HTML",
    "JSON",
    "LARGEST_BODY",
    "PROBLEM",
    "TEXT",
    "Answer",
    "Problem",
    "Request",
    "event_answer",
    "json_answer",
    "problem",
    "redirect",
    "request_of",
]
