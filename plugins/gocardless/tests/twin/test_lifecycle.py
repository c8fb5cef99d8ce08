"""What banks, payers and GoCardless do as time goes on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from halo_gocardless.twin import TwinServer
from halo_gocardless.twin.lifecycle import mandates, payments

from .conftest import Api
from .payers import active_mandate, new_mandate


@pytest.fixture
def api(virtual: TwinServer, make_api: Callable[..., Api]) -> Api:
    return make_api(virtual)


@pytest.mark.parametrize(
    ("name", "status", "actions"),
    [
        ("Successful", "paid_out", ["created", "submitted", "confirmed", "paid_out"]),
        ("Penniless", "failed", ["created", "submitted", "failed"]),
        ("Late", "failed", ["created", "submitted", "confirmed", "failed"]),
    ],
)
def test_a_given_name_decides_what_becomes_of_a_payment(
    api: Api, virtual: TwinServer, name: str, status: str, actions: list[str]
) -> None:
    payment = api.pay(new_mandate(api, name))
    virtual.twin.advance(timedelta(days=40))
    assert api.read(payment)["status"] == status
    assert api.actions_of(payment) == actions
    assert api.actions_of({"id": payment["links"]["mandate"]}) == ["created", "submitted", "active"]


def test_a_fickle_payer_claims_the_money_back_and_a_payout_bears_it(
    api: Api, virtual: TwinServer
) -> None:
    payment = api.pay(new_mandate(api, "Fickle"))
    other = new_mandate(api, "Successful")
    for _ in range(4):
        api.pay(other, amount=9000)
        virtual.twin.advance(timedelta(days=21))
    actions = api.actions_of(payment)
    assert actions[:6] == [
        *("created", "submitted", "confirmed", "paid_out", "charged_back", "chargeback_settled")
    ]
    expected = "paid_out" if "chargeback_cancelled" in actions else "charged_back"
    assert api.read(payment)["status"] == expected
    assert api.events_of(payment)[4]["details"]["reason_code"].startswith("DDICA-")


@pytest.mark.parametrize(
    ("name", "status", "actions"),
    [
        ("Invalid", "failed", ["created", "submitted", "failed"]),
        ("Expired", "expired", ["created", "submitted", "active", "expired"]),
        ("Switching", "active", ["created", "submitted", "active", "transferred"]),
    ],
)
def test_a_given_name_decides_what_becomes_of_a_mandate(
    api: Api, virtual: TwinServer, name: str, status: str, actions: list[str]
) -> None:
    mandate = new_mandate(api, name)
    virtual.twin.advance(timedelta(days=40))
    assert api.read(mandate)["status"] == status
    assert api.actions_of(mandate) == actions


def test_steps_happen_on_working_days_in_their_order(api: Api, virtual: TwinServer) -> None:
    """Over Easter: 3 and 6 April are bank holidays."""
    virtual.twin.advance(timedelta(days=13))
    payment = api.pay(active_mandate(api, "Successful"))
    virtual.twin.advance(timedelta(days=30))
    times = [event["created_at"][:13] for event in api.events_of(payment)]
    assert payment["charge_date"] == "2026-04-07"
    assert times == ["2026-03-31T09", "2026-04-01T15", "2026-04-13T07", "2026-04-15T10"]
    payout = api.get(f"/payouts/{api.read(payment)['links']['payout']}").json()["payouts"]
    assert (payout["status"], payout["arrival_date"]) == ("paid", "2026-04-17")
    assert api.events_of(payout)[0]["created_at"] == "2026-04-17T04:00:00.000Z"


def test_gocardless_tries_again_where_it_was_asked_to(api: Api, virtual: TwinServer) -> None:
    payment = api.pay(active_mandate(api, "Penniless"), retry_if_possible=True)
    virtual.twin.advance(timedelta(days=90))
    events = api.events_of(payment)
    failures = [it["details"] for it in events if it["action"] == "failed"]
    retries = [it["details"] for it in events if it["action"] == "resubmission_requested"]

    assert [it["will_attempt_retry"] for it in failures] == [True, True, True, False]
    assert failures[-1]["not_retried_reason"] == "other"
    assert {(it["origin"], it["cause"]) for it in retries} == {
        ("gocardless", "payment_autoretried")
    }
    assert api.read(payment)["status"] == "failed"


def test_a_retried_payment_goes_to_the_banks_again(api: Api, virtual: TwinServer) -> None:
    payment = api.pay(active_mandate(api, "Penniless"))
    virtual.twin.advance(timedelta(days=20))
    again = api.act(payment, "retry").json()["payments"]
    assert again["status"] == "pending_submission"
    assert again["charge_date"] > payment["charge_date"]
    virtual.twin.advance(timedelta(days=20))
    assert api.actions_of(payment)[3:] == ["resubmission_requested", "submitted", "failed"]


def test_a_cancelled_payment_stays_cancelled(api: Api, virtual: TwinServer) -> None:
    mandate = active_mandate(api, "Successful")
    payment, other = api.pay(mandate), api.pay(mandate)
    api.act(payment, "cancel")
    virtual.twin.advance(timedelta(days=30))
    assert api.actions_of(payment) == ["created", "cancelled"]
    assert api.read(other)["status"] == "paid_out"


def test_a_reinstated_mandate_goes_to_the_banks_again(api: Api, virtual: TwinServer) -> None:
    mandate = active_mandate(api)
    api.act(mandate, "cancel")
    api.act(mandate, "reinstate")
    virtual.twin.advance(timedelta(days=10))
    assert api.read(mandate)["status"] == "active"
    assert api.actions_of(mandate)[3:] == [
        *("cancelled", "resubmission_requested", "submitted", "reinstated")
    ]


def test_the_bank_cancels_a_mandate_with_what_waits_for_it(api: Api, virtual: TwinServer) -> None:
    mandate = active_mandate(api)
    payment = api.pay(mandate)
    store = virtual.twin.store
    with store.lock:
        mandates.cancel_by_bank(store, mandate["id"])
    [*_, event] = api.events_of(mandate)
    assert (event["action"], event["details"]["origin"]) == ("cancelled", "bank")
    assert event["details"]["reason_code"].startswith("ADDACS-")
    [*_, gone] = api.events_of(payment)
    assert (gone["action"], gone["links"]["parent_event"]) == ("cancelled", event["id"])
    assert gone["details"]["origin"] == "bank"


def test_a_replaced_mandate_hands_its_payments_on(api: Api, virtual: TwinServer) -> None:
    mandate = active_mandate(api, "Successful")
    payment = api.pay(mandate)
    store = virtual.twin.store
    with store.lock:
        mandates.replace(store, mandate["id"])
    old = api.read(mandate)
    new = api.read({"id": old["links"]["new_mandate"]})
    assert (old["status"], new["status"]) == ("cancelled", "active")
    [*_, event] = api.events_of(mandate)
    assert (event["action"], event["links"]["new_mandate"]) == ("replaced", new["id"])
    assert api.read(payment)["links"]["mandate"] == new["id"]
    virtual.twin.advance(timedelta(days=30))
    assert api.read(payment)["status"] == "paid_out"


def test_a_reversed_chargeback_is_paid_out_again(api: Api, virtual: TwinServer) -> None:
    payment = api.pay(active_mandate(api, "Successful"), amount=2000)
    virtual.twin.advance(timedelta(days=20))
    api.simulate("payment_chargeback_settled", payment)
    store = virtual.twin.store
    with store.lock:
        payments.cancel_chargeback(store, payment["id"])
    virtual.twin.advance(timedelta(days=5))

    assert api.read(payment)["status"] == "paid_out"
    lines = [
        item
        for payout in api.get("/payouts").json()["payouts"][:40]
        for item in api.everything("/payout_items", payout=payout["id"])
        if item["links"].get("payment") == payment["id"] and item["type"] == "payment_paid_out"
    ]
    assert [it["amount"] for it in lines] == ["2000.0", "2000.0"]


def test_a_debit_waits_for_a_payout_that_can_bear_it(
    make_server: Callable[..., TwinServer], make_api: Callable[..., Api]
) -> None:
    server = make_server(customers=0, virtual_clock=True)
    api = make_api(server)
    back = api.pay(active_mandate(api), amount=5000)
    api.simulate("payment_charged_back", back)
    api.pay(active_mandate(api, "Successful"), amount=1000)
    server.twin.advance(timedelta(days=20))
    assert [it["amount"] for it in api.everything("/payouts")] == [1000 - 30, 5000 - 70]

    api.pay(active_mandate(api, "Successful"), amount=9000)
    server.twin.advance(timedelta(days=20))
    assert api.everything("/payouts")[0]["amount"] == (9000 - 110) - 5000
    assert api.actions_of(back)[-1] == "chargeback_settled"


def test_when_a_debit_has_waited_too_long_payments_are_held_back(
    make_server: Callable[..., TwinServer], make_api: Callable[..., Api]
) -> None:
    server = make_server(customers=0, virtual_clock=True)
    api = make_api(server)
    api.simulate("payment_charged_back", api.pay(active_mandate(api), amount=5000))
    server.twin.advance(timedelta(days=65))
    payer = active_mandate(api, "Successful")
    small = api.pay(payer, amount=3000)
    server.twin.advance(timedelta(days=20))
    assert api.read(small)["status"] == "confirmed"
    api.pay(payer, amount=3000)
    server.twin.advance(timedelta(days=20))
    assert api.read(small)["status"] == "paid_out"
    assert api.everything("/payouts")[0]["amount"] == 2 * (3000 - 50) - 5000


def test_a_foreign_payment_is_paid_out_in_pounds(api: Api, virtual: TwinServer) -> None:
    mandate = new_mandate(api, "Successful", scheme="autogiro")
    payment = api.pay(mandate, currency="SEK", amount=100_000)
    assert payment["fx"]["estimated_exchange_rate"] == "0.0757000000"
    virtual.twin.advance(timedelta(days=40))
    paid = api.read(payment)
    assert (paid["fx"]["fx_currency"], paid["fx"]["fx_amount"]) == ("GBP", 7570)
    payout = api.get(f"/payouts/{paid['links']['payout']}").json()["payouts"]
    assert payout["currency"] == "GBP"


def test_the_next_charge_date_moves_with_the_days(api: Api, virtual: TwinServer) -> None:
    mandate = active_mandate(api)
    virtual.twin.advance(timedelta(days=100))
    earliest: Any = api.read(mandate)["next_possible_charge_date"]
    ahead = datetime.fromisoformat(earliest).date() - virtual.twin.now().date()
    assert 3 <= ahead.days <= 6
