"""The twin's bodies have the keys of GoCardless's published examples, no more and no fewer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .conftest import Api

CONDITIONAL = {
    "customers": set(),
    "payments": {
        "links.payout",  # until it is paid out
        "links.subscription",  # unless a subscription made it
        "links.instalment_schedule",  # nor instalment schedules
    },
    "mandates": {
        "links.new_mandate",  # only on one that was replaced
        # The twin's mandates have no limits of consent, the field is null.
        *(
            f"consent_parameters.{name}"
            for name in (
                *("start_date", "end_date", "period"),
                *("max_amount_per_payment", "max_amount_per_period", "max_payments_per_period"),
            )
        ),
    },
    "events": {
        "source",  # only where an access token caused the event
        "source.name",
        "source.type",
        # Whatever the event is about, and no other resource:
        *(
            f"links.{name}"
            for name in (
                *("bank_authorisation", "billing_request", "billing_request_flow", "creditor"),
                *("customer", "customer_bank_account", "instalment_schedule", "mandate"),
                *("mandate_request", "mandate_request_mandate", "new_customer_bank_account"),
                *("new_mandate", "organisation", "outbound_payment", "parent_event"),
                *("payer_authorisation", "payment", "payment_account_transaction"),
                *("payment_request_payment", "payout", "previous_customer_bank_account", "refund"),
                *("scheme_identifier", "subscription"),
            )
        ),
        # Details that belong to some actions only:
        *(
            f"details.{name}"
            for name in (
                *("bank_account_id", "currency", "item_count", "not_retried_reason", "property"),
                *("reason_code", "scheme", "will_attempt_retry"),
            )
        ),
    },
}


def _keys(body: dict[str, Any]) -> set[str]:
    """The paths of all keys, below metadata and in lists none."""
    keys = set(body)
    for name, value in body.items():
        if isinstance(value, dict) and "metadata" not in name:
            keys |= {f"{name}.{inner}" for inner in value}
    return keys


@pytest.mark.parametrize("resource", list(CONDITIONAL))
def test_every_body_has_the_keys_of_the_official_example(
    api: Api, official_body: Callable[[str], Any], resource: str
) -> None:
    official = _keys(official_body(resource)["get"]["body"][resource])
    bodies = api.everything(f"/{resource}", limit=500)
    assert bodies
    for body in bodies:
        assert official - _keys(body) <= CONDITIONAL[resource]
        assert _keys(body) - official == set()


@pytest.mark.parametrize("resource", list(CONDITIONAL))
def test_a_list_has_the_envelope_of_the_official_example(
    api: Api, official_body: Callable[[str], Any], resource: str
) -> None:
    official = official_body(resource)["list"]["body"]
    answer = api.get(f"/{resource}", params={"limit": 3}).json()

    assert set(answer) | {"linked"} == set(official) | {"linked"}
    assert _keys(answer["meta"]) == _keys(official["meta"])


def test_a_creditor_has_the_keys_of_the_official_example(
    api: Api, official_body: Callable[[str], Any]
) -> None:
    official = official_body("events")["list"]["body"]["linked"]["creditors"][0]
    [creditor] = api.everything("/creditors")

    assert set(creditor) == set(official)
    assert api.get(f"/creditors/{creditor['id']}").json()["creditors"] == creditor


def test_a_plain_payment_has_its_keys_in_the_order_and_with_the_nulls_of_a_real_one(
    api: Api,
) -> None:
    payment = next(
        payment
        for payment in api.everything("/payments", limit=500, status="pending_submission")
        if payment["currency"] == "GBP" and not payment["description"] and not payment["reference"]
    )
    assert list(payment)[:13] == (
        "id created_at charge_date amount description currency status amount_refunded "
        "reference metadata fx links retry_if_possible"
    ).split(" ")
    assert set(payment["fx"].values()) == {None}
    assert list(payment["links"]) == ["mandate", "creditor"]


@pytest.mark.parametrize(
    ("fixture", "path", "token"),
    [
        ("unauthorized_error", "/customers", "Bearer nobody"),
        ("validation_failed_error", "/customers?limit=0", None),
    ],
)
def test_an_error_has_the_keys_of_the_official_example(
    api: Api, official_body: Callable[[str], Any], fixture: str, path: str, token: str | None
) -> None:
    official = official_body(fixture)["error"]
    headers = {"Authorization": token} if token else {}
    error = api.get(path, headers=headers).json()["error"]

    assert set(error) == set(official)
    assert set(error["errors"][0]) == set(official["errors"][0])
    assert (error["type"], error["code"]) == (official["type"], official["code"])


DOCUMENTED = {
    "refunds": "amount created_at currency fx id links metadata reference status",
    "payouts": (
        "amount arrival_date created_at currency deducted_fees fx id links metadata payout_type "
        "reference status tax_currency"
    ),
    "subscriptions": (
        "amount app_fee count created_at currency day_of_month earliest_charge_date_after_resume "
        "end_date id interval interval_unit links metadata month name parent_plan_paused "
        "payment_reference retry_if_possible start_date status upcoming_payments"
    ),
}
"""The fields that GoCardless's own client libraries declare."""


@pytest.mark.parametrize("resource", list(DOCUMENTED))
def test_every_body_has_the_documented_fields(api: Api, resource: str) -> None:
    bodies = api.everything(f"/{resource}", limit=500)
    assert len(bodies) > 10
    for body in bodies:
        assert set(body) == set(DOCUMENTED[resource].split())
