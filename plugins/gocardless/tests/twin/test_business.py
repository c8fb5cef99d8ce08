"""The generated business: the same for a seed, believable, and of one piece."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from halo_gocardless.twin import KnownCompany, KnownPerson, TwinConfig, TwinServer
from halo_gocardless.twin.business import RESOURCE_TYPES, Business
from halo_gocardless.twin.vocabulary import MANDATE_STATUSES, PAYMENT_STATUSES

from .conftest import NOW, Api
from .replaying import disagreements

Bodies = dict[str, list[dict[str, Any]]]

PEOPLE = tuple(KnownPerson(f"Given{n}", f"Family{n}", f"p{n}@known.example") for n in range(40))
KNOWN = (
    KnownCompany("Acme, Holdings Ltd.", PEOPLE[:20]),
    KnownCompany("Brännström & Söner", PEOPLE[20:]),
)


def _bodies(**config: Any) -> Bodies:
    business = Business(TwinConfig(**{"customers": 300, "now": NOW, **config}))
    return {
        name: [
            body
            for lane in business.lanes(name)
            for slot in range(len(lane))
            if (body := lane.body(slot)) is not None
        ]
        for name in RESOURCE_TYPES
    }


@pytest.fixture(scope="module")
def bodies() -> Bodies:
    return _bodies(known_companies=KNOWN)


def test_the_same_seed_and_time_give_the_same_bytes(
    make_server: Callable[..., TwinServer], make_api: Callable[..., Api]
) -> None:
    first, second, other = make_server(), make_server(), make_server(seed=8)
    for path in ("/customers", "/mandates", "/payments", "/events?limit=500"):
        answers = [make_api(server).get(path).content for server in (first, second, other)]
        assert answers[0] == answers[1] != answers[2]
    assert first.access_token == second.access_token != other.access_token


def test_every_status_occurs(bodies: Bodies) -> None:
    assert {it["status"] for it in bodies["payments"]} == set(PAYMENT_STATUSES)
    assert {it["status"] for it in bodies["mandates"]} == set(MANDATE_STATUSES)


def test_most_payments_were_collected_and_paid_out(bodies: Bodies) -> None:
    statuses = Counter(it["status"] for it in bodies["payments"])
    assert statuses["paid_out"] > 0.75 * statuses.total()


def test_payers_are_as_mixed_as_real_ones(bodies: Bodies) -> None:
    customers = bodies["customers"]
    emails = Counter(it["email"] for it in customers if it["email"])

    assert any(it["email"] is None for it in customers)
    assert any(it["company_name"] and not it["given_name"] for it in customers)
    assert any(it["given_name"] and not it["company_name"] for it in customers)
    assert max(emails.values()) > 1
    assert any(not (it["family_name"] or "").isascii() for it in customers)
    assert any(it["phone_number"] is None for it in customers)
    assert 120 < sum(bool(it["metadata"]) for it in customers) < 240
    assert {len(it["metadata"]) for it in customers} == {0, 1, 2, 3}
    assert all(it["address_line1"] and it["city"] and it["postal_code"] for it in customers)
    currencies = Counter(it["currency"] for it in bodies["customer_bank_accounts"])
    assert currencies["GBP"] > 0.7 * currencies.total()
    assert currencies["EUR"] > 0
    assert len(currencies) > 3


def test_amounts_are_whole_sensible_minor_units(bodies: Bodies) -> None:
    for payment in bodies["payments"]:
        assert type(payment["amount"]) is int
        assert 1000 <= payment["amount"] <= 200_000
        assert 0 <= payment["amount_refunded"] <= payment["amount"]


def test_half_of_the_payers_belong_to_the_known_companies(bodies: Bodies) -> None:
    def key(name: str) -> str:
        plain = name.casefold().replace(".", "").replace(",", "")
        return " ".join(plain.split())

    known = {key(company.name) for company in KNOWN}
    names = [it["company_name"] or "" for it in bodies["customers"]]
    spellings = {name for name in names if key(name) in known}

    assert 130 <= sum(key(name) in known for name in names) <= 160
    assert {company.name for company in KNOWN} < spellings


def test_some_payers_are_exactly_the_known_people_and_none_is_twice(bodies: Bodies) -> None:
    people = {(it.given_name, it.family_name, it.email) for it in PEOPLE}
    payers = Counter(
        (it["given_name"], it["family_name"], it["email"]) for it in bodies["customers"]
    )
    found = {person: payers[person] for person in people if person in payers}

    assert 8 <= len(found) < 40
    assert set(found.values()) == {1}


def test_without_known_companies_there_is_a_business_too() -> None:
    assert len(_bodies(customers=10)["customers"]) == 10
    assert _bodies(customers=0)["payments"] == []


def test_nothing_is_from_the_future_and_nothing_before_what_it_needs(bodies: Bodies) -> None:
    now = "2026-03-18T09:30:00.000Z"
    created = {it["id"]: it["created_at"] for name in RESOURCE_TYPES for it in bodies[name]}
    assert max(created.values()) <= now
    for name in ("customer_bank_accounts", "mandates", "payments", "refunds", "events"):
        for thing in bodies[name]:
            for link, identity in thing["links"].items():
                if link not in ("payout", "creditor_bank_account"):
                    assert created[identity] <= thing["created_at"], (name, link)


@pytest.mark.parametrize(
    "resource", ["payments", "mandates", "refunds", "payouts", "subscriptions"]
)
def test_the_events_of_a_thing_lead_to_its_status(bodies: Bodies, resource: str) -> None:
    events = sorted(bodies["events"], key=lambda it: it["created_at"], reverse=True)
    horizon = events[-1]["created_at"]
    things = [it for it in bodies[resource] if it["created_at"] > horizon]
    assert len(things) > 20
    assert disagreements(resource, things, events) == []


def test_a_payment_that_was_paid_out_links_to_a_payout_that_exists(bodies: Bodies) -> None:
    payouts = {payout["id"]: payout for payout in bodies["payouts"]}
    linked = [it for it in bodies["payments"] if "payout" in it["links"]]
    paid_out = [it for it in bodies["payments"] if it["status"] in ("paid_out", "charged_back")]
    assert {it["id"] for it in paid_out} <= {it["id"] for it in linked}
    assert len(linked) > 1500
    for payment in linked:
        payout = payouts[payment["links"]["payout"]]
        assert payout["currency"] == ("EUR" if payment["currency"] == "EUR" else "GBP")


def test_money_is_lost_late_and_by_refunds_too(bodies: Bodies) -> None:
    actions = Counter((it["resource_type"], it["action"]) for it in bodies["events"])
    late = [it for it in bodies["payments"] if it["status"] == "failed" and "payout" in it["links"]]

    assert len(late) > 10
    assert actions["payments", "late_failure_settled"] > 0
    assert actions["payments", "chargeback_settled"] > 0
    assert actions["refunds", "refund_settled"] > 10
    assert actions["refunds", "paid"] > 40


def test_what_a_payment_says_is_refunded_is_what_its_refunds_come_to(bodies: Bodies) -> None:
    refunded: Counter[str] = Counter()
    for refund in bodies["refunds"]:
        refunded[refund["links"]["payment"]] += refund["amount"]
    assert len(refunded) > 40
    for payment in bodies["payments"]:
        assert payment["amount_refunded"] == refunded[payment["id"]]


def test_a_subscription_links_to_a_mandate_and_its_payments_to_it(bodies: Bodies) -> None:
    subscriptions = {it["id"]: it for it in bodies["subscriptions"]}
    payments = [it for it in bodies["payments"] if "subscription" in it["links"]]

    assert {it["status"] for it in subscriptions.values()} == {"active", "cancelled"}
    assert len(payments) > 200
    for payment in payments:
        subscription = subscriptions[payment["links"]["subscription"]]
        assert subscription["links"]["mandate"] == payment["links"]["mandate"]
        assert subscription["amount"] == payment["amount"]


def test_a_foreign_payment_is_exchanged_in_whole_pence(bodies: Bodies) -> None:
    foreign = [
        it
        for it in bodies["payments"]
        if it["currency"] not in ("GBP", "EUR") and it["status"] == "paid_out"
    ]
    assert foreign
    for payment in foreign:
        digits = int(payment["fx"]["exchange_rate"].replace(".", ""))
        assert payment["fx"]["fx_amount"] == payment["amount"] * digits // 10**10


def test_events_older_than_eighteen_months_are_gone(api: Api) -> None:
    oldest = api.everything("/events", limit=500)[-1]
    mandate = api.everything("/mandates", limit=500)[-1]

    assert oldest["created_at"] >= "2024-09"
    assert mandate["created_at"] < "2024"
    assert api.everything("/events", mandate=mandate["id"], action="created") == []
