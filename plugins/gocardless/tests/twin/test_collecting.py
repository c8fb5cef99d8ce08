"""Mandates and payments: the rules, what follows from what, and the events they write."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Api, problems, reason


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"links": {"customer_bank_account": "BA1"}}, "links/customer_bank_account"),
        ({"links": {}}, "links/customer_bank_account"),
        ({"scheme": "sepa_core"}, "scheme"),
        ({"scheme": "cash"}, "scheme"),
        ({"status": "active"}, "status"),
    ],
)
def test_a_mandate_that_breaks_a_rule_is_refused(
    api: Api, account: dict[str, Any], values: dict[str, Any], pointer: str
) -> None:
    sent = {"links": {"customer_bank_account": account["id"]}} | values
    answer = api.post("/mandates", json={"mandates": sent})
    assert f"/mandates/{pointer}" in problems(answer)


def test_cancelling_a_mandate_cancels_its_waiting_payments_under_one_event(
    api: Api, mandate: dict[str, Any]
) -> None:
    payment = api.pay(mandate)
    cancelled = api.act(mandate, "cancel", metadata={"why": "moved away"}).json()["mandates"]
    [event, created] = api.everything("/events", mandate=mandate["id"])
    [child] = api.everything("/events", parent_event=event["id"])

    assert (cancelled["status"], cancelled["next_possible_charge_date"]) == ("cancelled", None)
    assert (created["action"], event["action"]) == ("created", "cancelled")
    assert event["metadata"] == {"why": "moved away"}
    assert child["links"] == {"payment": payment["id"], "parent_event": event["id"]}
    assert child["details"]["cause"] == "mandate_cancelled"
    again = api.act(mandate, "cancel")
    assert reason(again) == (422, "invalid_state", "cancellation_failed")
    refused = api.post(
        "/payments",
        json={
            "payments": {"amount": 1, "currency": "GBP", "links": {"mandate": mandate["id"]}},
        },
    )
    assert reason(refused) == (422, "invalid_state", "mandate_is_inactive")


def test_a_generated_mandate_takes_its_waiting_payments_along(api: Api) -> None:
    [payment, *_] = api.everything("/payments", status="pending_submission")
    mandate = {"id": payment["links"]["mandate"]}
    assert api.act(mandate, "cancel").status_code == 200
    after = api.get(f"/payments/{payment['id']}").json()["payments"]
    assert after["status"] == "cancelled"


def test_a_cancelled_mandate_can_be_reinstated_ten_times(api: Api, mandate: dict[str, Any]) -> None:
    assert reason(api.act(mandate, "reinstate"))[2] == "mandate_not_inactive"
    for _ in range(10):
        api.act(mandate, "cancel")
        back = api.act(mandate, "reinstate").json()["mandates"]
        assert (back["status"], bool(back["next_possible_charge_date"])) == (
            "pending_submission",
            True,
        )
    api.act(mandate, "cancel")
    assert reason(api.act(mandate, "reinstate"))[2] == "mandate_not_inactive"


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"amount": 0}, "amount"),
        ({"amount": 10.5}, "amount"),
        ({"amount": True}, "amount"),
        ({"amount": "ten"}, "amount"),
        ({"amount": None}, "amount"),
        ({"amount": 10**30}, "amount"),
        ({"currency": "EUR"}, "currency"),
        ({"currency": "XXX"}, "currency"),
        ({"links": {"mandate": "MD000000000000"}}, "links/mandate"),
        ({"links": {"mandate": "MD1", "payout": "PO1"}}, "links/payout"),
        ({"reference": "ELEVEN-CHAR"}, "reference"),
        ({"charge_date": "2020-01-01"}, "charge_date"),
        ({"charge_date": "soon"}, "charge_date"),
        ({"app_fee": 1001}, "app_fee"),
        ({"retry_if_possible": "yes"}, "retry_if_possible"),
        ({"status": "paid_out"}, "status"),
    ],
)
def test_a_payment_that_breaks_a_rule_is_refused(
    api: Api, mandate: dict[str, Any], values: dict[str, Any], pointer: str
) -> None:
    sent = {"amount": 1000, "currency": "GBP", "links": {"mandate": mandate["id"]}} | values
    answer = api.post("/payments", json={"payments": sent})
    assert f"/payments/{pointer}" in problems(answer)
    assert api.everything("/payments", mandate=mandate["id"]) == []


def test_a_charge_date_on_a_weekend_moves_to_monday(api: Api, mandate: dict[str, Any]) -> None:
    payment = api.pay(mandate, charge_date="2031-03-01", amount="1234")
    assert (payment["charge_date"], payment["amount"]) == ("2031-03-03", 1234)


def test_a_payment_on_a_mandate_that_waits_for_approval_waits_too(api: Api) -> None:
    [mandate, *_] = api.everything("/mandates", status="pending_customer_approval", scheme="bacs")
    assert api.pay(mandate)["status"] == "pending_customer_approval"


def test_a_payment_is_cancelled_once(api: Api, mandate: dict[str, Any]) -> None:
    payment = api.pay(mandate)
    assert api.act(payment, "cancel").json()["payments"]["status"] == "cancelled"
    again = api.act(payment, "cancel")
    assert reason(again) == (422, "invalid_state", "cancellation_failed")


def test_a_failed_payment_can_be_retried_if_its_mandate_is_usable(api: Api) -> None:
    failed = api.everything("/payments", limit=500, status="failed")
    status_of = {it["id"]: it["status"] for it in api.everything("/mandates", limit=500)}
    payment = next(it for it in failed if status_of[it["links"]["mandate"]] == "active")
    retried = api.act(payment, "retry").json()["payments"]
    [event, *_] = api.everything("/events", payment=payment["id"])

    assert retried["status"] == "pending_submission"
    assert retried["charge_date"] > payment["charge_date"]
    assert (event["action"], event["details"]["cause"]) == (
        "resubmission_requested",
        "payment_retried",
    )
    assert reason(api.act(payment, "retry")) == (422, "invalid_state", "retry_failed")


@pytest.mark.parametrize("resource", ["payments", "mandates", "customer_bank_accounts"])
def test_metadata_of_other_resources_can_be_replaced_and_little_else(
    api: Api, resource: str
) -> None:
    [thing] = api.get(f"/{resource}", params={"limit": 1}).json()[resource]
    path = f"/{resource}/{thing['id']}"
    changed = api.put(path, json={resource: {"metadata": {"invoice": "7"}}}).json()[resource]

    assert changed == thing | {"metadata": {"invoice": "7"}}
    assert f"/{resource}/created_at" in problems(
        api.put(path, json={resource: {"created_at": "now"}})
    )


def test_an_action_that_there_is_not_is_not_found(api: Api, mandate: dict[str, Any]) -> None:
    assert api.act(mandate, "retry").status_code == 404
