"""The emulated queues keep their messages together under load, and cost little when they are long."""

import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.sqs.exceptions import ReceiptHandleIsInvalid
from moto.sqs.models import Queue, SQSBackend

from bucketdex.local.edge import sqs as edge_sqs


@pytest.fixture
def sqs():
    """Return a backend with a queue named `queue`; moto is afterwards as it was."""
    before = [(owner, vars(owner).copy()) for owner in (SQSBackend, Queue)]
    edge_sqs.install()
    backend = SQSBackend("us-east-1", DEFAULT_ACCOUNT_ID)
    backend.create_queue("queue", {})
    yield backend
    for owner, attributes in before:
        for name in set(vars(owner)) - set(attributes):
            delattr(owner, name)
        for name, value in attributes.items():
            if vars(owner).get(name) is not value:
                setattr(owner, name, value)


@pytest.fixture
def eager_threads():
    """Let threads take turns as often as they can, so that they meet every race there is."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("eager_threads")
def test_messages_that_are_sent_received_returned_and_deleted_at_once_all_arrive(sqs):
    senders, receivers, each = 4, 4, 100
    seen: Counter[str] = Counter()
    returned: set[str] = set()
    lock, all_sent = threading.Lock(), threading.Event()

    def send(sender):
        for number in range(each):
            sqs.send_message("queue", f"{sender}-{number}")

    def receive():
        while messages := sqs.receive_message("queue", 3, 0 if all_sent.is_set() else 1, 30):
            for message in messages:
                with lock:
                    first = message.body not in returned
                    returned.add(message.body)
                if first:
                    sqs.change_message_visibility("queue", message.receipt_handle, 0)
                    continue
                with lock:
                    seen[message.body] += 1
                sqs.delete_message("queue", message.receipt_handle)

    with ThreadPoolExecutor(senders + receivers) as pool:
        receiving = [pool.submit(receive) for _ in range(receivers)]
        for sending in [pool.submit(send, sender) for sender in range(senders)]:
            sending.result()
        all_sent.set()
        for done in receiving:
            done.result()
    receive()
    assert seen == Counter(f"{sender}-{number}" for sender in range(senders) for number in range(each))
    assert edge_sqs.depth(sqs.get_queue("queue")) == edge_sqs.Depth(0, 0, 0, None)


def test_a_message_comes_back_when_its_visibility_timeout_is_over(sqs):
    sqs.send_message("queue", "x")
    assert len(sqs.receive_message("queue", 1, 0, 1)) == 1
    started = time.monotonic()
    assert len(sqs.receive_message("queue", 1, 5, 1)) == 1
    assert 0.8 < time.monotonic() - started < 2


def test_an_old_receipt_handle_still_deletes_and_an_unknown_one_does_not(sqs):
    sqs.send_message("queue", "x")
    (first,) = sqs.receive_message("queue", 1, 0, 0)
    time.sleep(0.01)
    assert len(sqs.receive_message("queue", 1, 0, 30)) == 1
    sqs.delete_message("queue", first.receipt_handle)
    sqs.delete_message("queue", first.receipt_handle)
    assert edge_sqs.depths() is not None and edge_sqs.depth(sqs.get_queue("queue")).in_flight == 0
    with pytest.raises(ReceiptHandleIsInvalid):
        sqs.delete_message("queue", "unknown")


def test_a_message_past_its_retention_is_not_received(sqs):
    sqs.send_message("queue", "x")
    sqs.get_queue("queue")._messages[0].sent_timestamp -= 5 * 86_400 * 1000
    assert sqs.receive_message("queue", 1, 0, 0) == []


def test_a_long_queue_costs_hardly_more_than_a_short_one(sqs):
    def turn():
        sqs.send_message("queue", "x")
        for message in sqs.receive_message("queue", 1, 0, 30):
            sqs.delete_message("queue", message.receipt_handle)

    for _ in range(10_000):
        sqs.send_message("queue", "x")
    started = time.process_time()
    for _ in range(20):
        turn()
    assert (time.process_time() - started) / 20 < 0.02  # moto by itself takes 0.25 s
