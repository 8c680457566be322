"""The emulated AWS of the local stack: `python -m bucketdex.local.edge --port N [--host HOST] [--bind HOST:PORT ...]`.

It is moto's server with S3, SQS and DynamoDB put right (`s3`, `checksums`, `versions`, `notifications`, `sqs`,
`dynamodb`), which runs the state machines it is given. Its memory is all it has. Besides the AWS services it answers

`GET /_bucketdex/health`       `{"status": "ok", "id": ...}`
`GET /_bucketdex/id`           `{"id": ...}`: made when the process starts; another one means all buckets are gone
`GET /_bucketdex/queues`       `{queue name: {"visible", "in_flight", "delayed", "oldest_sent": Unix time or null}}`
`POST /_bucketdex/faults`      a JSON list of faults (see `faults`), which takes the place of the one before
`GET /_bucketdex/faults`       those that have yet to happen
`GET /_bucketdex/requests`     how often what was asked for, and how many bytes were sent (see `counting`)
`DELETE /_bucketdex/requests`  forgets that
`POST /_bucketdex/lambda`      `{"url": ...}`: where functions run that are invoked here (see `functions`)
`POST /_bucketdex/trail`       `{"bucket": ...}`: records what S3 is asked for, and delivers log files (see `trail`)
`DELETE /_bucketdex/trail`     delivers what is left, and records no more
`GET /_bucketdex/trail`        what it does, and how many records wait
"""

import argparse
import logging
import os
import signal
import threading
import uuid
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from moto.core.config import default_user_config
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from bucketdex.local.edge import dynamodb, s3, sqs
from bucketdex.local.edge.counting import Requests
from bucketdex.local.edge.faults import Application, Fault, Faults
from bucketdex.local.edge.functions import Address, Functions
from bucketdex.local.edge.trail import Settings, Trail

OURS = "/_bucketdex/"


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--bind", action="append", default=[], metavar="HOST:PORT", help="answer there too")
    arguments = parser.parse_args()
    addresses = [(arguments.host, arguments.port)]
    for bind in arguments.bind:
        host, _, port = bind.rpartition(":")
        addresses.append((host, int(port)))
    serve(addresses)


def serve(addresses: list[tuple[str, int]]) -> None:
    """Answer on each of the addresses, until SIGTERM or SIGINT."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # its line per request costs a third of the throughput
    dynamodb.install()
    s3.install()
    sqs.install()
    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    os.environ.setdefault("MOTO_PORT", str(addresses[0][1]))  # of localhost, where state machines invoke functions
    application = edge()
    servers = [
        make_server(host, port, application, threaded=True, request_handler=MotoRequestHandler)
        for host, port in addresses
    ]
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)  # for all threads, so that they wait for us
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    signal.sigwait(ends)


def edge() -> Application:
    """Return the WSGI application: ours under `/_bucketdex/`, else moto behind counts, trail, faults and functions."""
    functions = Functions(DomainDispatcherApplication(create_backend_app))
    faults = Faults(functions)
    trail = Trail(faults)  # what a fault refuses is recorded as refused
    requests = Requests(trail)
    identity = {"id": uuid.uuid4().hex}
    answers: dict[str, Callable[[bytes], Any]] = {
        "GET health": lambda _: {"status": "ok"} | identity,
        "GET id": lambda _: identity,
        "GET queues": lambda _: sqs.depths(),
        "GET faults": lambda _: faults.left,
        "POST faults": lambda body: faults.set(msgspec.json.decode(body, type=list[Fault])),
        "GET requests": lambda _: requests.counts(),
        "DELETE requests": lambda _: requests.reset(),
        "POST requests": lambda _: requests.reset(),
        "POST lambda": lambda body: functions.run_at(msgspec.json.decode(body, type=Address)),
        "POST trail": lambda body: trail.switch_on(msgspec.json.decode(body, type=Settings)),
        "DELETE trail": lambda _: trail.switch_off(),
        "GET trail": lambda _: trail.told(),
    }

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not environ["PATH_INFO"].startswith(OURS):
            return requests(environ, start_response)
        request = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO'].removeprefix(OURS)}"
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        try:
            status, answer = "200 OK", answers[request](body)
        except KeyError:
            status, answer = "404 Not Found", {"error": f"there is {', '.join(answers)}"}
        except msgspec.MsgspecError as error:
            status, answer = "400 Bad Request", {"error": str(error)}
        content = msgspec.json.encode(answer)
        start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(content)))])
        return [content]

    return application


if __name__ == "__main__":
    main()
