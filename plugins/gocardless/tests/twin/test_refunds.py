"""Refunds through the API."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Api, problems, reason
from .payers import active_mandate, payment_in, refund


@pytest.fixture
def payment(api: Api) -> dict[str, Any]:
    return payment_in(api, "paid_out", amount=1000)


def test_a_refund_counts_on_its_payment_and_is_listed_with_it(
    api: Api, payment: dict[str, Any]
) -> None:
    first, second = refund(api, payment, 300), refund(api, payment, 200)
    assert api.read(payment)["amount_refunded"] == 500
    assert (first["status"], first["currency"], first["fx"]["fx_amount"]) == (
        "created",
        "GBP",
        None,
    )
    listed = api.everything("/refunds", payment=payment["id"])
    assert [it["id"] for it in listed] == [second["id"], first["id"]]
    assert api.everything("/refunds", mandate=payment["links"]["mandate"]) == listed
    assert api.everything("/refunds", mandate="MD000000000000") == []
    [event] = api.events_of(first)
    assert (event["action"], event["details"]["cause"]) == ("created", "payment_refunded")


def test_a_refund_of_a_mandate_is_listed_on_its_own(api: Api) -> None:
    mandate = active_mandate(api)
    made = api.create("refunds", amount=100, links={"mandate": mandate["id"]})
    assert api.everything("/refunds", refund_type="mandate") == [made]
    assert made["id"] not in {it["id"] for it in api.everything("/refunds", limit=500)}
    [event] = api.events_of(made)
    assert event["details"]["cause"] == "refund_created"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (
            {"amount": 1001, "total_amount_confirmation": 1001},
            "available_refund_amount_insufficient",
        ),
        ({"amount": 100, "total_amount_confirmation": 99}, "total_amount_confirmation_invalid"),
    ],
)
def test_an_impossible_refund_is_refused(
    api: Api, payment: dict[str, Any], values: dict[str, Any], expected: str
) -> None:
    links = {"payment": payment["id"]}
    answer = api.post("/refunds", json={"refunds": values | {"links": links}})
    assert reason(answer) == (422, "invalid_state", expected)
    assert api.read(payment)["amount_refunded"] == 0


def test_a_payment_is_refunded_five_times_at_most(api: Api, payment: dict[str, Any]) -> None:
    for _ in range(5):
        refund(api, payment, 10)
    values = {"amount": 10, "total_amount_confirmation": 60, "links": {"payment": payment["id"]}}
    answer = api.post("/refunds", json={"refunds": values})
    assert reason(answer) == (422, "invalid_state", "number_of_refunds_exceeded")


def test_only_a_collected_payment_is_refunded(api: Api) -> None:
    payment = payment_in(api, "submitted")
    values = {"amount": 10, "total_amount_confirmation": 10, "links": {"payment": payment["id"]}}
    answer = api.post("/refunds", json={"refunds": values})
    assert reason(answer) == (422, "invalid_state", "refund_payment_invalid_state")


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({}, {"/refunds/links", "/refunds/amount"}),
        (
            {"amount": 1, "links": {"payment": "PM0"}},
            {"/refunds/total_amount_confirmation", "/refunds/links/payment"},
        ),
        (
            {"amount": 1, "links": {"payment": "PM0", "mandate": "MD0"}},
            {
                "/refunds/links",
                "/refunds/links/payment",
                "/refunds/links/mandate",
                "/refunds/total_amount_confirmation",
            },
        ),
    ],
)
def test_a_wrong_request_names_every_parameter(
    api: Api, values: dict[str, Any], fields: set[str]
) -> None:
    assert set(problems(api.post("/refunds", json={"refunds": values}))) == fields


def test_only_the_metadata_of_a_refund_or_payout_changes(api: Api, payment: dict[str, Any]) -> None:
    made = refund(api, payment, 100)
    changed = api.put(f"/refunds/{made['id']}", json={"refunds": {"metadata": {"why": "late"}}})
    assert changed.json()["refunds"] == made | {"metadata": {"why": "late"}}
    payouts = f"/payouts/{payment['links']['payout']}"
    assert api.put(payouts, json={"payouts": {"metadata": {"booked": "yes"}}}).status_code == 200
    assert api.put(payouts, json={"payouts": {"amount": 1}}).status_code == 422
    found = api.everything("/payouts", **{"metadata[booked]": "yes"})
    assert [it["id"] for it in found] == [payment["links"]["payout"]]
