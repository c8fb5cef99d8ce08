"""What came in, what failed and why, and how long money takes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from support.acme import AGENT
from support.mirror import DAY, Mirror

from halo_host import Money, PaymentState
from halo_host.host import Host
from halo_host.payments.filters import PaymentFilter
from halo_host.payments.summary import Summary, TimeToPayout
from halo_host.payments.unlinked import Unlinked

START, END = date(2026, 1, 1), date(2026, 2, 28)


def pounds(amount: int) -> Money:
    return Money(amount=amount, currency="GBP")


@pytest.fixture
def summary(host: Host, mirror: Mirror) -> Summary:
    mirror.payment("PM1", amount=100, charge_date=date(2026, 1, 31), payout_id="PO1")
    mirror.payment("PM2", amount=20, charge_date=date(2026, 2, 1), status="confirmed")
    mirror.payment("PM3", amount=3, currency="JPY", charge_date=date(2026, 1, 5), payout_id="PO1")
    mirror.payment("PM4", amount=4_000, charge_date=date(2026, 2, 2), status="failed")
    mirror.payment("PM5", amount=50_000, charge_date=date(2026, 3, 1))
    undated = datetime(2026, 2, 20, 23, 59, tzinfo=UTC)
    mirror.payment("PM6", amount=600_000, charge_date=None, created_at=undated)
    mirror.payment("PM7", amount=7, charge_date=date(2026, 2, 28), payout_id="PO2")
    mirror.payout("PO1", arrives_on=date(2026, 2, 3))
    mirror.payout("PO2", arrives_on=None, created_at=datetime(2026, 3, 4, 5, tzinfo=UTC))
    mirror.failure("PM4", "bank_account_closed", DAY)
    mirror.failure("PM4", "insufficient_funds", DAY + timedelta(days=1))
    mirror.failure("PM1", "insufficient_funds", DAY)
    mirror.failure("PM5", "insufficient_funds", DAY)
    mirror.refund("RF1", "PM1", amount=10, created_at=datetime(2026, 1, 31, 23, tzinfo=UTC))
    mirror.refund("RF2", "PM1", amount=5, created_at=datetime(2026, 2, 28, 23, tzinfo=UTC))
    mirror.refund("RF3", "PM1", amount=99, state="failed", status="failed")
    mirror.refund("RF4", "PM1", amount=99, created_at=datetime(2026, 3, 1, tzinfo=UTC))
    return host.payments.summary(START, END)


def test_collected_by_month_of_the_charge_and_currency(summary: Summary) -> None:
    assert [(it.month, it.payments, str(it.amount)) for it in summary.collected] == [
        ("2026-01", 1, "1.00 GBP"),
        ("2026-01", 1, "3 JPY"),
        ("2026-02", 3, "6000.27 GBP"),
    ]


def test_failed_by_the_latest_reason_and_what_came_in_since(summary: Summary) -> None:
    (reason,) = summary.failed

    assert (reason.cause, reason.payments, reason.collected) == ("insufficient_funds", 2, 1)
    assert reason.amount == pounds(4_100)
    assert reason.text == "The payer's account held too little money."


def test_refunds_count_in_the_month_they_were_made_unless_they_failed(summary: Summary) -> None:
    assert [(it.month, it.amount) for it in summary.refunded] == [
        ("2026-01", pounds(10)),
        ("2026-02", pounds(5)),
    ]


def test_days_from_charge_to_payout(summary: Summary) -> None:
    """PM1 took 3 days, PM7 4 days (its payout has no day of arrival), PM3 29 days."""
    assert summary.time_to_payout == TimeToPayout(payments=3, median=4, nine_in_ten=29)


def test_payments_without_a_user_are_counted(host: Host, mirror: Mirror) -> None:
    host.directory.add_customer("Acme Ltd", agent=AGENT)
    user = host.directory.add_user("Acme Ltd/Main", {"given_name": "Ann"}, agent=AGENT).id
    host.connections.enable("mirrored-pay", {}, slug="other", agent=AGENT)
    other = Mirror(host, "other")
    for number, payer in enumerate(("CU1", "CU2", "CU2", "", "")):
        mirror.payment(f"PM{number}", payer)
    other.payment("PM1", "CU1")
    other.link("CU2", user)
    mirror.link("CU1", user)

    assert host.payments.unlinked() == Unlinked(payments=5, payers=3)
    assert host.payments.unlinked(connection="bank") == Unlinked(payments=4, payers=2)
    mirror.link("CU2", user)
    assert host.payments.summary(START, END).unlinked == Unlinked(payments=3, payers=2)


def test_a_summary_of_one_connection_leaves_the_others_out(host: Host, summary: Summary) -> None:
    host.connections.enable("mirrored-pay", {}, slug="other", agent=AGENT)

    empty = host.payments.summary(START, END, connection="other")

    assert (empty.collected, empty.failed, empty.refunded) == ((), (), ())
    assert empty.time_to_payout is None
    assert empty.unlinked == Unlinked(payments=0, payers=0)
    assert host.payments.summary(START, END, connection="bank") == summary


def test_sums_beyond_what_a_float_can_hold_are_exact(host: Host, mirror: Mirror) -> None:
    mirror.payment("PM1", amount=2**53, charge_date=START)
    mirror.payment("PM2", amount=1, charge_date=START)

    (month,) = host.payments.summary(START, END).collected

    assert month.amount == pounds(2**53 + 1)


def test_totals_count_as_failed_what_lists_and_reports_do(host: Host, mirror: Mirror) -> None:
    """Also what was refused before it was tried, and is cancelled for that."""
    mirror.payment("PM1", amount=100, status="failed", charge_date=START)
    mirror.failure("PM1", "insufficient_funds")
    refused, cancelled = PaymentState.CANCELLED, "cancelled"
    mirror.payment("PM2", amount=20, status="denied", state=refused, charge_date=START)
    mirror.failure("PM2", "customer_approval_denied")
    mirror.payment("PM3", amount=3, status=cancelled, state=refused, charge_date=START)

    (reported,) = {sum(it.amount.amount for it in host.payments.summary(START, END).failed)}
    (all_of_them,) = host.payments.totals(PaymentFilter())
    (failed,) = host.payments.totals(PaymentFilter(failed_since=DAY - timedelta(days=1)))

    assert (all_of_them.payments, all_of_them.failed) == (3, pounds(120))
    assert (failed.payments, failed.amount, failed.failed) == (2, pounds(120), pounds(120))
    assert reported == 120
