"""What counts as success, and what happens to deliveries that fail."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from halo_gocardless.twin import Knobs, TwinConfig, TwinServer, WebhookEndpoint
from halo_gocardless.twin.clock import Clock
from halo_gocardless.twin.store import Store
from halo_gocardless.twin.webhooks.outbox import Outbox
from halo_gocardless.twin.webhooks.sender import Sender

from .conftest import Api
from .test_webhook_deliveries import SECRET, write_events
from .webhook_receiver import Receiver, Reply

MINUTE = 60
HOUR = 60 * MINUTE
NO_WAIT = Knobs(webhook_retry_scale=0)
BY_HAND = Knobs(webhook_at_once=False)


@pytest.fixture
def make_sending(
    make_server: Callable[..., TwinServer], receiver: Receiver
) -> Callable[[Knobs], TwinServer]:
    endpoint = WebhookEndpoint(receiver.url, SECRET)
    return lambda knobs: make_server(webhook_endpoints=(endpoint,), knobs=knobs)


class Table:
    """A sender without threads, on a virtual clock that begins at 0."""

    def __init__(self, receiver: Receiver, knobs: Knobs = BY_HAND) -> None:
        self.clock = Clock(0, virtual=True)
        self.knobs = knobs
        log = Store(TwinConfig(customers=0)).collections["webhooks"]
        endpoint = WebhookEndpoint(receiver.url, SECRET)
        lock = threading.RLock()
        self.outbox = Outbox([endpoint], log, lock, self.clock.now_ms, 7)
        self.sender = Sender(lambda: self.outbox, lambda: self.knobs, 7, 1)

    @property
    def seconds(self) -> int:
        """The time of the clock."""
        return self.clock.now_ms() // 1000

    @seconds.setter
    def seconds(self, seconds: int) -> None:
        self.clock.move_to(seconds * 1000)

    def flush(self) -> int:
        return self.sender.flush(10)


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_2xx_is_success(
    make_sending: Callable[[Knobs], TwinServer], receiver: Receiver, status: int
) -> None:
    server = make_sending(NO_WAIT)
    receiver.usual = Reply(status)
    write_events(server.twin, 1)
    receiver.wait_for(1)
    server.twin.flush_webhooks(10)
    counts = server.twin.store.webhooks.to_json()
    assert (counts["successful"], counts["queued"], counts["sent"]) == (1, 0, 1)


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 404, 498, 500, 503])
def test_anything_else_is_tried_again_with_the_same_body(
    make_sending: Callable[[Knobs], TwinServer], receiver: Receiver, status: int
) -> None:
    server = make_sending(NO_WAIT)
    receiver.replies = [Reply(status, {"Location": "/elsewhere"})]
    write_events(server.twin, 1)
    first, second = receiver.wait_for(2)

    assert first.path == second.path, "a redirect is not followed"
    assert first.body == second.body
    assert first.headers["Webhook-Signature"] == second.headers["Webhook-Signature"]
    assert first.headers["X-Request-Id"] != second.headers["X-Request-Id"]
    server.twin.flush_webhooks(10)
    counts = server.twin.store.webhooks.to_json()
    assert (counts["made"], counts["failed"], counts["successful"]) == (1, 1, 1)


def test_retries_come_after_growing_waits_and_end_with_the_eighth(receiver: Receiver) -> None:
    receiver.usual = Reply(500)
    table = Table(receiver)
    table.outbox.add_event({"id": "EV1"})
    assert table.flush() == 1

    waits = []
    while (wait := table.outbox.seconds_until_due()) is not None:
        table.seconds += int(wait) - 1
        assert table.flush() == 0, "one second too early"
        table.seconds += 1
        assert table.flush() == 1
        waits.append(int(wait))

    assert waits[:3] == [1 * MINUTE, 2 * MINUTE, 10 * MINUTE]
    assert waits == sorted(set(waits)), "each is longer than the one before"
    assert len(waits) == 8
    assert len(receiver.received) == 9
    table.seconds += 1000 * HOUR
    assert table.flush() == 0


def test_a_retry_goes_out_by_itself_when_a_virtual_clock_reaches_it(receiver: Receiver) -> None:
    receiver.replies = [Reply(500)]
    table = Table(receiver, Knobs())
    table.sender.start()
    try:
        table.outbox.add_event({"id": "EV1"})
        receiver.wait_for(1)
        table.flush()
        assert table.outbox.to_json()["queued"] == 1
        table.seconds += MINUTE
        receiver.wait_for(2)
        table.flush()
    finally:
        table.sender.stop()
    assert table.outbox.to_json()["successful"] == 1


def test_waits_can_be_scaled(receiver: Receiver) -> None:
    receiver.usual = Reply(500)
    table = Table(receiver, Knobs(webhook_at_once=False, webhook_retry_scale=0.5))
    table.outbox.add_event({"id": "EV1"})
    table.flush()
    assert table.outbox.seconds_until_due() == 30


def test_a_receiver_that_is_not_there_is_tried_until_it_is(
    make_sending: Callable[[Knobs], TwinServer], receiver: Receiver
) -> None:
    server = make_sending(BY_HAND)
    receiver.stop()
    write_events(server.twin, 1)
    assert server.twin.flush_webhooks(10) == 1
    counts = server.twin.store.webhooks.to_json()
    assert (counts["failed"], counts["queued"]) == (1, 1)


def test_an_answer_that_takes_too_long_is_a_failure(
    make_sending: Callable[[Knobs], TwinServer], receiver: Receiver
) -> None:
    server = make_sending(Knobs(webhook_at_once=False, webhook_timeout_seconds=1))
    answered = threading.Event()
    receiver.replies = [Reply(200, until=answered)]
    write_events(server.twin, 1)
    try:
        server.twin.flush_webhooks(10)
    finally:
        answered.set()
    counts = server.twin.store.webhooks.to_json()
    assert (counts["failed"], counts["queued"]) == (1, 1)


def test_a_flush_that_takes_too_long_says_so(
    make_sending: Callable[[Knobs], TwinServer], receiver: Receiver
) -> None:
    server = make_sending(BY_HAND)
    answered = threading.Event()
    receiver.replies = [Reply(200, until=answered)]
    write_events(server.twin, 1)
    try:
        with pytest.raises(
            TimeoutError, match=r"1 of 1 webhooks were not attempted within 0\.2 sec"
        ):
            server.twin.flush_webhooks(0.2)
    finally:
        answered.set()
    server.twin.flush_webhooks(10)
    assert server.twin.store.webhooks.to_json()["successful"] == 1


def test_stopping_breaks_off_what_is_under_way_and_starting_sends_it(
    make_sending: Callable[[Knobs], TwinServer], receiver: Receiver
) -> None:
    """Had it waited for the receiver, the delivery would be counted as sent."""
    server = make_sending(Knobs(webhook_timeout_seconds=3600))
    answered = threading.Event()
    receiver.replies = [Reply(200, until=answered)]
    [event] = write_events(server.twin, 1)
    receiver.wait_for(1)

    server.stop()
    assert not [it for it in threading.enumerate() if it.name.startswith("gocardless-twin")]
    assert server.twin.store.webhooks.to_json()["queued"] == 1

    server.start()
    answered.set()
    receiver.wait_for(2)
    server.twin.flush_webhooks(10)
    assert receiver.event_ids == [event, event]
    assert server.twin.store.webhooks.to_json()["sent"] == 1


def test_a_reset_forgets_what_was_on_its_way_and_sends_what_comes_then(
    make_sending: Callable[[Knobs], TwinServer],
    make_api: Callable[..., Api],
    receiver: Receiver,
) -> None:
    server = make_sending(BY_HAND)
    server.twin.add_webhook_endpoint(receiver.url, "added-while-running")
    receiver.usual = Reply(500)
    write_events(server.twin, 1)
    server.twin.flush_webhooks(10)
    server.twin.reset()
    receiver.usual = Reply()
    before = len(receiver.received)

    [event] = write_events(server.twin, 1)
    server.twin.flush_webhooks(10)
    assert [received.event_ids for received in receiver.received[before:]] == [[event]]
    assert len(make_api(server).everything("/webhooks")) == 1


def test_a_twin_that_sends_at_once_goes_on_after_a_reset(
    make_sending: Callable[[Knobs], TwinServer], receiver: Receiver
) -> None:
    server = make_sending(Knobs())
    server.twin.reset()
    [event] = write_events(server.twin, 1)
    receiver.wait_until(lambda: receiver.event_ids == [event])


def test_events_written_while_others_are_sent_are_all_sent(
    make_sending: Callable[[Knobs], TwinServer], receiver: Receiver
) -> None:
    server = make_sending(Knobs(webhook_batch_size=3))
    written = [identity for _ in range(100) for identity in write_events(server.twin, 1)]
    receiver.wait_until(lambda: len(receiver.event_ids) == len(written))
    assert receiver.event_ids == written
