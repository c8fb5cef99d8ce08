"""What failed lately, sums by month, and how long payouts take: what the pages of payments draw."""

from __future__ import annotations

from datetime import date, timedelta

from support.mirror import DAY, Mirror

from halo_host import Money, PaymentQuery, PaymentState
from halo_host.host import Host
from halo_host.payments.summary import PayoutDays

SINCE = DAY + timedelta(days=10)


def pounds(amount: int) -> Money:
    return Money(amount=amount, currency="GBP")


def test_failures_are_those_whose_latest_one_came_since(host: Host, mirror: Mirror) -> None:
    for number in range(1, 5):
        mirror.payment(f"PM{number}", status="failed", amount=number)
    mirror.failure("PM1", "insufficient_funds", SINCE - timedelta(seconds=1))
    mirror.failure("PM2", "insufficient_funds", SINCE)
    mirror.failure("PM3", "insufficient_funds", DAY)
    mirror.failure("PM3", "bank_account_closed", SINCE + timedelta(days=2))
    mirror.failure("PM4", "insufficient_funds", SINCE + timedelta(days=1))
    mirror.event("PM4", "paid_out", at=SINCE + timedelta(days=3))

    found = host.payments.failures(SINCE)

    assert [it.payment.id for it in found.payments] == ["PM3", "PM4", "PM2"]
    assert found.count == 3
    newest = found.payments[0].failure
    assert newest is not None
    assert newest.cause == "bank_account_closed"
    few = host.payments.failures(SINCE, limit=1)
    assert ([it.payment.id for it in few.payments], few.count) == (["PM3"], 3)
    assert host.payments.failures(SINCE + timedelta(days=9)).payments == ()


def test_statuses_are_those_that_plugins_explain(host: Host, mirror: Mirror) -> None:
    assert host.payments.statuses() == ("paid_out", "failed")
    assert host.payments.statuses(connection="bank") == ("paid_out", "failed")


def test_months_are_summed_by_currency_and_by_charge_date(host: Host, mirror: Mirror) -> None:
    mirror.payment("PM1", amount=100, charge_date=date(2026, 1, 31))
    mirror.payment("PM2", amount=20, charge_date=date(2026, 1, 1), status="confirmed")
    mirror.payment("PM3", amount=3, charge_date=date(2026, 2, 1), status="failed")
    mirror.payment("PM4", amount=4, charge_date=date(2026, 2, 2), status="pending")
    mirror.payment("PM5", amount=5, currency="JPY", charge_date=date(2026, 2, 2))
    mirror.payment("PM6", amount=6, charge_date=None, created_at=DAY + timedelta(days=70))
    mirror.payment("PM7", payer="CU9", amount=7, charge_date=date(2026, 1, 1))
    view = host.payments.mirror_of(host.connections.for_plugin("bank"), ("CU1",))
    assert view is not None

    months = view.months(PaymentQuery(external_user_ids=("CU1",)))

    assert [(it.month, it.collected, it.failed, it.payments) for it in months] == [
        ("2026-01", pounds(120), pounds(0), 2),
        ("2026-02", pounds(0), pounds(3), 2),
        ("2026-02", Money(amount=5, currency="JPY"), Money(amount=0, currency="JPY"), 1),
        ("2026-03", pounds(6), pounds(0), 1),
    ]


def test_payouts_are_counted_by_the_days_they_took(host: Host, mirror: Mirror) -> None:
    for number, day in enumerate((1, 2, 2), start=1):
        mirror.payment(f"PM{number}", charge_date=date(2026, 1, day), payout_id="PO1")
    mirror.payment("PM9", charge_date=date(2026, 1, 1), state=PaymentState.PENDING)
    mirror.payout("PO1", arrives_on=date(2026, 1, 4))

    summary = host.payments.summary(date(2026, 1, 1), date(2026, 1, 31))

    assert summary.payout_days == (
        PayoutDays(days=2, payments=2),
        PayoutDays(days=3, payments=1),
    )
