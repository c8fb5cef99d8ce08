"""The lines of a payout: they add up, come in pages, and are gone after six months."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from halo_gocardless.twin import TwinServer
from hypothesis import given, settings
from hypothesis import strategies as st

from .conftest import Api, problems, reason
from .replaying import Bodies


@pytest.fixture
def large(make_server: Callable[..., TwinServer], make_api: Callable[..., Api]) -> Api:
    return make_api(make_server(customers=4000))


def items_of(api: Api, payout: dict[str, Any], **params: Any) -> Bodies:
    return api.everything("/payout_items", payout=payout["id"], **params)


def total(items: Bodies) -> Decimal:
    return sum((Decimal(item["amount"]) for item in items), Decimal())


def test_every_payout_is_the_sum_of_its_items(api: Api) -> None:
    payouts = [it for it in api.everything("/payouts", limit=500) if it["created_at"] > "2025-10"]
    kinds: Counter[str] = Counter()
    for payout in payouts:
        items = items_of(api, payout, limit=500)
        kinds.update(item["type"] for item in items)
        assert total(items) == payout["amount"] > 0
        fees = total([item for item in items if item["type"] == "gocardless_fee"])
        assert fees == -payout["deducted_fees"] < 0
    assert len(payouts) > 80
    assert set(kinds) >= {"payment_paid_out", "gocardless_fee", "payment_refunded"}


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10**6), customers=st.integers(1, 40))
def test_whatever_the_seed_payouts_hold_what_was_paid_out(seed: int, customers: int) -> None:
    from halo_gocardless.twin import Twin, TwinConfig
    from halo_gocardless.twin.listing import Query, list_page
    from halo_gocardless.twin.payout_items import all_payout_items

    from .conftest import NOW

    store = Twin(TwinConfig(customers=customers, seed=seed, now=NOW)).store
    payments = list_page(store.payments, Query(limit=10**6)).bodies
    paid_out = {it["id"]: it["links"]["payout"] for it in payments if "payout" in it["links"]}
    held = {}
    for payout in list_page(store.payouts, Query(limit=10**6)).bodies:
        items = all_payout_items(store, payout["id"])
        assert total(items) == payout["amount"] > 0
        for item in items:
            if item["type"] == "payment_paid_out":
                held[item["links"]["payment"]] = payout["id"]
    assert held == paid_out


def test_items_come_in_pages_both_ways(large: Api) -> None:
    payouts = large.get("/payouts", params={"limit": 500, "currency": "GBP"}).json()["payouts"]
    payout = payouts[5]
    everything = items_of(large, payout, limit=500)
    assert len(everything) > 150
    assert items_of(large, payout, limit=7) == everything

    params: dict[str, Any] = {"payout": payout["id"], "limit": 20}
    first = large.get("/payout_items", params=params).json()
    assert first["meta"]["cursors"]["before"] is None
    after = first["meta"]["cursors"]["after"]
    second = large.get("/payout_items", params=params | {"after": after}).json()
    back = params | {"before": second["meta"]["cursors"]["before"]}
    assert large.get("/payout_items", params=back).json() == first
    assert first["payout_items"] + second["payout_items"] == everything[:40]


def test_an_item_links_to_what_it_is_about(large: Api) -> None:
    for payout in large.get("/payouts", params={"limit": 20}).json()["payouts"]:
        for item in items_of(large, payout, limit=500):
            assert item["taxes"] == []
            assert item["amount"].endswith(".0")
            payment = item["links"]["payment"]
            if item["type"] == "payment_refunded":
                refund = large.get(f"/refunds/{item['links']['refund']}").json()["refunds"]
                assert refund["links"]["payment"] == payment


def test_items_of_payouts_older_than_six_months_are_gone(api: Api) -> None:
    payout = api.everything("/payouts", limit=500)[-1]
    assert payout["created_at"] < "2025-09-10"
    answer = api.get("/payout_items", params={"payout": payout["id"]})
    assert answer.status_code == 410
    assert reason(answer) == (410, "invalid_api_usage", "payout_items_gone")


def test_a_wrong_request_names_every_parameter(api: Api) -> None:
    answer = api.get("/payout_items", params={"limit": 501, "type": "x", "after": "y"})
    assert set(problems(answer)) == {"/payout", "/limit", "/type", "/after"}
    assert api.get("/payout_items", params={"payout": "PO123"}).status_code == 404
