"""The list of webhooks, through the official client, and sending one again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import gocardless_pro
import pytest
from gocardless_pro import errors
from halo_gocardless.twin import Knobs, TokenKind, TwinServer, WebhookEndpoint

from .conftest import Api, problems
from .test_webhook_deliveries import SECRET, write_events
from .webhook_receiver import Receiver, Reply


@pytest.fixture
def server(make_server: Callable[..., TwinServer], receiver: Receiver) -> TwinServer:
    return make_server(
        webhook_endpoints=(WebhookEndpoint(receiver.url, SECRET),),
        knobs=Knobs(webhook_at_once=False),
    )


@pytest.fixture
def client(server: TwinServer) -> Any:
    token = server.twin.token(TokenKind.FULL)
    return gocardless_pro.Client(access_token=token, base_url=server.url, timeout=10)


def deliver(server: TwinServer) -> str:
    """One event, sent; gives its id."""
    [event] = write_events(server.twin, 1)
    server.twin.flush_webhooks(10)
    return event


def test_a_webhook_is_listed_with_request_and_answer(
    server: TwinServer, client: Any, receiver: Receiver
) -> None:
    receiver.usual = Reply(200, {"X-Server": "desk"}, "gewählt".encode())
    deliver(server)
    [received] = receiver.received

    [listed] = client.webhooks.list().records
    assert listed.id == received.webhook_id
    assert client.webhooks.get(listed.id).attributes == listed.attributes
    assert (listed.successful, listed.is_test, listed.url) == (True, False, receiver.url)
    assert listed.request_body.encode() == received.body
    assert listed.request_headers.items() <= received.headers.items()
    assert "Webhook-Signature" in listed.request_headers
    assert (listed.response_code, listed.response_body) == (200, "gewählt")
    assert listed.response_headers["X-Server"] == "desk"
    assert not listed.response_body_truncated
    assert not listed.response_headers_content_truncated
    assert not listed.response_headers_count_truncated


def test_a_webhook_has_the_documented_fields(server: TwinServer, api: Api) -> None:
    deliver(server)
    [listed] = api.get("/webhooks").json()["webhooks"]
    assert set(listed) == {
        "created_at",
        "id",
        "is_test",
        "request_body",
        "request_headers",
        "response_body",
        "response_body_truncated",
        "response_code",
        "response_headers",
        "response_headers_content_truncated",
        "response_headers_count_truncated",
        "successful",
        "url",
    }


def test_a_receiver_that_gave_no_answer_leaves_null(
    server: TwinServer, client: Any, receiver: Receiver
) -> None:
    receiver.stop()
    deliver(server)
    [listed] = client.webhooks.list(params={"successful": "false"}).records
    assert listed.response_code is None
    assert listed.response_body is None
    assert listed.attributes["response_headers"] is None


def test_long_answers_are_cut_and_marked(
    server: TwinServer, client: Any, receiver: Receiver
) -> None:
    headers = {f"X-{number}": "short" for number in range(60)} | {"X-0": "long" * 1000}
    receiver.usual = Reply(200, headers, b"x" * 200_000)
    deliver(server)
    [listed] = client.webhooks.list().records
    assert listed.response_body_truncated
    assert listed.response_headers_content_truncated
    assert listed.response_headers_count_truncated
    assert set(listed.response_body) == {"x"}
    assert len(listed.response_body) < 200_000
    assert len(listed.response_headers) < 60
    assert listed.successful


def test_the_list_is_filtered(server: TwinServer, client: Any, receiver: Receiver) -> None:
    receiver.replies = [Reply(500), Reply(200), Reply(200)]
    for _ in range(2):
        deliver(server)
    server.twin.send_test_webhook()
    server.twin.flush_webhooks(10)
    failed, sent, test = (received.webhook_id for received in receiver.received)

    def listed(**params: str) -> list[str]:
        return [webhook.id for webhook in client.webhooks.list(params=params).records]

    assert listed() == [test, sent, failed]
    assert listed(successful="false") == [failed]
    assert listed(successful="true") == [test, sent]
    assert listed(is_test="true") == [test]
    assert listed(is_test="false", successful="true") == [sent]
    at = client.webhooks.get(sent).created_at
    assert sent in listed(**{"created_at[gte]": at})
    assert sent not in listed(**{"created_at[gt]": at})
    assert listed(**{"created_at[lt]": client.webhooks.get(failed).created_at}) == []


def test_the_list_has_pages(server: TwinServer, client: Any) -> None:
    server.twin.set_knobs(Knobs(webhook_batch_size=1))
    write_events(server.twin, 25)
    server.twin.flush_webhooks(10)
    first = client.webhooks.list(params={"limit": 10})
    identities = [webhook.id for webhook in client.webhooks.all(params={"limit": 10})]

    assert len(first.records) == 10
    assert first.after is not None
    assert len(set(identities)) == len(identities) == 25


@pytest.mark.parametrize(
    ("query", "name"),
    [("successful=yes", "/successful"), ("is_test=1", "/is_test"), ("url=x", "/url")],
)
def test_a_filter_that_makes_no_sense_is_refused(api: Api, query: str, name: str) -> None:
    assert name in problems(api.get(f"/webhooks?{query}"))


def test_a_failed_webhook_is_sent_again_by_the_action(
    server: TwinServer, client: Any, receiver: Receiver
) -> None:
    receiver.replies = [Reply(500)]
    deliver(server)
    [failed] = client.webhooks.list(params={"successful": "false"}).records

    answer = client.webhooks.retry(failed.id)
    assert answer.id == failed.id
    receiver.wait_for(2)
    server.twin.flush_webhooks(10)

    first, second = receiver.received
    assert first.body == second.body
    again = client.webhooks.get(failed.id)
    assert (again.successful, again.response_code) == (True, 204)
    assert again.created_at == failed.created_at
    assert server.twin.store.webhooks.to_json()["queued"] == 0, "the planned retry is not needed"


def test_a_webhook_that_succeeded_can_be_sent_again(
    server: TwinServer, client: Any, receiver: Receiver
) -> None:
    deliver(server)
    [sent] = client.webhooks.list().records
    client.webhooks.retry(sent.id)
    first, second = receiver.wait_for(2)
    assert first.body == second.body
    assert len(client.webhooks.list().records) == 1


def test_a_webhook_that_used_up_its_retries_can_be_sent_by_hand(
    server: TwinServer, client: Any, receiver: Receiver
) -> None:
    server.twin.set_knobs(Knobs(webhook_retry_scale=0))
    receiver.usual = Reply(500)
    write_events(server.twin, 1)
    receiver.wait_for(9)
    _flush_until_quiet(server)
    [failed] = client.webhooks.list(params={"successful": "false"}).records
    assert len(receiver.received) == 9

    client.webhooks.retry(failed.id)
    receiver.wait_for(10)
    _flush_until_quiet(server)
    assert len(receiver.received) == 10, "by hand is once"


def _flush_until_quiet(server: TwinServer) -> None:
    deadline = time.monotonic() + 20
    while server.twin.flush_webhooks(10):
        assert time.monotonic() < deadline


@pytest.mark.parametrize("identity", ["WB000000000000", "PM123", "index_ID_123"])
def test_a_webhook_that_there_is_not_is_not_found(client: Any, identity: str) -> None:
    for call in (client.webhooks.get, client.webhooks.retry):
        with pytest.raises(errors.InvalidApiUsageError) as missing:
            call(identity)
        assert missing.value.code == 404


def test_webhooks_cannot_be_created_or_changed_by_the_api(api: Api) -> None:
    assert api.post("/webhooks", json={"webhooks": {}}).status_code == 405
    assert api.put("/webhooks/WB1", json={"webhooks": {}}).status_code == 405
    assert api.delete("/webhooks/WB1").status_code == 405


def test_retry_takes_no_parameters(server: TwinServer, api: Api, receiver: Receiver) -> None:
    deliver(server)
    webhook = api.get("/webhooks").json()["webhooks"][0]["id"]
    answer = api.post(f"/webhooks/{webhook}/actions/retry", json={"data": {"to": "me"}})
    assert "/data/to" in problems(answer)
    assert len(receiver.received) == 1
