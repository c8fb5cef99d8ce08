"""Every scenario that GoCardless's sandbox simulates, as it arrives in the host's mirror: found by
asking for what happened, and told by a webhook."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from halo_gocardless.twin.lifecycle import mandates as mandate_steps
from halo_gocardless.twin.lifecycle import payments as payment_steps
from halo_gocardless.twin.simulators import SIMULATORS

from halo_host import MandateState, PaymentState, PayoutState, RefundState, StreamKind

from ..twin.payers import active_mandate, new_mandate, payment_in, refund
from .desk import Desk

PAYMENTS, MANDATES = StreamKind.PAYMENTS, StreamKind.MANDATES
REFUNDS, PAYOUTS = StreamKind.REFUNDS, StreamKind.PAYOUTS

PAID = ["created", "submitted", "confirmed", "paid_out"]
LATE = [*PAID, "failed"]
BACK = [*PAID, "charged_back"]
# Scenario, then the payment's status, its neutral state, all that its timeline tells, its alert.
PAYMENT_SCENARIOS: list[tuple[str, str, PaymentState, list[str], str | None]] = [
    ("payment_submitted", "submitted", PaymentState.SUBMITTED, PAID[:2], None),
    ("payment_confirmed", "confirmed", PaymentState.CONFIRMED, PAID[:3], None),
    ("payment_paid_out", "paid_out", PaymentState.PAID_OUT, PAID, None),
    ("payment_failed", "failed", PaymentState.FAILED, [*PAID[:2], "failed"], None),
    ("payment_charged_back", "charged_back", PaymentState.CHARGED_BACK, BACK, "chargeback"),
    (
        *("payment_chargeback_settled", "charged_back", PaymentState.CHARGED_BACK),
        *([*BACK, "chargeback_settled"], "chargeback"),
    ),
    ("payment_late_failure", "failed", PaymentState.FAILED, LATE, "late_failure"),
    (
        *("payment_late_failure_settled", "failed", PaymentState.FAILED),
        *([*LATE, "late_failure_settled"], "late_failure"),
    ),
]
ACTIVE = ["created", "submitted", "active"]
MANDATE_SCENARIOS: list[tuple[str, str, str, MandateState, list[str]]] = [
    ("mandate_activated", "bacs", "active", MandateState.ACTIVE, ACTIVE),
    ("mandate_failed", "bacs", "failed", MandateState.FAILED, [*ACTIVE[:2], "failed"]),
    ("mandate_expired", "bacs", "expired", MandateState.EXPIRED, [*ACTIVE, "expired"]),
    ("mandate_transferred", "sepa_core", "active", MandateState.ACTIVE, [*ACTIVE, "transferred"]),
    (
        *("mandate_transferred_with_resubmission", "bacs", "pending_submission"),
        *(MandateState.PENDING, [*ACTIVE, "transferred", "resubmission_requested"]),
    ),
]
REFUND_SCENARIOS: list[tuple[str, str, RefundState, list[str], int]] = [
    ("refund_paid", "paid", RefundState.PAID, ["created", "paid"], 400),
    ("refund_settled", "paid", RefundState.PAID, ["created", "paid", "refund_settled"], 400),
    ("refund_bounced", "bounced", RefundState.FAILED, ["created", "failed"], 0),
    (
        *("refund_returned", "funds_returned", RefundState.RETURNED),
        *(["created", "paid", "funds_returned"], 0),
    ),
]
OTHERS = {
    *("mandate_customer_approval_granted", "mandate_customer_approval_skipped"),
    *("mandate_suspended_by_payer", "payout_bounced"),
}

Heard = Callable[[], object]


def test_no_scenario_is_left_out() -> None:
    scenarios = [*PAYMENT_SCENARIOS, *MANDATE_SCENARIOS, *REFUND_SCENARIOS]
    assert {scenario[0] for scenario in scenarios} | OTHERS == set(SIMULATORS)


@pytest.fixture(params=["polling", "webhooks"])
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def desk(way: str, make_desk: Callable[..., Desk]) -> Desk:
    return make_desk(webhooks=way == "webhooks")


@pytest.fixture
def hear(way: str, desk: Desk) -> Heard:
    """The host hears what has happened, a minute later."""

    def heard() -> None:
        desk.advance(minutes=1)
        job = desk.deliver() if way == "webhooks" else desk.sync()
        assert job.state == "done", job.error
        assert job.failed == 0

    return heard


def assert_told(desk: Desk, identity: str, actions: list[str]) -> None:
    """Those of one scenario happen in the same moment, so their order is not told."""
    assert sorted(desk.told(identity)) == sorted(actions)


def assert_alerted(desk: Desk, kind: str | None, payment: dict[str, Any]) -> None:
    payer = desk.api.get(f"/mandates/{payment['links']['mandate']}").json()["mandates"]
    expected = [] if kind is None else [(f"{kind}:{payment['id']}", payer["links"]["customer"])]
    assert desk.money_alerts() == expected


# --- payments -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("scenario", "status", "state", "actions", "alert"), PAYMENT_SCENARIOS)
def test_what_happens_to_a_new_payment_arrives(
    desk: Desk,
    hear: Heard,
    scenario: str,
    status: str,
    state: PaymentState,
    actions: list[str],
    alert: str | None,
) -> None:
    payment = desk.api.pay(active_mandate(desk.api), amount=3000)
    desk.fill()
    desk.advance(minutes=1)
    desk.simulate(scenario, payment["id"])
    hear()

    found = desk.host.payments.get(payment["id"])
    assert (found.listed.payment.status, found.listed.payment.state) == (status, state)
    assert_told(desk, payment["id"], actions)
    assert_alerted(desk, alert, payment)
    if "paid_out" in actions:
        assert found.payout is not None
        assert found.payout.adds_up is True
    else:
        assert found.payout is None
    desk.assert_right()


@pytest.mark.parametrize(
    ("scenario", "kind", "item"),
    [
        ("payment_chargeback_settled", "chargeback", "payment_charged_back"),
        ("payment_late_failure_settled", "late_failure", "payment_failed"),
    ],
)
def test_a_loss_that_is_settled_is_an_alert_and_a_debit_in_a_later_payout(
    desk: Desk, hear: Heard, scenario: str, kind: str, item: str
) -> None:
    payment = payment_in(desk.api, "paid_out", amount=3000)
    payment_in(desk.api, "confirmed", amount=9000)
    desk.fill()
    assert desk.money_alerts() == []
    desk.advance(days=1)
    desk.simulate(scenario, payment["id"])
    hear()

    assert_alerted(desk, kind, payment)
    lines = desk.payout_lines()
    debits = [
        (payout, line)
        for payout, found in lines.items()
        for line in found
        if line == (item, -30000, payment["id"])
    ]
    [(later, _)] = debits
    assert later != payment["links"]["payout"]
    for payout in desk.rows(PAYOUTS).values():
        assert sum(tenths for _, tenths, _ in lines[payout.external_id]) == payout.amount * 10
    desk.assert_right()


def test_the_cause_of_a_failure_is_told_in_plain_words(desk: Desk, hear: Heard) -> None:
    payment = desk.api.pay(active_mandate(desk.api))
    desk.fill()
    desk.simulate("payment_failed", payment["id"])
    hear()

    [failure] = [it for it in desk.host.payments.get(payment["id"]).timeline if it.is_failure]
    [event] = [it for it in desk.api.events_of(payment) if it["action"] == "failed"]
    details = event["details"]
    assert (failure.origin, failure.cause) == (details["origin"], details["cause"])
    assert failure.text == details["description"]
    assert failure.reason_code == details.get("reason_code", "")


def test_a_chargeback_that_is_cancelled_leaves_the_payment_paid_out(
    desk: Desk, hear: Heard
) -> None:
    payment = payment_in(desk.api, "charged_back", amount=3000)
    desk.fill()
    desk.advance(days=20)
    with desk.twin.store.lock:
        payment_steps.cancel_chargeback(desk.twin.store, payment["id"])
    hear()

    assert desk.statuses(PAYMENTS)[payment["id"]] == "paid_out"
    assert_told(desk, payment["id"], [*BACK, "chargeback_cancelled"])
    assert desk.money_alerts() == []  # it was lost before the host began, and is not now
    desk.assert_right()


def test_a_failed_payment_that_is_tried_again_is_pending_again(desk: Desk, hear: Heard) -> None:
    payment = payment_in(desk.api, "failed")
    desk.fill()
    assert desk.row(PAYMENTS, payment["id"]).state == PaymentState.FAILED.value
    desk.advance(hours=1)
    assert desk.api.act(payment, "retry").status_code == 200
    hear()

    found = desk.host.payments.get(payment["id"]).listed.payment
    assert (found.status, found.state) == ("pending_submission", PaymentState.PENDING)
    assert "resubmission_requested" in desk.told(payment["id"])

    desk.simulate("payment_paid_out", payment["id"])
    hear()
    assert desk.statuses(PAYMENTS)[payment["id"]] == "paid_out"
    assert desk.money_alerts() == []
    desk.assert_right()


def test_a_payment_and_its_payer_that_are_both_new_arrive_together(desk: Desk, hear: Heard) -> None:
    desk.fill()
    desk.advance(minutes=1)
    payment = payment_in(desk.api, "charged_back")
    hear()

    row = desk.row(PAYMENTS, payment["id"])
    assert row.status == "charged_back"
    assert_alerted(desk, "chargeback", payment)
    mandate = desk.row(MANDATES, payment["links"]["mandate"])
    assert row.external_user_id == mandate.external_user_id != ""
    desk.assert_right()


# --- mandates -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("scenario", "scheme", "status", "state", "actions"), MANDATE_SCENARIOS)
def test_what_happens_to_a_mandate_arrives(
    desk: Desk,
    hear: Heard,
    scenario: str,
    scheme: str,
    status: str,
    state: MandateState,
    actions: list[str],
) -> None:
    mandate = new_mandate(desk.api, scheme=scheme)
    desk.fill()
    desk.advance(minutes=1)
    desk.simulate(scenario, mandate["id"])
    hear()

    row = desk.row(MANDATES, mandate["id"])
    assert (row.status, row.state) == (status, state.value)
    assert row.external_user_id == mandate["links"]["customer"]
    assert_told(desk, mandate["id"], actions)
    desk.assert_right()


@pytest.mark.parametrize("how", ["granted", "skipped"])
def test_an_approval_arrives_with_the_payments_that_waited_for_it(
    way: str, make_desk: Callable[..., Desk], how: str
) -> None:
    desk = make_desk(webhooks=way == "webhooks", customers=300)
    waiting = {"status": "pending_customer_approval", "scheme": "bacs"}
    mandate = desk.api.get("/mandates", params=waiting).json()["mandates"][0]
    payment = desk.api.pay(mandate)
    desk.fill()
    assert desk.row(MANDATES, mandate["id"]).state == MandateState.PENDING.value
    desk.advance(minutes=1)
    desk.simulate(f"mandate_customer_approval_{how}", mandate["id"])
    desk.advance(minutes=1)
    job = desk.deliver() if way == "webhooks" else desk.sync()

    assert job.state == "done", job.error
    assert desk.statuses(MANDATES)[mandate["id"]] == "pending_submission"
    assert desk.statuses(PAYMENTS)[payment["id"]] == "pending_submission"
    assert "customer_approval_granted" in desk.told(payment["id"])
    desk.assert_right()


def test_a_mandate_that_its_payer_suspends_arrives_though_no_event_tells_it(
    desk: Desk, hear: Heard
) -> None:
    mandate = new_mandate(desk.api, scheme="pay_to")
    desk.api.simulate("mandate_activated", mandate)
    desk.fill()
    desk.simulate("mandate_suspended_by_payer", mandate["id"])
    desk.advance(days=1)
    desk.fill()  # the daily re-reading

    row = desk.row(MANDATES, mandate["id"])
    assert (row.status, row.state) == ("suspended_by_payer", MandateState.SUSPENDED.value)
    desk.assert_right()


def test_a_mandate_that_the_bank_cancels_and_reinstates_arrives(desk: Desk, hear: Heard) -> None:
    mandate = active_mandate(desk.api)
    payment = desk.api.pay(mandate)
    desk.fill()
    desk.advance(hours=1)
    with desk.twin.store.lock:
        mandate_steps.cancel_by_bank(desk.twin.store, mandate["id"])
    hear()
    row = desk.row(MANDATES, mandate["id"])
    assert (row.status, row.state) == ("cancelled", MandateState.CANCELLED.value)
    assert desk.statuses(PAYMENTS)[payment["id"]] == "cancelled"

    desk.advance(hours=1)
    with desk.twin.store.lock:
        mandate_steps.reinstate(desk.twin.store, mandate["id"])
    hear()
    assert desk.row(MANDATES, mandate["id"]).state == MandateState.ACTIVE.value
    assert desk.told(mandate["id"])[-2:] == ["cancelled", "reinstated"]
    desk.assert_right()


def test_a_mandate_that_is_replaced_names_the_new_one_which_takes_the_payments_over(
    desk: Desk, hear: Heard
) -> None:
    mandate = active_mandate(desk.api)
    payment = desk.api.pay(mandate)
    desk.fill()
    desk.advance(hours=1)
    with desk.twin.store.lock:
        new = mandate_steps.replace(desk.twin.store, mandate["id"])
    hear()

    old = desk.row(MANDATES, mandate["id"])
    assert (old.status, old.replaced_by) == ("cancelled", new["id"])
    assert desk.row(MANDATES, new["id"]).state == MandateState.ACTIVE.value
    desk.assert_right()  # it looks at all that no event tells, before it compares
    assert desk.row(PAYMENTS, payment["id"]).mandate_id == new["id"]


# --- refunds and payouts ------------------------------------------------------------------------


@pytest.mark.parametrize(("scenario", "status", "state", "actions", "left"), REFUND_SCENARIOS)
def test_what_happens_to_a_refund_arrives_and_in_its_payment_too(
    desk: Desk,
    hear: Heard,
    scenario: str,
    status: str,
    state: RefundState,
    actions: list[str],
    left: int,
) -> None:
    payment = payment_in(desk.api, "paid_out", amount=3000)
    desk.fill()
    desk.advance(days=100)  # long after anything is expected to happen to the payment
    assert desk.sync().state == "done"
    made = refund(desk.api, payment, 400)
    hear()
    assert desk.row(REFUNDS, made["id"]).state == RefundState.PENDING.value
    assert desk.row(PAYMENTS, payment["id"]).amount_refunded == 400

    desk.advance(minutes=1)
    desk.simulate(scenario, made["id"])
    hear()
    row = desk.row(REFUNDS, made["id"])
    assert (row.status, row.state) == (status, state.value)
    assert_told(desk, made["id"], actions)
    assert desk.row(PAYMENTS, payment["id"]).amount_refunded == left
    desk.assert_right()


def test_a_payout_that_bounces_arrives_though_its_event_does_not_name_it(
    way: str, desk: Desk
) -> None:
    payment = payment_in(desk.api, "paid_out")
    desk.advance(days=5)
    desk.fill()
    payout = payment["links"]["payout"]
    assert desk.row(PAYOUTS, payout).state == PayoutState.PAID.value

    desk.simulate("payout_bounced", payout)
    desk.advance(minutes=1)
    if way == "webhooks":
        assert desk.deliver().state == "done"  # it names no record
    assert desk.sync().state == "done"  # the next one that the schedule begins
    row = desk.row(PAYOUTS, payout)
    assert (row.status, row.state) == ("bounced", PayoutState.BOUNCED.value)
    desk.assert_right()
