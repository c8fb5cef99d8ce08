"""What a receiver gets when something happens in the twin."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from gocardless_pro import webhooks
from halo_gocardless.twin import Knobs, Twin, TwinConfig, TwinServer, WebhookEndpoint
from halo_gocardless.twin.causes import REQUESTED

from .conftest import Api
from .webhook_receiver import Receiver, Reply

SECRET = "only-the-receiver-knows"


@pytest.fixture
def server(make_server: Callable[..., TwinServer], receiver: Receiver) -> TwinServer:
    """A twin whose events wait for a flush, so that every delivery is foreseeable."""
    return make_server(
        webhook_endpoints=(WebhookEndpoint(receiver.url, SECRET),),
        knobs=Knobs(webhook_at_once=False),
    )


def write_events(twin: Twin, count: int) -> list[str]:
    """Events about an existing mandate."""
    mandate = twin.store.mandates.lanes[0].body(0)
    assert mandate is not None
    cause = REQUESTED["mandates", "created"]
    with twin.store.lock:
        return [twin.store.add_event("mandates", "created", cause, mandate) for _ in range(count)]


def test_a_delivery_carries_the_headers_of_the_service(
    server: TwinServer, receiver: Receiver, mandate: dict[str, Any]
) -> None:
    assert server.twin.flush_webhooks(10) == 1
    [received] = receiver.received

    assert received.path == "/hooks?of=twin"
    headers = dict(received.headers)
    signature, request_id = headers.pop("Webhook-Signature"), headers.pop("X-Request-Id")
    assert headers == {
        "Host": receiver.url.split("/")[2],
        "User-Agent": "gocardless-webhook-service/1.2",
        "Content-Type": "application/json",
        "Content-Length": str(len(received.body)),
        "Origin": "https://api-sandbox.gocardless.com",
        "Accept": "*/*",
        "Accept-Encoding": "gzip;q=1.0,deflate;q=0.6,identity;q=0.3",
    }
    assert request_id
    parsed = webhooks.parse_with_meta(received.body, SECRET, signature)
    assert parsed.webhook_id.startswith("WB")
    assert [event.links.mandate for event in parsed.events] == [mandate["id"]]


def test_a_delivery_holds_events_as_the_api_gives_them(
    server: TwinServer, api: Api, receiver: Receiver, account: dict[str, Any]
) -> None:
    links = {"customer_bank_account": account["id"]}
    mandate = api.create("mandates", links=links, metadata={"contract": "Größe 7"})
    server.twin.flush_webhooks(10)

    [received] = receiver.received
    content = received.content
    assert list(content) == ["events", "meta"]
    assert content["events"] == api.get(f"/events?mandate={mandate['id']}").json()["events"]
    assert content["events"][0]["resource_metadata"] == {"contract": "Größe 7"}
    assert "Größe" in received.body.decode()


def test_all_events_of_one_request_come_in_one_delivery(
    make_server: Callable[..., TwinServer],
    make_api: Callable[..., Api],
    receiver: Receiver,
) -> None:
    """Also where events are sent at once."""
    server = make_server()
    api = make_api(server)
    active = api.everything("/mandates", status="active", limit=500)
    mandate = next(it for it in active if it["scheme"] == "bacs")
    payment = api.pay(mandate)
    server.twin.add_webhook_endpoint(receiver.url, SECRET)

    api.act(mandate, "cancel")
    [received] = receiver.wait_for(1)

    about = [event["links"] for event in received.content["events"]]
    assert about[0] == {"mandate": mandate["id"]}
    assert payment["id"] in [links.get("payment") for links in about]
    assert {links["parent_event"] for links in about[1:]} == {received.event_ids[0]}


def test_many_events_are_cut_into_batches_of_250(server: TwinServer, receiver: Receiver) -> None:
    written = write_events(server.twin, 600)
    server.twin.flush_webhooks(10)

    assert [len(received.event_ids) for received in receiver.received] == [250, 250, 100]
    assert receiver.event_ids == written
    assert len({received.webhook_id for received in receiver.received}) == 3


def test_the_batch_size_is_a_knob(server: TwinServer, receiver: Receiver) -> None:
    server.twin.set_knobs(Knobs(webhook_batch_size=2, webhook_at_once=False))
    written = write_events(server.twin, 5)
    receiver.wait_for(2)
    assert receiver.event_ids == written[:4], "whole batches do not wait for a flush"

    assert server.twin.flush_webhooks(10) >= 1
    assert [received.event_ids for received in receiver.received][2:] == [written[4:]]


def test_an_event_sent_at_once_needs_no_flush(server: TwinServer, receiver: Receiver) -> None:
    [held] = write_events(server.twin, 1)
    server.twin.set_knobs(Knobs())
    receiver.wait_until(lambda: receiver.event_ids == [held])
    [event] = write_events(server.twin, 1)
    receiver.wait_until(lambda: receiver.event_ids == [held, event])


def test_every_endpoint_gets_every_event_under_its_own_secret(
    server: TwinServer, receiver: Receiver
) -> None:
    """Two endpoints at one address: how a secret is changed."""
    server.twin.add_webhook_endpoint(receiver.url, "the-next-secret")
    [event] = write_events(server.twin, 1)
    server.twin.flush_webhooks(10)

    first, second = receiver.received
    assert first.event_ids == second.event_ids == [event]
    assert first.webhook_id != second.webhook_id
    for received, secret in ((first, SECRET), (second, "the-next-secret")):
        assert webhooks.parse(received.body, secret, received.headers["Webhook-Signature"])


def test_a_twin_without_a_server_sends_when_it_is_flushed(receiver: Receiver) -> None:
    twin = Twin(TwinConfig(customers=3, knobs=Knobs(webhook_batch_size=1)))
    twin.add_webhook_endpoint(receiver.url, SECRET)
    written = write_events(twin, 3)

    assert twin.flush_webhooks(10) == 3
    assert receiver.event_ids == written
    assert twin.flush_webhooks(10) == 0


def test_several_senders_post_at_the_same_time(
    make_server: Callable[..., TwinServer], receiver: Receiver
) -> None:
    """The first answer is held back until the third request has arrived."""
    server = make_server(
        webhook_endpoints=(WebhookEndpoint(receiver.url, SECRET),),
        webhook_senders=3,
        knobs=Knobs(webhook_batch_size=1),
    )
    together = threading.Event()
    receiver.usual = Reply(until=together)
    write_events(server.twin, 3)
    receiver.wait_for(3)
    together.set()
    server.twin.flush_webhooks(10)
    assert server.twin.store.webhooks.to_json()["successful"] == 3


def test_nothing_is_kept_for_nobody(make_server: Callable[..., TwinServer]) -> None:
    server = make_server()
    write_events(server.twin, 5)
    assert server.twin.flush_webhooks(10) == 0
    assert set(server.twin.store.webhooks.to_json().values()) == {0}
