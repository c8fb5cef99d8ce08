"""Payers made through the API, with a mandate that is ready to be charged."""

from __future__ import annotations

from typing import Any

from .conftest import LONDON_ACCOUNT, Api

Body = dict[str, Any]

ACCOUNTS: dict[str, Body] = {
    "bacs": LONDON_ACCOUNT,
    "sepa_core": {"account_holder_name": "Ada", "iban": "FR1420041010050500013M02606"},
    "autogiro": {
        "account_holder_name": "Ada",
        "country_code": "SE",
        "account_number": "5491000",
        "branch_code": "0003",
    },
    "pay_to": {
        "account_holder_name": "Ada",
        "country_code": "AU",
        "account_number": "123456789",
        "branch_code": "082-082",
    },
}


def new_mandate(api: Api, given_name: str = "Ada", scheme: str = "bacs") -> Body:
    """A mandate that waits to be submitted."""
    customer = api.create("customers", given_name=given_name, family_name="Núñez")
    links = {"customer": customer["id"]}
    account = api.create("customer_bank_accounts", **ACCOUNTS[scheme], links=links)
    return api.create("mandates", scheme=scheme, links={"customer_bank_account": account["id"]})


def active_mandate(api: Api, given_name: str = "Ada") -> Body:
    """A mandate that was activated by a scenario."""
    return api.simulate("mandate_activated", new_mandate(api, given_name))


def payment_in(api: Api, status: str, **values: Any) -> Body:
    """A payment of its own payer that scenarios have led to a status."""
    payment = api.pay(active_mandate(api), **values)
    if status == "pending_submission":
        return payment
    scenario = {"failed": "payment_failed", "charged_back": "payment_charged_back"}
    return api.simulate(scenario.get(status, f"payment_{status}"), payment)


def refund(api: Api, payment: Body, amount: int | None = None) -> Body:
    """A refund of all of a payment, or of an amount."""
    amount = payment["amount"] if amount is None else amount
    total = amount + api.read(payment)["amount_refunded"]
    links = {"payment": payment["id"]}
    return api.create("refunds", amount=amount, total_amount_confirmation=total, links=links)
