"""The twin's own endpoints and options for webhooks."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Callable
from typing import Any

import pytest
import requests
from click.testing import CliRunner
from gocardless_pro import webhooks
from halo_gocardless.twin import Knobs, Twin, TwinConfig, TwinServer, WebhookEndpoint
from halo_gocardless.twin.cli import main
from halo_gocardless.twin.webhooks.trial import CHOICES, trial_event

from .conftest import Api
from .test_cli import COMMAND
from .test_webhook_deliveries import SECRET, write_events
from .webhook_receiver import Receiver, Reply


def post(server: TwinServer, path: str, content: Any = None) -> requests.Response:
    return requests.post(f"{server.url}/twin/{path}", json=content, timeout=20)


def test_an_endpoint_is_added_while_it_runs(
    server: TwinServer, api: Api, receiver: Receiver, account: dict[str, Any]
) -> None:
    answer = post(server, "webhook_endpoints", {"url": receiver.url, "secret": SECRET})
    assert answer.status_code == 201
    assert answer.json() == {"webhook_endpoints": [{"url": receiver.url}]}
    listed = requests.get(f"{server.url}/twin/webhook_endpoints", timeout=10)
    assert listed.json() == answer.json(), "without the secret"

    mandate = api.create("mandates", links={"customer_bank_account": account["id"]})
    [received] = receiver.wait_for(1)
    assert received.content["events"][0]["links"] == {"mandate": mandate["id"]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "a secret that is not empty"),
        ({"secret": "s"}, "must look like"),
        ({"url": "http://127.0.0.1/", "secret": "\ud800"}, "can be written in UTF-8"),
        ({"url": "http://127.0.0.1:1/"}, "a secret that is not empty"),
        ({"url": 7, "secret": "s"}, "both texts"),
        ({"url": "ftp://127.0.0.1/", "secret": "s"}, "must look like"),
        ({"url": "http://127.0.0.1:99999/", "secret": "s"}, "valid host and port"),
        ({"url": "http://[::1/", "secret": "s"}, "valid host and port"),
        ({"url": "http://me:pass@127.0.0.1/", "secret": "s"}, "neither a user name"),
        ({"url": "http://127.0.0.1/a b", "secret": "s"}, "spaces"),
        ({"url": "http://127.0.0.1/\r\nX: y", "secret": "s"}, "spaces or special"),
        ({"url": "http://192.0.2.7/", "secret": "s"}, "sends no webhooks to 192.0.2.7"),
        ({"url": "https://hooks.example/", "secret": "s"}, "sends no webhooks to hooks.example"),
        ({"url": "http://127.0.0.1/", "secret": "s", "colour": 1}, "there is no 'colour'"),
        ([], "must be a JSON object"),
    ],
)
def test_an_endpoint_that_cannot_be_is_refused(
    server: TwinServer, content: Any, message: str
) -> None:
    answer = post(server, "webhook_endpoints", content)
    assert answer.status_code == 422
    assert message in answer.json()["error"]
    assert server.twin.store.webhooks.endpoints == []


def test_another_machine_needs_permission() -> None:
    endpoint = WebhookEndpoint("https://hooks.example/", SECRET)
    with pytest.raises(ValueError, match="allow_remote"):
        TwinConfig(webhook_endpoints=(endpoint,))
    config = TwinConfig(customers=1, allow_remote=True, webhook_endpoints=(endpoint,))
    assert Twin(config).store.webhooks.endpoints == [endpoint]
    assert SECRET not in repr(config)


def test_a_flush_by_http_says_what_it_did(
    make_server: Callable[..., TwinServer], receiver: Receiver
) -> None:
    server = make_server(
        webhook_endpoints=(WebhookEndpoint(receiver.url, SECRET),),
        knobs=Knobs(webhook_at_once=False, webhook_batch_size=2),
    )
    [held] = write_events(server.twin, 1)
    assert requests.get(f"{server.url}/twin/webhooks", timeout=10).json()["events_waiting"] == 1

    answer = post(server, "webhooks/flush")
    assert answer.json() == {
        "attempted": 1,
        "events_waiting": 0,
        "queued": 0,
        "in_flight": 0,
        "made": 1,
        "dropped": 0,
        "sent": 1,
        "successful": 1,
        "failed": 0,
    }
    assert receiver.event_ids == [held]


def test_a_flush_by_http_that_takes_too_long_is_a_504(
    make_server: Callable[..., TwinServer], receiver: Receiver
) -> None:
    server = make_server(webhook_endpoints=(WebhookEndpoint(receiver.url, SECRET),))
    answered = threading.Event()
    receiver.replies = [Reply(200, until=answered)]
    write_events(server.twin, 1)
    try:
        answer = post(server, "webhooks/flush", {"timeout": 0.1})
    finally:
        answered.set()
    assert answer.status_code == 504
    assert "not attempted within 0.1 seconds" in answer.json()["error"]
    assert post(server, "webhooks/flush", {"timeout": "soon"}).status_code == 422


def test_a_test_webhook_is_about_nothing_that_exists(
    make_server: Callable[..., TwinServer], receiver: Receiver, make_api: Callable[..., Api]
) -> None:
    """Sent to every endpoint at once, whatever the knobs do to the others."""
    chaos = Knobs(webhook_at_once=False, webhook_drop=100, webhook_delay_seconds=3600)
    endpoint = WebhookEndpoint(receiver.url, SECRET)
    server = make_server(webhook_endpoints=(endpoint,), knobs=chaos)

    answer = post(server, "webhooks/test")
    assert answer.status_code == 202
    [received] = receiver.wait_for(1)
    server.twin.flush_webhooks(10)
    assert answer.json() == {"webhooks": [received.webhook_id]}
    [event] = webhooks.parse(received.body, SECRET, received.headers["Webhook-Signature"])
    assert event.id.startswith("EVTEST")
    assert (event.resource_type, event.action) == ("payments", "confirmed")
    assert event.links.payment == "index_ID_123"

    api = make_api(server)
    [listed] = api.everything("/webhooks")
    assert listed["is_test"] is True
    assert api.get(f"/events/{event.id}").status_code == 404


def test_a_test_webhook_can_be_about_something_else(
    make_server: Callable[..., TwinServer], receiver: Receiver
) -> None:
    server = make_server(webhook_endpoints=(WebhookEndpoint(receiver.url, SECRET),))
    post(server, "webhooks/test", {"resource_type": "mandates", "action": "cancelled"})
    post(server, "webhooks/test", {"resource_type": "payments", "action": "paid_out"})
    post(server, "webhooks/test", {"resource_type": "subscriptions", "action": "payment_created"})
    mandate, paid_out, made = (received.content["events"][0] for received in receiver.wait_for(3))
    assert mandate["links"] == {"mandate": "index_ID_123"}
    assert mandate["details"]["origin"] == "bank"
    assert paid_out["links"] == {"payment": "index_ID_123", "payout": "payout_ID_123"}
    assert made["links"] == {"subscription": "index_ID_123", "payment": "payment_ID_123"}
    assert len({mandate["id"], paid_out["id"], made["id"]}) == 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"resource_type": "planets"}, "resource_type must be one of mandates"),
        ({"action": "active"}, "action must be one of created"),
        ({"action": ["created"]}, "action must be one of"),
        ({"resource_type": {}}, "resource_type must be one of"),
        ({"number": 3}, "there is no 'number'"),
    ],
)
def test_a_test_webhook_that_cannot_be_is_refused(
    server: TwinServer, content: Any, message: str
) -> None:
    answer = post(server, "webhooks/test", content)
    assert answer.status_code == 422
    assert message in answer.json()["error"]


@pytest.mark.parametrize("path", ["webhook_endpoints", "webhooks/flush", "webhooks/test"])
def test_other_web_pages_cannot_reach_it(server: TwinServer, path: str) -> None:
    url = f"{server.url}/twin/{path}"
    foreign = requests.post(url, headers={"Origin": "http://evil.example"}, timeout=10)
    assert foreign.status_code == 403
    assert requests.post(url, data={"url": "x"}, timeout=10).status_code == 422


def test_the_command_sends_webhooks(receiver: Receiver) -> None:
    options = ["--customers", "3", "--webhook-url", receiver.url, "--webhook-secret", SECRET]
    with subprocess.Popen([*COMMAND, *options], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        printed = "".join(next(lines) for _ in range(8))
        try:
            [url] = [line.split()[1] for line in printed.splitlines() if "API  " in line]
            requests.post(f"{url}/twin/webhooks/test", timeout=10)
            [received] = receiver.wait_for(1)
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    assert webhooks.parse(received.body, SECRET, received.headers["Webhook-Signature"])
    assert f"Webhooks   {receiver.url}\n" in printed
    assert SECRET not in printed


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--webhook-url", "http://127.0.0.1/"], "need each other"),
        (["--webhook-secret", "s"], "need each other"),
        (["--webhook-url", "127.0.0.1", "--webhook-secret", "s"], "must look like"),
        (["--webhook-url", "http://192.0.2.7/", "--webhook-secret", "s"], "--allow-remote"),
    ],
)
def test_the_command_refuses_what_it_cannot_do(options: list[str], message: str) -> None:
    result = CliRunner().invoke(main, options)
    assert result.exit_code != 0
    words = " ".join(result.output.replace("│", " ").split())
    assert message in words


@pytest.mark.parametrize(
    ("resource_type", "action"),
    [(resource_type, action) for resource_type, actions in CHOICES.items() for action in actions],
)
def test_a_test_webhook_can_be_about_every_choice(resource_type: str, action: str) -> None:
    event = trial_event(resource_type, action, "2026-03-18T09:30:00.000Z", 7, 1)
    assert (event["resource_type"], event["action"]) == (resource_type, action)
    assert event["links"][resource_type.removesuffix("s")] == "index_ID_123"
    assert event["details"]["cause"]
