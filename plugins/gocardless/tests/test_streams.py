"""The host learns what can be mirrored, and what each status means, without a request."""

from __future__ import annotations

from datetime import timedelta

import pytest
from halo_gocardless import plugin

from halo_host import (
    Connection,
    MandateState,
    PaymentState,
    PayoutState,
    ProviderError,
    RefundState,
    Secret,
    StreamKind,
    SubscriptionState,
)

# The statuses that GoCardless documents, and their neutral states.
DOCUMENTED = {
    StreamKind.PAYMENTS: (
        PaymentState,
        {
            "pending_customer_approval": "pending",
            "pending_submission": "pending",
            "submitted": "submitted",
            "confirmed": "confirmed",
            "paid_out": "paid_out",
            "cancelled": "cancelled",
            "customer_approval_denied": "cancelled",
            "failed": "failed",
            "charged_back": "charged_back",
        },
    ),
    StreamKind.MANDATES: (
        MandateState,
        {
            "pending_customer_approval": "pending",
            "pending_submission": "pending",
            "submitted": "pending",
            "active": "active",
            "suspended_by_payer": "suspended",
            "failed": "failed",
            "cancelled": "cancelled",
            "expired": "expired",
            "consumed": "expired",
            "blocked": "failed",
        },
    ),
    StreamKind.REFUNDS: (
        RefundState,
        {
            "created": "pending",
            "pending_submission": "pending",
            "submitted": "pending",
            "paid": "paid",
            "cancelled": "cancelled",
            "bounced": "failed",
            "funds_returned": "returned",
        },
    ),
    StreamKind.PAYOUTS: (
        PayoutState,
        {"pending": "pending", "paid": "paid", "bounced": "bounced"},
    ),
    StreamKind.SUBSCRIPTIONS: (
        SubscriptionState,
        {
            "pending_customer_approval": "pending",
            "customer_approval_denied": "cancelled",
            "active": "active",
            "finished": "finished",
            "cancelled": "cancelled",
            "paused": "paused",
        },
    ),
}


def streams(**settings):
    connection = Connection(
        id=1,
        slug="gocardless",
        integration="gocardless",
        name="GoCardless",
        settings={"access_token": Secret("x"), **settings},
    )
    return {stream.kind: stream for stream in plugin.halo_streams(connection)}


def test_every_kind_is_offered_once():
    assert streams().keys() == set(StreamKind)


@pytest.mark.parametrize("kind", DOCUMENTED)
def test_every_documented_status_has_a_state_and_a_plain_sentence(kind):
    states, documented = DOCUMENTED[kind]
    meanings = streams()[kind].meanings
    assert {status: meaning.state for status, meaning in meanings.items()} == {
        status: states(state) for status, state in documented.items()
    }
    for meaning in meanings.values():
        assert meaning.explanation[0].isupper()
        assert meaning.explanation.endswith(".")
        assert "_" not in meaning.explanation


@pytest.mark.parametrize(
    ("environment", "dashboard"),
    [
        ("live", "https://manage.gocardless.com"),
        ("sandbox", "https://manage-sandbox.gocardless.com"),
    ],
)
def test_records_open_in_the_dashboard_of_the_same_environment(environment, dashboard):
    for kind, stream in streams(environment=environment).items():
        if stream.url is not None:
            assert stream.url == f"{dashboard}/{kind}/{{id}}"
    assert streams()[StreamKind.REFUNDS].url is None


def test_a_twins_records_open_in_the_twin(monkeypatch):
    monkeypatch.setenv("HALO_GOCARDLESS_ALLOW_API_URL", "loopback")
    found = streams(api_url="http://127.0.0.1:8080")
    assert found[StreamKind.PAYMENTS].url == "http://127.0.0.1:8080/dashboard/payments/{id}"


def test_an_address_that_the_machine_does_not_allow_is_refused(monkeypatch):
    monkeypatch.delenv("HALO_GOCARDLESS_ALLOW_API_URL", raising=False)
    with pytest.raises(ProviderError, match="this machine does not allow it"):
        streams(api_url="http://127.0.0.1:8080")


def test_what_gocardless_forgets_is_declared():
    found = streams()
    assert found[StreamKind.EVENTS].keeps == timedelta(days=548)
    assert found[StreamKind.PAYOUT_ITEMS].keeps == timedelta(days=183)
    assert found[StreamKind.PAYMENTS].keeps is None
    assert found[StreamKind.EVENTS].overlap == timedelta(hours=1)


def test_changes_and_rechecks_are_declared_as_the_reader_offers_them():
    found = streams().items()
    assert {kind.value for kind, stream in found if stream.has_changes} == {
        "mandates",
        "subscriptions",
        "payments",
        "refunds",
        "payouts",
    }
    assert {kind.value for kind, stream in found if stream.rechecked} == {
        "mandates",
        "subscriptions",
        "payments",
        "refunds",
        "payouts",
    }
