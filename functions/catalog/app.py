"""The function `catalog`: the web catalog's pages, behind the load balancer."""

from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer

from bucketdex.aws import clients, settings
from bucketdex.catalog import app
from bucketdex.catalog.deadline import OPENSEARCH_SECONDS
from bucketdex.catalog.edges import Edges
from bucketdex.http import event_answer, request_of

logger, metrics, tracer = Logger(), Metrics(), Tracer(auto_patch=False)


def edges() -> Edges:
    """Return the edges of one request; the clients behind them stay."""
    given = settings.catalog()
    return Edges(
        make_opensearch=lambda: clients.opensearch(given.opensearch, OPENSEARCH_SECONDS),
        make_s3=clients.signing_s3,
        make_sqs=lambda: clients.sqs(clients.PAGE_READ_SECONDS),
        make_dynamodb=lambda: clients.dynamodb(clients.PAGE_READ_SECONDS),
        table=given.control.table,
        queues=given.queues,
    )


@logger.inject_lambda_context
@metrics.log_metrics(capture_cold_start_metric=True)
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one request."""
    request, reach = request_of(event), edges()
    try:
        answer = app.respond(request, reach)
    except Exception:
        logger.exception("a fault of bucketdex", path=request.path)
        answer = app.broken(request, reach, str(context.aws_request_id))
    logger.info("request", path=request.path, status=answer.status)
    metrics.add_metric(name="Requests", unit="Count", value=1)
    return event_answer(answer, request)
