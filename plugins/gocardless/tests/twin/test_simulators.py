"""The scenario simulators of the sandbox: preconditions and effects."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from halo_gocardless.twin import TwinServer

from .conftest import Api, reason
from .payers import active_mandate, new_mandate, payment_in, refund

PAID = ["created", "submitted", "confirmed", "paid_out"]
LATE = [*PAID, "failed"]
BACK = [*PAID, "charged_back"]


@pytest.mark.parametrize(
    ("scenario", "status", "actions"),
    [
        ("payment_submitted", "submitted", PAID[:2]),
        ("payment_confirmed", "confirmed", PAID[:3]),
        ("payment_paid_out", "paid_out", PAID),
        ("payment_failed", "failed", ["created", "submitted", "failed"]),
        ("payment_charged_back", "charged_back", BACK),
        ("payment_chargeback_settled", "charged_back", [*BACK, "chargeback_settled"]),
        ("payment_late_failure", "failed", LATE),
        ("payment_late_failure_settled", "failed", [*LATE, "late_failure_settled"]),
    ],
)
def test_a_new_payment_is_led_to_the_end_of_the_scenario(
    api: Api, scenario: str, status: str, actions: list[str]
) -> None:
    payment = api.pay(active_mandate(api))
    assert api.simulate(scenario, payment)["status"] == status
    assert api.actions_of(payment) == actions


@pytest.mark.parametrize(
    ("scenario", "start"),
    [
        ("payment_submitted", "submitted"),
        ("payment_submitted", "paid_out"),
        ("payment_confirmed", "confirmed"),
        ("payment_paid_out", "paid_out"),
        ("payment_paid_out", "failed"),
        ("payment_failed", "paid_out"),
        ("payment_charged_back", "charged_back"),
        ("payment_late_failure", "failed"),
        ("payment_late_failure", "charged_back"),
        ("payment_late_failure_settled", "failed"),
    ],
)
def test_a_payment_in_another_state_is_refused(api: Api, scenario: str, start: str) -> None:
    payment = payment_in(api, start)
    before = api.actions_of(payment)
    answer = api.try_to_simulate(scenario, payment)
    assert reason(answer) == (422, "invalid_state", "scenario_not_applicable")
    assert api.actions_of(payment) == before


def test_a_payment_needs_an_active_mandate_except_in_quick_schemes(api: Api) -> None:
    waiting = api.pay(new_mandate(api))
    answer = api.try_to_simulate("payment_paid_out", waiting)
    assert reason(answer) == (422, "invalid_state", "scenario_not_applicable")

    euros = api.pay(new_mandate(api, scheme="sepa_core"), currency="EUR")
    assert api.simulate("payment_paid_out", euros)["status"] == "paid_out"


def test_a_late_failure_does_not_exist_in_autogiro(api: Api) -> None:
    mandate = api.simulate("mandate_activated", new_mandate(api, scheme="autogiro"))
    payment = api.pay(mandate, currency="SEK")
    answer = api.try_to_simulate("payment_late_failure", payment)
    assert reason(answer) == (422, "invalid_state", "scenario_not_applicable")


def test_what_was_paid_out_is_in_a_payout(api: Api) -> None:
    payment = payment_in(api, "paid_out", amount=5000)
    payout = api.get(f"/payouts/{payment['links']['payout']}").json()["payouts"]
    items = api.everything("/payout_items", payout=payout["id"])
    links = {"payment": payment["id"]}
    assert [(it["type"], it["amount"], it["links"]) for it in items] == [
        ("payment_paid_out", "5000.0", links),
        ("gocardless_fee", "-70.0", links),
    ]
    assert (payout["amount"], payout["deducted_fees"], payout["status"]) == (4930, 70, "pending")
    [*_, event] = api.events_of(payment)
    assert event["links"] == {"payment": payment["id"], "payout": payout["id"]}


@pytest.mark.parametrize(
    ("scenario", "kind"),
    [
        ("payment_chargeback_settled", "payment_charged_back"),
        ("payment_late_failure_settled", "payment_failed"),
    ],
)
def test_a_settled_loss_is_a_debit_in_a_later_payout_that_adds_up(
    api: Api, scenario: str, kind: str
) -> None:
    payment = api.pay(active_mandate(api), amount=3000)
    api.simulate(scenario, payment)

    payouts = api.get("/payouts").json()["payouts"][:2]
    [later, first] = sorted(payouts, key=lambda it: it["id"] == _payout_of(api, payment))
    items = api.everything("/payout_items", payout=later["id"])
    [debit] = [it for it in items if it["type"] == kind]
    assert debit["amount"] == "-3000.0"
    assert debit["links"] == {"payment": payment["id"]}
    assert sum(Decimal(it["amount"]) for it in items) == later["amount"] > 0
    assert first["id"] == _payout_of(api, payment)


def _payout_of(api: Api, payment: dict[str, Any]) -> str:
    identity: str = api.read(payment)["links"]["payout"]
    return identity


def test_with_nothing_else_to_pay_out_the_creditor_owes(
    make_server: Callable[..., TwinServer], make_api: Callable[..., Api]
) -> None:
    api = make_api(make_server(customers=0))
    payment = api.pay(active_mandate(api), amount=3000)
    api.simulate("payment_chargeback_settled", payment)
    assert sorted(it["amount"] for it in api.everything("/payouts")) == [-3000, 2950]


def test_a_generated_payment_can_be_simulated_too(api: Api) -> None:
    for status, scenario, expected in [
        ("confirmed", "payment_paid_out", "paid_out"),
        ("submitted", "payment_failed", "failed"),
        ("paid_out", "payment_chargeback_settled", "charged_back"),
    ]:
        [payment, *_] = api.get("/payments", params={"status": status}).json()["payments"]
        before = api.actions_of(payment)
        assert api.simulate(scenario, payment)["status"] == expected
        assert api.actions_of(payment)[: len(before)] == before
        assert len(api.actions_of(payment)) > len(before)


@pytest.mark.parametrize(
    ("scenario", "scheme", "status", "actions"),
    [
        ("mandate_activated", "bacs", "active", ["created", "submitted", "active"]),
        ("mandate_failed", "bacs", "failed", ["created", "submitted", "failed"]),
        ("mandate_expired", "bacs", "expired", ["created", "submitted", "active", "expired"]),
        (
            *("mandate_transferred", "sepa_core", "active"),
            ["created", "submitted", "active", "transferred"],
        ),
        (
            *("mandate_transferred_with_resubmission", "bacs", "pending_submission"),
            ["created", "submitted", "active", "transferred", "resubmission_requested"],
        ),
    ],
)
def test_a_mandate_is_led_to_the_end_of_the_scenario(
    api: Api, scenario: str, scheme: str, status: str, actions: list[str]
) -> None:
    mandate = new_mandate(api, scheme=scheme)
    assert api.simulate(scenario, mandate)["status"] == status
    assert sorted(api.actions_of(mandate)) == sorted(actions)


@pytest.mark.parametrize(
    ("scenario", "scheme"),
    [
        ("mandate_activated", "sepa_core"),
        ("mandate_failed", "sepa_core"),
        ("mandate_expired", "autogiro"),
        ("mandate_transferred", "autogiro"),
        ("mandate_transferred_with_resubmission", "sepa_core"),
        ("mandate_suspended_by_payer", "bacs"),
        ("mandate_customer_approval_granted", "bacs"),
    ],
)
def test_a_scenario_that_the_scheme_or_state_does_not_know_is_refused(
    api: Api, scenario: str, scheme: str
) -> None:
    answer = api.try_to_simulate(scenario, new_mandate(api, scheme=scheme))
    assert reason(answer) == (422, "invalid_state", "scenario_not_applicable")


def test_a_payer_of_pay_to_can_suspend_the_mandate(api: Api) -> None:
    mandate = api.simulate("mandate_activated", new_mandate(api, scheme="pay_to"))
    suspended = api.simulate("mandate_suspended_by_payer", mandate)
    assert suspended["status"] == "suspended_by_payer"
    assert suspended["next_possible_charge_date"] is None


@pytest.mark.parametrize("how", ["granted", "skipped"])
def test_an_approval_sets_mandate_payments_and_subscriptions_going(
    make_server: Callable[..., TwinServer], make_api: Callable[..., Api], how: str
) -> None:
    api = make_api(make_server(customers=300))
    waiting = {"status": "pending_customer_approval", "scheme": "bacs"}
    mandate = api.get("/mandates", params=waiting).json()["mandates"][0]
    payment = api.pay(mandate)
    subscription = api.create(
        "subscriptions",
        amount=1000,
        currency="GBP",
        interval_unit="monthly",
        links={"mandate": mandate["id"]},
    )
    assert payment["status"] == subscription["status"] == "pending_customer_approval"

    action = f"customer_approval_{how}"
    assert api.simulate(f"mandate_{action}", mandate)["status"] == "pending_submission"
    assert api.read(payment)["status"] == "pending_submission"
    assert api.read(subscription)["status"] == "active"
    event = api.events_of(mandate)[-1]
    assert (event["action"], event["details"]["origin"]) == (action, "customer")
    granted = api.events_of(payment)[-1]
    assert granted["action"] == "customer_approval_granted"
    assert granted["links"]["parent_event"] == event["id"]


def test_a_failed_mandate_takes_payments_and_subscriptions_with_it(api: Api) -> None:
    mandate = new_mandate(api)
    payment = api.pay(mandate)
    subscription = api.create(
        "subscriptions",
        amount=1000,
        currency="GBP",
        interval_unit="monthly",
        links={"mandate": mandate["id"]},
    )
    api.simulate("mandate_failed", mandate)
    assert api.read(payment)["status"] == api.read(subscription)["status"] == "cancelled"
    details = api.events_of(mandate)[-1]["details"]
    assert (details["origin"], details["scheme"]) == ("bank", "bacs")
    assert details["reason_code"].startswith("AUDDIS-")


def test_a_transfer_moves_the_mandate_to_another_account(api: Api) -> None:
    mandate = active_mandate(api)
    moved = api.simulate("mandate_transferred", mandate)
    before, after = (it["links"]["customer_bank_account"] for it in (mandate, moved))
    event = api.events_of(mandate)[-1]

    assert before != after
    assert event["links"]["previous_customer_bank_account"] == before
    assert event["links"]["new_customer_bank_account"] == after
    accounts = api.everything("/customer_bank_accounts", customer=mandate["links"]["customer"])
    assert {it["id"]: it["enabled"] for it in accounts} == {before: False, after: True}


@pytest.mark.parametrize(
    ("scenario", "status", "actions"),
    [
        ("refund_paid", "paid", ["created", "paid"]),
        ("refund_settled", "paid", ["created", "paid", "refund_settled"]),
        ("refund_bounced", "bounced", ["created", "failed"]),
        ("refund_returned", "funds_returned", ["created", "paid", "funds_returned"]),
    ],
)
def test_a_refund_is_led_to_the_end_of_the_scenario(
    api: Api, scenario: str, status: str, actions: list[str]
) -> None:
    payment = payment_in(api, "paid_out")
    made = refund(api, payment, 400)
    assert api.read(payment)["amount_refunded"] == 400
    assert api.simulate(scenario, made)["status"] == status
    assert api.actions_of(made) == actions
    came_back = status in ("bounced", "funds_returned")
    assert api.read(payment)["amount_refunded"] == (0 if came_back else 400)
    answer = api.try_to_simulate("refund_paid", made)
    assert reason(answer) == (422, "invalid_state", "scenario_not_applicable")


def test_a_settled_refund_is_a_debit_in_a_payout(api: Api) -> None:
    payment = payment_in(api, "paid_out")
    made = refund(api, payment, 400)
    api.simulate("refund_settled", made)
    payout = api.get("/payouts").json()["payouts"][0]
    items = api.everything("/payout_items", payout=payout["id"])
    [debit] = [it for it in items if it["type"] == "payment_refunded"]
    assert debit["amount"] == "-400.0"
    assert debit["links"] == {"payment": payment["id"], "refund": made["id"]}
    assert sum(Decimal(it["amount"]) for it in items) == payout["amount"]
    answer = api.try_to_simulate("refund_settled", made)
    assert reason(answer) == (422, "invalid_state", "scenario_not_applicable")


def test_a_paid_payout_bounces_and_the_creditor_is_told(api: Api) -> None:
    [payout, *_] = api.get("/payouts", params={"status": "paid"}).json()["payouts"]
    assert api.simulate("payout_bounced", payout)["status"] == "bounced"
    [event, *_] = api.everything("/events", resource_type="creditors")
    assert (event["action"], event["links"]) == (
        "bounced_payout",
        {"creditor": payout["links"]["creditor"]},
    )
    answer = api.try_to_simulate("payout_bounced", payout)
    assert reason(answer) == (422, "invalid_state", "scenario_not_applicable")


@pytest.mark.parametrize("scenario", ["nothing", "billing_request_fulfilled"])
def test_an_unknown_scenario_or_thing_is_not_found(api: Api, scenario: str) -> None:
    payment = api.pay(active_mandate(api))
    assert api.try_to_simulate(scenario, payment).status_code == 404
    assert api.try_to_simulate("payment_failed", {"id": "PM000000000000"}).status_code == 404
    path = "/scenario_simulators/payment_failed/actions/run"
    assert api.post(path, json={"data": {}}).status_code == 422
