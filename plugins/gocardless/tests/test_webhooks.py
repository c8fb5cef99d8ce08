"""A delivery is taken only when its signature proves that GoCardless sent it."""

from __future__ import annotations

import hmac
import json
from pathlib import Path

import pytest
from halo_gocardless import plugin
from halo_gocardless.webhooks import verify, webhook_events
from hypothesis import given
from hypothesis import strategies as st

from halo_host import Connection, Secret, StreamKind, UnreadableRecord, WebhookRequest

# GoCardless's own known answer, from the tests of its Python client.
BODY = (Path(__file__).parent / "fixtures/gocardless/webhook_body.json").read_bytes().rstrip()
SECRET = "ED7D658C-D8EB-4941-948B-3973214F2D49"
SIGNATURE = "2693754819d3e32d7e8fcb13c729631f316c6de8dc1cf634d6527f1c07276e7e"
EVENT = {"id": "EV1", "created_at": "2026-03-18T09:30:00Z"}


def sign(body, secret=SECRET):
    return hmac.new(secret.encode(), body, "sha256").hexdigest()


def judge(body=BODY, signature=SIGNATURE, secrets=SECRET):
    settings = {} if secrets is None else {"webhook_secrets": Secret(secrets)}
    headers = {"content-type": "application/json"}
    if signature is not None:
        headers["webhook-signature"] = signature
    return verify(settings, WebhookRequest(headers=headers, body=body))


def delivery(*events, **meta):
    return json.dumps({"events": events, "meta": meta}).encode()


def test_gocardless_own_example_is_accepted():
    verdict = judge()
    assert verdict.accepted
    assert verdict.reason == ""
    assert verdict.delivery_id is None
    assert not verdict.is_test


@pytest.mark.parametrize(
    "secrets", [f"another {SECRET}", f"{SECRET}\nanother", f"  {SECRET}\t another third "]
)
def test_any_of_several_secrets_will_do_while_they_are_rotated(secrets):
    assert judge(secrets=secrets).accepted


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"signature": None}, "has no Webhook-Signature"),
        ({"signature": ""}, "has no Webhook-Signature"),
        ({"signature": "ÿ" * 64}, "characters that no signature has"),
        ({"signature": "\udcff"}, "characters that no signature has"),
        ({"signature": SIGNATURE[:-1] + "f"}, "fits none of the connection's webhook secrets"),
        ({"signature": SIGNATURE.upper()}, "fits none"),
        ({"signature": SIGNATURE[:32]}, "fits none"),
        ({"body": BODY + b"\n"}, "fits none"),
        ({"body": b""}, "fits none"),
        ({"secrets": "another"}, "fits none"),
        ({"secrets": None}, "has no webhook secret"),
        ({"secrets": " \n"}, "has no webhook secret"),
    ],
)
def test_whatever_is_not_proved_is_refused_with_the_reason(changes, reason):
    verdict = judge(**changes)
    assert not verdict.accepted
    assert reason in verdict.reason
    assert SECRET not in verdict.reason


def test_an_empty_secret_never_signs():
    assert not judge(signature=sign(BODY, ""), secrets=" ").accepted


def test_a_delivery_has_the_name_that_gocardless_gave_it():
    body = delivery(EVENT, webhook_id="WB123")
    assert judge(body, sign(body)).delivery_id == "WB123"


@pytest.mark.parametrize("name", [None, 7, "", "../x", "x" * 200, ["WB1"]])
def test_a_name_that_is_none_leaves_the_delivery_without(name):
    body = delivery(EVENT, webhook_id=name)
    verdict = judge(body, sign(body))
    assert verdict.accepted
    assert verdict.delivery_id is None


def test_test_deliveries_are_known_and_bring_no_events():
    trial = EVENT | {"id": "EVTEST1234", "links": {"payment": "index_ID_123"}}
    body = delivery(trial, trial, webhook_id="WB1")
    assert judge(body, sign(body)).is_test
    assert webhook_events(body).records == []

    mixed = delivery(trial, EVENT)
    assert not judge(mixed, sign(mixed)).is_test
    assert [event.id for event in webhook_events(mixed).records] == ["EV1"]

    assert not judge(delivery(), sign(delivery())).is_test
    marked = delivery(EVENT, is_test=True)
    assert judge(marked, sign(marked)).is_test


def test_the_events_of_a_delivery_come_with_what_gocardless_sent():
    batch = webhook_events(BODY)
    assert batch.kind is StreamKind.EVENTS
    assert [event.id for event in batch.records] == ["EV00BD05S5VM2T", "EV00BD05TB8K63"]
    assert batch.raw == json.loads(BODY)["events"]


def test_an_event_that_cannot_be_read_does_not_hide_the_others():
    batch = webhook_events(delivery(EVENT, 7, {"id": "EV2"}))
    assert [isinstance(event, UnreadableRecord) for event in batch.records] == [False, True, True]
    assert len(batch.raw) == 3


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\xfe", b"[]", b"7", b'{"events": {}}', b"[" * 100_000]
)
def test_a_body_that_is_no_delivery_is_set_aside_whole(body):
    verdict = judge(body, sign(body))
    assert verdict.accepted  # whoever signed it knows the secret
    assert verdict.delivery_id is None
    (record,) = webhook_events(body).records
    assert isinstance(record, UnreadableRecord)
    assert len(webhook_events(body).raw) == 1


@given(body=st.binary(), signature=st.text() | st.none(), secrets=st.text() | st.none())
def test_nothing_that_somebody_may_send_raises(body, signature, secrets):
    assert not judge(body, signature, secrets).accepted
    assert judge(body, sign(body)).accepted
    webhook_events(body)


def test_the_host_asks_through_the_hooks():
    connection = Connection(
        id=1,
        slug="gocardless",
        integration="gocardless",
        name="GoCardless",
        settings={"access_token": Secret("sandbox_x"), "webhook_secrets": Secret(SECRET)},
    )
    request = WebhookRequest(headers={"webhook-signature": SIGNATURE}, body=BODY)
    assert plugin.halo_verify_webhook(connection, request).accepted
    assert len(plugin.halo_webhook_events(connection, BODY).records) == 2
