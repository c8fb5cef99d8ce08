"""A year of a living business: everything occurs, and all of it agrees."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import pytest
from halo_gocardless.twin import Twin, TwinConfig
from halo_gocardless.twin.bank_days import is_working_day
from halo_gocardless.twin.listing import Query, list_page
from halo_gocardless.twin.payout_items import all_payout_items
from hypothesis import given, settings
from hypothesis import strategies as st

from .conftest import NOW
from .documented_causes import DOCUMENTED
from .replaying import Bodies, disagreements

START = "2026-03-18T09:30:00.000Z"
FOLLOWED = ("payments", "mandates", "refunds", "payouts", "subscriptions")


def everything(twin: Twin, resource: str) -> Bodies:
    return list_page(twin.store.collections[resource], Query(limit=10**7)).bodies


def business_after(days: int, customers: int, seed: int = 7) -> Twin:
    twin = Twin(
        TwinConfig(customers=customers, seed=seed, now=NOW, virtual_clock=True, living=True)
    )
    twin.advance(timedelta(days=days))
    return twin


@pytest.fixture(scope="module")
def year() -> Twin:
    return business_after(365, 400)


def test_everything_that_can_happen_happens(year: Twin) -> None:
    happened = Counter(
        (it["resource_type"], it["action"])
        for it in everything(year, "events")
        if it["created_at"] > START
    )
    expected = {
        "payments": (
            *("created", "submitted", "confirmed", "paid_out", "failed", "resubmission_requested"),
            *("charged_back", "chargeback_settled", "chargeback_cancelled", "cancelled"),
            "late_failure_settled",
        ),
        "mandates": (
            *("created", "submitted", "active", "failed", "cancelled", "expired", "reinstated"),
            *("replaced", "transferred"),
        ),
        "refunds": ("created", "paid", "failed", "funds_returned", "refund_settled"),
        "payouts": ("paid",),
        "creditors": ("bounced_payout",),
        "subscriptions": ("created", "payment_created", "cancelled"),
    }
    for resource, actions in expected.items():
        for action in actions:
            assert happened[resource, action] > 0, (resource, action)


@pytest.mark.parametrize("resource", FOLLOWED)
def test_the_events_lead_to_the_status(year: Twin, resource: str) -> None:
    events = everything(year, "events")
    things = [it for it in everything(year, resource) if it["created_at"] > START]
    assert things
    assert disagreements(resource, things, events) == []


def test_every_payout_is_the_sum_of_its_items(year: Twin) -> None:
    kinds: Counter[str] = Counter()
    for payout in everything(year, "payouts"):
        items = all_payout_items(year.store, payout["id"])
        kinds.update(item["type"] for item in items)
        assert sum(Decimal(item["amount"]) for item in items) == payout["amount"] > 0
        fees = [Decimal(item["amount"]) for item in items if item["type"] == "gocardless_fee"]
        assert sum(fees) == -payout["deducted_fees"]
    assert set(kinds) == {
        *("payment_paid_out", "gocardless_fee", "payment_refunded", "payment_failed"),
        *("payment_charged_back", "refund_funds_returned"),
    }


def test_a_payment_is_in_the_payout_that_it_links_to(year: Twin) -> None:
    linked = {
        it["id"]: it["links"]["payout"]
        for it in everything(year, "payments")
        if "payout" in it["links"]
    }
    held: dict[str, set[str]] = {}
    for payout in everything(year, "payouts"):
        for item in all_payout_items(year.store, payout["id"]):
            if item["type"] == "payment_paid_out":
                held.setdefault(item["links"]["payment"], set()).add(payout["id"])
    assert set(held) == set(linked)
    assert all(linked[payment] in payouts for payment, payouts in held.items())


def test_banks_and_gocardless_act_on_working_days_only(year: Twin) -> None:
    for event in everything(year, "events"):
        if event["created_at"] > START and event["details"]["origin"] == "bank":
            assert is_working_day(date.fromisoformat(event["created_at"][:10])), event
    for payout in everything(year, "payouts"):
        assert is_working_day(date.fromisoformat(payout["created_at"][:10]))
        assert is_working_day(date.fromisoformat(payout["arrival_date"]))


def test_every_event_has_an_origin_and_cause_that_are_documented(year: Twin) -> None:
    for event in everything(year, "events"):
        origins = DOCUMENTED[event["resource_type"]][event["action"]]
        details = event["details"]
        assert details["cause"] in origins[details["origin"]].split(), event


def test_customers_come_change_and_go(year: Twin) -> None:
    before = {
        it["id"]: it for it in everything(Twin(TwinConfig(customers=400, now=NOW)), "customers")
    }
    after = {it["id"]: it for it in everything(year, "customers")}

    assert len(after.keys() - before.keys()) > 50
    assert len(before.keys() - after.keys()) > 10
    assert sum(after[it] != before[it] for it in after.keys() & before.keys()) > 50


def test_a_replaced_mandate_names_the_new_one_which_is_charged(year: Twin) -> None:
    replaced = [it for it in everything(year, "mandates") if "new_mandate" in it["links"]]
    charged = {it["links"]["mandate"] for it in everything(year, "payments")}
    assert replaced
    for mandate in replaced:
        assert mandate["status"] == "cancelled"
        assert year.store.mandates.get(mandate["links"]["new_mandate"])
    assert {it["links"]["new_mandate"] for it in replaced} & charged


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10**6), customers=st.integers(0, 25), days=st.integers(1, 200))
def test_whatever_the_seed_all_of_it_agrees(seed: int, customers: int, days: int) -> None:
    twin = business_after(days, customers, seed)
    events = everything(twin, "events")
    horizon = (twin.now() - timedelta(days=548)).isoformat()
    for resource in FOLLOWED:
        things = [it for it in everything(twin, resource) if it["created_at"] > horizon]
        assert disagreements(resource, things, events) == []
    for payout in everything(twin, "payouts"):
        items = all_payout_items(twin.store, payout["id"])
        assert sum(Decimal(item["amount"]) for item in items) == payout["amount"] > 0
