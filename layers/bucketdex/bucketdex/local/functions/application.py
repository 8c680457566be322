"""The template's application on this machine: the processes of its functions, their pollers, schedules and routes."""

from pathlib import Path

from botocore.config import Config

from bucketdex.local.aws import KEY, NO_PROFILES, aws_environment, session
from bucketdex.local.deployment import Deployment, Function
from bucketdex.local.functions import http, invocations
from bucketdex.local.functions.pollers import LONG_POLL, Poller
from bucketdex.local.functions.pool import FunctionPool, Watch
from bucketdex.local.functions.schedules import Clock
from bucketdex.local.state import log_file


class Application:
    """All that runs of a deployment beside the two servers."""

    def __init__(self, deployment: Deployment, edge_url: str, home: Path, workers: int, watch: Watch) -> None:
        self._deployment = deployment
        self._pools = {
            it.logical_id: FunctionPool(
                it,
                limit(it, deployment, workers),
                aws_environment(edge_url, it.role_name or KEY) | NO_PROFILES,
                log_file(home, it.logical_id),
                watch,
            )
            for it in deployment.functions
        }
        sources = [it for it in deployment.event_sources if it.enabled]
        sqs = session().client(
            "sqs",
            endpoint_url=edge_url,
            config=Config(
                read_timeout=LONG_POLL + 20,
                retries={"max_attempts": 2},
                max_pool_connections=sum(1 + min(it.concurrency, workers) for it in sources) or 1,
            ),
        )
        self._pollers = [Poller(it, self._pools[it.function], sqs, min(it.concurrency, workers)) for it in sources]
        self._clocks = [Clock(it, self._pools[it.function]) for it in deployment.schedules if it.enabled]
        self._edge_url = edge_url
        self._servers: list[http.LoadBalancer] = []

    def warm(self) -> None:
        """Start a process for each function, so that its imports are done when the first event comes."""
        for pool in self._pools.values():
            pool.warm()

    def start(self) -> str:
        """Begin to poll and to answer; return the address of the routes."""
        routes, lambda_api = http.serve(self._deployment, self._pools), invocations.serve(self._pools)
        self._servers = [routes, lambda_api]
        invocations.tell(self._edge_url, lambda_api.url)
        for poller in self._pollers:
            poller.start()
        for clock in self._clocks:
            clock.start()
        return routes.url

    def stop(self) -> None:
        """Take nothing more and end all processes."""
        for clock in self._clocks:
            clock.stop()
        for poller in self._pollers:
            poller.stop()
        for pool in self._pools.values():
            pool.close()
        for server in self._servers:
            server.shutdown()
            server.server_close()


def limit(function: Function, deployment: Deployment, workers: int) -> int:
    """Return how many processes a function may have: for each event source its own, so that none waits for another.

    One that neither a queue nor a route calls is called through Lambda's API, by state machines, or by a schedule; the
    latter has one of its own beside queues.
    """
    sources = [it for it in deployment.event_sources if it.function == function.logical_id and it.enabled]
    routes = any(it.function == function.logical_id for it in deployment.routes)
    clocks = sum(it.function == function.logical_id and it.enabled for it in deployment.schedules) if sources else 0
    return sum(min(it.concurrency, workers) for it in sources) + clocks + (workers if routes or not sources else 0)
