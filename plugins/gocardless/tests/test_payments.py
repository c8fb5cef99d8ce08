"""Payments of GoCardless become neutral payments, and an amount is exact or not shown at all."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from halo_gocardless.addresses import OFFICIAL
from halo_gocardless.payments import to_payment
from halo_gocardless.statuses import meaning
from hypothesis import given
from hypothesis import strategies as st

from halo_host import Money, Payment, PaymentState

LIVE = OFFICIAL["live"]


def paid(**fields):
    return to_payment({"id": "PM1", "amount": 1999, "currency": "GBP"} | fields, "CU1", LIVE)


def test_an_official_payment(official):
    record = official("payments")["get"]["body"]["payments"]

    assert to_payment(record, "CU123", LIVE) == Payment(
        id="PM123",
        external_user_id="CU123",
        amount=Money(amount=1000, currency="EUR"),
        status="submitted",
        state=PaymentState.SUBMITTED,
        explanation=meaning("submitted")[1],
        created_at=datetime(2014, 1, 1, 12, tzinfo=UTC),
        charge_date=date(2014, 5, 21),
        url="https://manage.gocardless.com/payments/PM123",
        description="One-off upgrade fee",
        reference="WINEBOX001",
        amount_refunded=Money(amount=150, currency="EUR"),
        mandate_id="MD123",
        payout_id="PO123",
    )


@pytest.mark.parametrize("amount", [1999, "1999", "1999.0", 1999.0, " 1999 ".strip()])
def test_an_amount_is_minor_units_in_any_spelling(amount):
    assert paid(amount=amount).amount == Money(amount=1999, currency="GBP")


@pytest.mark.parametrize(
    "amount",
    [None, True, "", "19.99", 19.99, "1,999", "1e3", 1e300, "9" * 19, "１９", {}, [1999], "nan"],
)
def test_an_amount_that_is_not_certain_is_never_guessed(amount):
    assert paid(amount=amount) is None
    assert paid(amount_refunded=amount).amount_refunded is None


@pytest.mark.parametrize("currency", [None, "", "gbp", "POUND", "£", 826, {}])
def test_an_amount_without_a_currency_is_not_shown(currency):
    assert paid(currency=currency) is None


@pytest.mark.parametrize("links", [None, [], "MD1", {}, {"mandate": None, "payout": {}}])
def test_links_may_be_missing(links):
    payment = paid(links=links)
    assert payment.mandate_id is None
    assert payment.payout_id is None


@pytest.mark.parametrize("value", [None, "", "soon", 7, {}, "0000-00-00", "2014-13-01T00:00:00Z"])
def test_dates_that_make_no_sense_are_absent(value):
    payment = paid(created_at=value, charge_date=value)
    assert payment.created_at is None
    assert payment.charge_date is None


@pytest.mark.parametrize(
    "written",
    ["2014-01-01T12:00:00.000Z", "2014-01-01T13:00:00+01:00", "2014-01-01T12:00:00"],
)
def test_times_are_utc(written):
    assert paid(created_at=written).created_at == datetime(2014, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("written", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_times_beyond_the_calendar_are_absent(written):
    assert paid(created_at=written).created_at is None


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("pending_customer_approval", PaymentState.PENDING),
        ("pending_submission", PaymentState.PENDING),
        ("submitted", PaymentState.SUBMITTED),
        ("confirmed", PaymentState.CONFIRMED),
        ("paid_out", PaymentState.PAID_OUT),
        ("cancelled", PaymentState.CANCELLED),
        ("customer_approval_denied", PaymentState.CANCELLED),
        ("failed", PaymentState.FAILED),
        ("charged_back", PaymentState.CHARGED_BACK),
        ("teleported", PaymentState.UNKNOWN),
        (None, PaymentState.UNKNOWN),
    ],
)
def test_every_status_is_explained(status, state):
    payment = paid(status=status)
    assert payment.status == (status or "unknown")
    assert payment.state is state
    assert payment.explanation.endswith(".")


def test_what_can_still_fail_is_not_called_final():
    for status in ("confirmed", "paid_out", "failed", "charged_back"):
        assert "final" not in meaning(status)[1]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
fields = st.sampled_from(
    ["id", "amount", "currency", "status", "links", "created_at", "charge_date", "amount_refunded"]
)


@given(anything | st.dictionaries(fields, anything))
def test_no_record_breaks_the_translation(record):
    likely = {"id": "PM1", "amount": 1, "currency": "GBP"}
    for candidate in (record, likely | record if isinstance(record, dict) else likely):
        payment = to_payment(candidate, "CU1", LIVE)
        if payment is not None:
            assert payment.url.startswith("https://manage.gocardless.com/payments")
            assert payment.url.isascii()
