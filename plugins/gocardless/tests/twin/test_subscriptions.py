"""Subscriptions through the API, and the payments that they make."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from halo_gocardless.twin import TwinServer

from .conftest import Api, problems, reason
from .payers import active_mandate

Subscribe = Callable[..., dict[str, Any]]


@pytest.fixture
def api(virtual: TwinServer, make_api: Callable[..., Api]) -> Api:
    return make_api(virtual)


@pytest.fixture
def subscribe(api: Api) -> Subscribe:
    mandate = active_mandate(api, "Successful")

    def create(**values: Any) -> dict[str, Any]:
        usual = {"amount": 1500, "currency": "GBP", "interval_unit": "monthly"}
        return api.create("subscriptions", **usual | values, links={"mandate": mandate["id"]})

    return create


def charge_dates(api: Api, subscription: dict[str, Any]) -> list[str]:
    payments = api.everything("/payments", subscription=subscription["id"])
    return sorted(it["charge_date"] for it in payments)


def test_it_makes_a_payment_each_month(api: Api, virtual: TwinServer, subscribe: Subscribe) -> None:
    subscription = subscribe(start_date="2026-04-30", name="Support", metadata={"a": "b"})
    upcoming = [it["charge_date"] for it in subscription["upcoming_payments"]]
    assert upcoming[:4] == ["2026-04-30", "2026-06-01", "2026-06-30", "2026-07-30"]

    virtual.twin.advance(timedelta(days=100))
    assert charge_dates(api, subscription) == upcoming[:3]
    payment = api.everything("/payments", subscription=subscription["id"])[-1]
    assert (payment["amount"], payment["metadata"], payment["status"]) == (
        *(1500, {"a": "b"}),
        "paid_out",
    )
    created = api.events_of(payment)[0]["details"]
    assert (created["origin"], created["cause"]) == ("gocardless", "payment_created")
    made = [it for it in api.events_of(subscription) if it["action"] == "payment_created"]
    assert len(made) == 3
    assert made[0]["links"] == {"subscription": subscription["id"], "payment": payment["id"]}
    left = [it["charge_date"] for it in api.read(subscription)["upcoming_payments"]]
    assert left[0] == upcoming[3]


@pytest.mark.parametrize(
    ("values", "dates"),
    [
        ({"day_of_month": 1}, ["2026-04-01", "2026-05-01", "2026-06-01"]),
        ({"day_of_month": -1}, ["2026-03-31", "2026-04-30", "2026-06-01"]),
        (
            {"interval_unit": "weekly", "interval": 2, "start_date": "2026-03-27"},
            ["2026-03-27", "2026-04-10", "2026-04-24"],
        ),
        (
            {"interval_unit": "yearly", "month": "june", "day_of_month": 15},
            ["2026-06-15", "2027-06-15", "2028-06-15"],
        ),
        ({"start_date": "2026-04-15", "interval": 3, "count": 2}, ["2026-04-15", "2026-07-15"]),
        ({"start_date": "2026-04-15", "end_date": "2026-05-20"}, ["2026-04-15", "2026-05-15"]),
    ],
)
def test_the_charge_dates_follow_the_schedule(
    subscribe: Subscribe, values: dict[str, Any], dates: list[str]
) -> None:
    upcoming = subscribe(**values)["upcoming_payments"]
    assert [it["charge_date"] for it in upcoming][:3] == dates


def test_it_finishes_after_its_last_payment(
    api: Api, virtual: TwinServer, subscribe: Subscribe
) -> None:
    subscription = subscribe(count=2)
    virtual.twin.advance(timedelta(days=70))
    assert len(charge_dates(api, subscription)) == 2
    assert api.read(subscription)["status"] == "finished"
    assert api.actions_of(subscription)[-1] == "finished"


def test_a_pause_leaves_payments_out_until_it_is_resumed(
    api: Api, virtual: TwinServer, subscribe: Subscribe
) -> None:
    subscription = subscribe(start_date="2026-04-20")
    paused = api.act(subscription, "pause").json()["subscriptions"]
    assert (paused["status"], paused["upcoming_payments"]) == ("paused", [])
    virtual.twin.advance(timedelta(days=60))
    assert charge_dates(api, subscription) == []
    assert api.act(subscription, "resume").json()["subscriptions"]["status"] == "active"
    virtual.twin.advance(timedelta(days=30))
    assert charge_dates(api, subscription) == ["2026-05-21", "2026-06-22"]
    assert api.actions_of(subscription)[:3] == ["created", "paused", "resumed"]


def test_a_pause_of_some_cycles_ends_by_itself(
    api: Api, virtual: TwinServer, subscribe: Subscribe
) -> None:
    subscription = subscribe(start_date="2026-04-20")
    paused = api.act(subscription, "pause", pause_cycles=2).json()["subscriptions"]
    assert paused["earliest_charge_date_after_resume"] == "2026-06-20"
    virtual.twin.advance(timedelta(days=100))
    assert charge_dates(api, subscription) == ["2026-06-22"]
    resumed = [it for it in api.events_of(subscription) if it["action"] == "resumed"]
    assert [it["details"]["origin"] for it in resumed] == ["gocardless"]


def test_it_is_cancelled_and_its_payments_go_on(
    api: Api, virtual: TwinServer, subscribe: Subscribe
) -> None:
    subscription = subscribe()
    virtual.twin.advance(timedelta(days=3))
    [payment] = api.everything("/payments", subscription=subscription["id"])
    cancelled = api.act(subscription, "cancel").json()["subscriptions"]
    assert (cancelled["status"], cancelled["upcoming_payments"]) == ("cancelled", [])
    virtual.twin.advance(timedelta(days=60))
    assert api.read(payment)["status"] == "paid_out"
    assert len(charge_dates(api, subscription)) == 1
    for action in ("cancel", "pause", "resume"):
        assert api.act(subscription, action).status_code == 422


def test_a_new_amount_is_for_the_payments_to_come(
    api: Api, virtual: TwinServer, subscribe: Subscribe
) -> None:
    subscription = subscribe()
    virtual.twin.advance(timedelta(days=3))
    path = f"/subscriptions/{subscription['id']}"
    changed = api.put(path, json={"subscriptions": {"amount": 900, "name": "Less"}})
    assert changed.json()["subscriptions"]["upcoming_payments"][0]["amount"] == 900
    api.put(path, json={"subscriptions": {"metadata": {"x": "y"}}})
    virtual.twin.advance(timedelta(days=40))
    payments = api.everything("/payments", subscription=subscription["id"])
    assert [it["amount"] for it in payments] == [900, 1500]
    assert api.actions_of(subscription).count("amended") == 1


def test_it_ends_with_its_mandate(api: Api, subscribe: Subscribe) -> None:
    subscription = subscribe()
    api.act({"id": subscription["links"]["mandate"]}, "cancel")
    assert api.read(subscription)["status"] == "cancelled"
    [*_, event] = api.events_of(subscription)
    assert (event["details"]["origin"], event["details"]["cause"]) == ("api", "mandate_cancelled")
    assert "parent_event" in event["links"]


def test_a_generated_one_is_charged_cancelled_and_changed_like_any_other(
    api: Api, virtual: TwinServer
) -> None:
    active = api.everything("/subscriptions", status="active")
    first, second = active[0], active[1]
    before = len(charge_dates(api, first))
    virtual.twin.advance(timedelta(days=45))
    assert len(charge_dates(api, first)) in (before + 1, before + 2)
    api.act(first, "cancel")
    api.act(second, "pause", pause_cycles=1)
    assert api.read(second)["status"] == "paused"
    count = len(charge_dates(api, first))
    virtual.twin.advance(timedelta(days=60))
    assert len(charge_dates(api, first)) == count
    assert api.read(second)["status"] == "active"


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"interval_unit": "daily"}, {"interval_unit"}),
        ({"interval": 13}, {"interval"}),
        ({"count": 2, "end_date": "2026-09-01"}, {"end_date"}),
        ({"day_of_month": 29}, {"day_of_month"}),
        ({"day_of_month": -2}, {"day_of_month"}),
        ({"interval_unit": "weekly", "day_of_month": 3}, {"day_of_month"}),
        ({"month": "june"}, {"month"}),
        ({"start_date": "2026-03-18"}, {"start_date"}),
        ({"start_date": "9999-12-31"}, {"start_date"}),
        ({"currency": "EUR", "amount": 0}, {"currency", "amount"}),
    ],
)
def test_a_wrong_schedule_is_refused(api: Api, values: dict[str, Any], fields: set[str]) -> None:
    usual = {"amount": 1500, "currency": "GBP", "interval_unit": "monthly"}
    links = {"mandate": active_mandate(api)["id"]}
    answer = api.post("/subscriptions", json={"subscriptions": {**usual, "links": links} | values})
    assert set(problems(answer)) == {f"/subscriptions/{field}" for field in fields}


def test_it_needs_a_usable_mandate(api: Api) -> None:
    mandate = active_mandate(api)
    api.act(mandate, "cancel")
    values = {"amount": 1, "currency": "GBP", "interval_unit": "monthly"}
    links = {"mandate": mandate["id"]}
    answer = api.post("/subscriptions", json={"subscriptions": {**values, "links": links}})
    assert reason(answer) == (422, "invalid_state", "mandate_is_inactive")


def test_they_are_listed_by_customer_mandate_and_status(api: Api, subscribe: Subscribe) -> None:
    subscription = subscribe()
    mandate = subscription["links"]["mandate"]
    customer = api.get(f"/mandates/{mandate}").json()["mandates"]["links"]["customer"]
    assert api.everything("/subscriptions", mandate=mandate) == [subscription]
    assert api.everything("/subscriptions", customer=customer) == [subscription]
    either = api.everything("/subscriptions", status="active,cancelled")
    assert {it["status"] for it in either} == {"active", "cancelled"}
    cancelled = api.everything("/subscriptions", status="cancelled")
    assert cancelled
    for found in cancelled[:3]:
        only = api.everything("/subscriptions", mandate=found["links"]["mandate"])
        assert found in only
