"""An event names the records to read again, and tells bad news; its action is never a status."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from halo_gocardless.events import to_event
from hypothesis import given
from hypothesis import strategies as st

from halo_host import EventRecord, StreamKind, UnreadableRecord

PAYMENTS, MANDATES, REFUNDS = StreamKind.PAYMENTS, StreamKind.MANDATES, StreamKind.REFUNDS
PAYOUTS, SUBSCRIPTIONS = StreamKind.PAYOUTS, StreamKind.SUBSCRIPTIONS


def event(kind, action, origin="gocardless", **links):
    return to_event(
        {
            "id": "EV1",
            "created_at": "2026-03-18T09:30:00.000Z",
            "resource_type": kind,
            "action": action,
            "links": links,
            "details": {"origin": origin},
        }
    )


def test_an_official_event(official):
    first = official("events")["list"]["body"]["events"][0]
    assert to_event(first) == EventRecord(
        id="EV123",
        created_at=datetime(2014, 1, 1, 12, tzinfo=UTC),
        kind="mandates",
        resource_id="MD123",
        action="cancelled",
        origin="bank",
        cause="bank_account_disabled",
        reason_code="ADDACS-B",
        text="Customer's bank account closed",
        is_failure=True,
        dirty=((MANDATES, "MD123"),),
    )


def test_a_delivery_of_2018(official):
    created, mandate = map(to_event, official("webhook_body")["events"])
    assert (created.kind, created.dirty) == ("subscriptions", ((SUBSCRIPTIONS, "SB0003JJQ2MR06"),))
    assert (mandate.resource_id, mandate.text) == (
        "MD000AMA19XGEC",
        "Mandate created via the API.",
    )


@pytest.mark.parametrize(
    ("kind", "action", "links", "dirty"),
    [
        ("payments", "created", {"payment": "PM1"}, {(PAYMENTS, "PM1")}),
        ("payments", "resubmission_requested", {"payment": "PM1"}, {(PAYMENTS, "PM1")}),
        (
            "payments",
            "paid_out",
            {"payment": "PM1", "payout": "PO1"},
            {(PAYMENTS, "PM1"), (PAYOUTS, "PO1")},
        ),
        (
            "payments",
            "failed",
            {"payment": "PM1", "mandate": "MD1", "customer": "CU1", "parent_event": "EV0"},
            {(PAYMENTS, "PM1")},
        ),
        (
            "mandates",
            "replaced",
            {"mandate": "MD1", "new_mandate": "MD2"},
            {(MANDATES, "MD1"), (MANDATES, "MD2")},
        ),
        (
            "mandates",
            "transferred",
            {
                "mandate": "MD1",
                "new_customer_bank_account": "BA2",
                "previous_customer_bank_account": "BA1",
            },
            {(MANDATES, "MD1")},
        ),
        (
            "refunds",
            "refund_settled",
            {"refund": "RF1", "payment": "PM1"},
            {(REFUNDS, "RF1"), (PAYMENTS, "PM1")},
        ),
        ("payouts", "paid", {"payout": "PO1"}, {(PAYOUTS, "PO1")}),
        (
            "subscriptions",
            "payment_created",
            {"subscription": "SB1", "payment": "PM1"},
            {(SUBSCRIPTIONS, "SB1"), (PAYMENTS, "PM1")},
        ),
        ("creditors", "bounced_payout", {"creditor": "CR1", "payout": "PO1"}, {(PAYOUTS, "PO1")}),
        ("creditors", "updated", {"creditor": "CR1"}, set()),
        (
            "billing_requests",
            "fulfilled",
            {
                "billing_request": "BRQ1",
                "mandate_request_mandate": "MD1",
                "payment_request_payment": "PM1",
            },
            {(MANDATES, "MD1"), (PAYMENTS, "PM1")},
        ),
        ("outbound_payments", "executed", {"outbound_payment": "OUT1"}, set()),
        ("space_ships", "launched", {"space_ship": "SS1", "payment": "PM1"}, set()),
        ("payments", "teleported", {"payment": "PM1"}, {(PAYMENTS, "PM1")}),
    ],
)
def test_what_an_event_may_have_changed_is_read_again(kind, action, links, dirty):
    assert set(event(kind, action, **links).dirty) == dirty


@pytest.mark.parametrize(
    ("kind", "action", "origin", "is_failure"),
    [
        ("payments", "failed", "bank", True),
        ("payments", "failed", "gocardless", True),
        ("payments", "charged_back", "bank", True),
        ("payments", "late_failure_settled", "gocardless", False),
        ("payments", "customer_approval_denied", "customer", True),
        ("payments", "cancelled", "bank", True),
        ("payments", "cancelled", "api", False),
        ("payments", "chargeback_settled", "gocardless", False),
        ("payments", "chargeback_cancelled", "bank", False),
        ("payments", "paid_out", "gocardless", False),
        ("mandates", "failed", "bank", True),
        ("mandates", "cancelled", "bank", True),
        ("mandates", "cancelled", "api", False),
        ("mandates", "expired", "gocardless", True),
        ("mandates", "blocked", "gocardless", True),
        ("mandates", "replaced", "gocardless", False),
        ("refunds", "failed", "gocardless", True),
        ("refunds", "funds_returned", "gocardless", True),
        ("refunds", "paid", "gocardless", False),
        ("exports", "failed", "gocardless", False),
        ("space_ships", "failed", "bank", False),
    ],
)
def test_money_that_did_not_come_or_went_back_is_bad_news(kind, action, origin, is_failure):
    assert event(kind, action, origin).is_failure is is_failure


def test_a_payout_that_bounced_is_told_of_the_payout():
    bounced = event("creditors", "bounced_payout", creditor="CR1", payout="PO1")
    assert (bounced.kind, bounced.resource_id, bounced.action) == ("payouts", "PO1", "bounced")
    assert bounced.is_failure

    unnamed = event("creditors", "bounced_payout", creditor="CR1")
    assert (unnamed.kind, unnamed.resource_id, unnamed.dirty) == ("creditors", "CR1", ())


def test_what_is_not_known_is_harmless():
    bare = to_event({"id": "EV1", "created_at": "2026-03-18T09:30:00Z"})
    assert (bare.kind, bare.action, bare.resource_id, bare.text) == ("unknown", "unknown", "", "")
    assert bare.dirty == ()
    assert not bare.is_failure


@pytest.mark.parametrize(
    ("record", "reason", "identity"),
    [
        ("EV1", "The event is no JSON object.", None),
        ({"created_at": "2026-03-18T09:30:00Z"}, "The event has no id.", None),
        ({"id": "EV1"}, "The event has no time.", "EV1"),
        ({"id": "EV1", "created_at": "yesterday"}, "The event has no time.", "EV1"),
    ],
)
def test_an_event_that_cannot_be_placed_is_set_aside(record, reason, identity):
    assert to_event(record) == UnreadableRecord(reason=reason, id=identity)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
fields = st.sampled_from("id created_at resource_type action links details".split())
inner_fields = st.sampled_from("payment mandate new_mandate payout refund origin cause".split())


@given(
    record=anything
    | st.dictionaries(fields, anything)
    | st.dictionaries(fields, st.dictionaries(inner_fields, anything)),
    kind=st.sampled_from(["payments", "mandates", "refunds", "payouts", "creditors", "?"]),
)
def test_no_event_breaks_the_translation(record, kind):
    likely = {"id": "EV1", "created_at": "2026-03-18T09:30:00Z", "resource_type": kind}
    for candidate in (record, likely | record if isinstance(record, dict) else likely):
        found = to_event(candidate)
        if isinstance(found, EventRecord):
            assert all(isinstance(identity, str) and identity for _, identity in found.dirty)
            assert found.created_at.tzinfo is UTC


def test_what_equals_another_value_but_is_written_otherwise_is_not_confused():
    causes = ["1", 1, True, 1.0, None, ["1"], "1"]
    events = [
        to_event(
            {
                "id": f"EV{number}",
                "created_at": "2026-03-18T09:30:00.000Z",
                "resource_type": "payments",
                "action": "failed",
                "details": {"cause": cause},
            }
        )
        for number, cause in enumerate(causes)
    ]

    assert [it.cause for it in events] == ["1", "1", "true", "1.0", "", "", "1"]
    assert [it.id for it in events] == [f"EV{number}" for number in range(len(causes))]
