"""GoCardless's records become the mirror's, and an amount is exact or the record is set aside."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from halo_gocardless.records import (
    to_mandate,
    to_payment_record,
    to_payout,
    to_payout_item,
    to_refund,
    to_subscription,
)
from hypothesis import given
from hypothesis import strategies as st

from halo_host import (
    MandateRecord,
    PaymentRecord,
    PayoutItemRecord,
    PayoutRecord,
    RefundRecord,
    SubscriptionRecord,
    UnreadableRecord,
)

CREATED = datetime(2014, 1, 1, 12, tzinfo=UTC)
WITH_AMOUNTS = [to_payment_record, to_refund, to_payout, to_subscription]
LIKELY = {"id": "X1", "amount": 1999, "currency": "GBP", "status": "paid"}


def item_of_a_payout(record):
    return to_payout_item(record, "PO1")


@pytest.fixture
def linked(official):
    """An official record of each kind, as a page of events brings them."""
    return lambda kind: official("events")["list"]["body"]["linked"][kind][0]


def test_an_official_payment(official):
    record = official("payments")["get"]["body"]["payments"]
    assert to_payment_record(record) == PaymentRecord(
        id="PM123",
        status="submitted",
        amount=1000,
        currency="EUR",
        mandate_id="MD123",
        subscription_id="SU123",
        payout_id="PO123",
        created_at=CREATED,
        charge_date=date(2014, 5, 21),
        amount_refunded=150,
        description="One-off upgrade fee",
        reference="WINEBOX001",
    )


def test_an_official_mandate(official):
    record = official("mandates")["get"]["body"]["mandates"]
    assert to_mandate(record) == MandateRecord(
        id="MD123",
        status="pending_submission",
        external_user_id="CU123",
        created_at=CREATED,
        scheme="bacs",
        reference="REF-123",
        next_charge_date=date(2014, 10, 27),
        replaced_by="MD123",
    )


def test_an_official_subscription(linked):
    assert to_subscription(linked("subscriptions")) == SubscriptionRecord(
        id="SB123",
        status="active",
        amount=1000,
        currency="EUR",
        mandate_id="MD123",
        created_at=CREATED,
        name="12 month subscription",
        every="1 month",
        starts_on=date(2014, 10, 21),
        ends_on=date(2015, 10, 21),
        next_charge_date=date(2014, 11, 3),
    )


def test_an_official_refund(linked):
    assert to_refund(linked("refunds")) == RefundRecord(
        id="RF123",
        status="submitted",
        amount=150,
        currency="EUR",
        payment_id="PM123",
        mandate_id="MD123",
        created_at=CREATED,
        reference="WINEBOX001",
    )


def test_an_official_payout(linked):
    assert to_payout(linked("payouts")) == PayoutRecord(
        id="PO123",
        status="pending",
        amount=1000,
        currency="EUR",
        fees=20,
        created_at=CREATED,
        arrives_on=date(2014, 1, 1),
        reference="ref-1",
    )


@pytest.mark.parametrize(
    ("kind", "translate"), [("mandates", to_mandate), ("payments", to_payment_record)]
)
def test_every_official_body_can_be_read(official, kind, translate):
    for operation in official(kind).values():
        records = operation["body"].get(kind) or []
        for record in records if isinstance(records, list) else [records]:
            assert not isinstance(translate(record), UnreadableRecord)


@pytest.mark.parametrize("translate", WITH_AMOUNTS)
@pytest.mark.parametrize("amount", [1999, "1999", "1999.0", 1999.0])
def test_an_amount_is_minor_units_in_any_spelling(translate, amount):
    assert translate(LIKELY | {"amount": amount}).amount == 1999


@pytest.mark.parametrize("translate", WITH_AMOUNTS)
@pytest.mark.parametrize("amount", [None, "", "19.99", 19.99, True, [], {}, "1e3", 10**18, "NaN"])
def test_an_amount_that_is_not_certain_sets_the_record_aside_under_its_id(translate, amount):
    found = translate(LIKELY | {"amount": amount})
    assert found == UnreadableRecord(reason=found.reason, id="X1")
    assert "no amount and currency that are certain" in found.reason


@pytest.mark.parametrize("translate", [*WITH_AMOUNTS, to_mandate])
@pytest.mark.parametrize("identity", [None, "", " ", [], {}])
def test_a_record_without_an_id_is_set_aside(translate, identity):
    found = translate(LIKELY | {"id": identity})
    assert isinstance(found, UnreadableRecord)
    assert found.id is None
    assert "has no id" in found.reason


@pytest.mark.parametrize("translate", [*WITH_AMOUNTS, to_mandate])
def test_a_status_of_the_future_passes_as_it_is(translate):
    assert translate(LIKELY | {"status": "teleported"}).status == "teleported"
    assert translate({key: value for key, value in LIKELY.items() if key != "status"}).status == (
        "unknown"
    )


@pytest.mark.parametrize("translate", [*WITH_AMOUNTS, to_mandate])
def test_links_may_be_absent_or_of_another_type(translate):
    for links in (None, [], "MD1", 7, {"mandate": None}, {"mandate": ["MD1"]}):
        found = translate(LIKELY | {"links": links})
        assert getattr(found, "mandate_id", None) is None


@pytest.mark.parametrize(
    ("written", "tenths"),
    [("45.0", 450), ("-0.5", -5), ("-12.3", -123), ("0.0", 0), ("45", 450), (45, 450), (4.5, 45)],
)
def test_payout_items_are_counted_in_tenths(written, tenths):
    record = {"type": "gocardless_fee", "amount": written, "links": {"payment": "PM1"}}
    assert to_payout_item(record, "PO1") == PayoutItemRecord(
        payout_id="PO1", type="gocardless_fee", tenths=tenths, payment_id="PM1"
    )


@pytest.mark.parametrize("written", [None, "", "0.05", "4,5", True, [], "1e3"])
def test_a_payout_item_without_a_certain_amount_is_set_aside(written):
    found = to_payout_item({"type": "refund", "amount": written}, "PO1")
    assert isinstance(found, UnreadableRecord)


@pytest.mark.parametrize(
    ("interval", "unit", "words"),
    [
        (1, "monthly", "1 month"),
        (2, "weekly", "2 weeks"),
        ("3", "yearly", "3 years"),
        (1, "fortnight", "1 fortnight"),
        (None, "monthly", None),
        (1, None, None),
    ],
)
def test_how_often_a_subscription_collects_is_said_in_words(interval, unit, words):
    record = LIKELY | {"interval": interval, "interval_unit": unit}
    assert to_subscription(record).every == words


def test_a_subscriptions_next_payment_is_the_earliest_that_can_be_read():
    days = ["2014-12-03", None, "soon", "2014-11-03"]
    upcoming = [{"charge_date": day} for day in days]
    assert to_subscription(LIKELY | {"upcoming_payments": [*upcoming, 7]}).next_charge_date == (
        date(2014, 11, 3)
    )
    assert to_subscription(LIKELY | {"upcoming_payments": {}}).next_charge_date is None


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
fields = st.sampled_from(
    "id amount currency status links created_at charge_date amount_refunded deducted_fees "
    "interval interval_unit upcoming_payments arrival_date type".split()
)


@pytest.mark.parametrize("translate", [*WITH_AMOUNTS, to_mandate, item_of_a_payout])
@given(record=anything | st.dictionaries(fields, anything))
def test_no_record_breaks_the_translation(translate, record):
    for candidate in (record, LIKELY | record if isinstance(record, dict) else LIKELY):
        found = translate(candidate)
        if isinstance(found, UnreadableRecord):
            assert found.reason.endswith(".")
        else:
            assert type(getattr(found, "amount", 0)) is int
