"""Creating, changing and disabling customer bank accounts. Account numbers are never kept."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from ..business.places import BY_CODE, CURRENCIES, SEPA_COUNTRIES, currency_of
from ..causes import ACCOUNT_CLOSED
from ..errors import bank_account_exists, invalid_state
from ..lanes import Body
from ..parameters import Parameters
from ..store import Store
from . import mandates

_CREATE = (
    *("account_holder_name", "account_number", "account_type", "bank_code", "branch_code"),
    *("country_code", "currency", "iban", "links", "metadata"),
)


def create(store: Store, values: dict[str, Any]) -> Body:
    """A new bank account, from an IBAN or from local details."""
    parameters = Parameters("customer_bank_accounts", values, _CREATE)
    holder = parameters.text("account_holder_name", required=True)
    iban = _iban(parameters)
    country = iban[:2] if iban else parameters.text("country_code", pattern="[A-Z]{2}")
    number = _local_number(parameters, country) if "iban" not in parameters else iban
    currency = parameters.text("currency", choices=CURRENCIES) or currency_of(country)
    if currency is None:
        parameters.reject("country_code", "no Direct Debit scheme reaches this country")
    account_type = parameters.text("account_type", choices=("checking", "savings"))
    if (account_type is None) == (currency == "USD"):
        parameters.reject("account_type", "is required for USD accounts and only allowed there")
    links = parameters.links(["customer"])
    if links["customer"] and store.customers.find(links["customer"]) is None:
        parameters.reject("links.customer", "customer not found")
    metadata = parameters.metadata()
    parameters.check()
    digest = hashlib.sha256(f"{country} {number}".encode()).hexdigest()
    _refuse_duplicate(store, links["customer"], digest)
    banks = BY_CODE[country].banks if country in BY_CODE else ()
    body = store.bank_accounts.add(
        store.now_ms(),
        {
            "account_number_ending": (number or "")[-4 if currency == "NZD" else -2 :],
            "account_holder_name": holder,
            "account_type": account_type,
            "bank_account_token": None,
            "bank_name": banks[0] if banks else None,
            "currency": currency,
            "country_code": country,
            "metadata": metadata,
            "enabled": True,
            "links": links,
        },
    )
    store.bank_details[links["customer"], digest] = body["id"]
    return body


def update(store: Store, identity: str, values: dict[str, Any]) -> Body:
    """Replace the metadata."""
    store.bank_accounts.get(identity)
    parameters = Parameters("customer_bank_accounts", values, ["metadata"])
    changes = {"metadata": parameters.metadata()} if "metadata" in parameters else {}
    parameters.check()
    return store.bank_accounts.change(identity, **changes)


def disable(store: Store, identity: str, values: dict[str, Any]) -> Body:
    """Disable the account; this cancels its mandates and their cancellable payments."""
    Parameters("data", values, []).check()
    if not store.bank_accounts.get(identity)["enabled"]:
        raise invalid_state("disable_failed", "This bank account is disabled already")
    body = store.bank_accounts.change(identity, enabled=False)
    mandates.cancel_all_of_bank_account(store, identity, ACCOUNT_CLOSED)
    return body


def _refuse_duplicate(store: Store, customer: str, digest: str) -> None:
    existing = store.bank_details.get((customer, digest))
    if existing is not None and store.bank_accounts.get(existing)["enabled"]:
        raise bank_account_exists(existing)


def _iban(parameters: Parameters) -> str | None:
    """The IBAN without spaces, its check digits proved (ISO 13616)."""
    iban = parameters.text("iban", longest=42)
    if iban is None:
        return None
    iban = iban.replace(" ", "").upper()
    if re.fullmatch(r"[A-Z]{2}\d\d[A-Z0-9]{11,30}", iban, re.ASCII):
        digits = "".join(str(int(character, 36)) for character in iban[4:] + iban[:4])
        if int(digits) % 97 == 1 and iban[:2] in SEPA_COUNTRIES:
            return iban
    parameters.reject("iban", "is invalid")
    return None


def _local_number(parameters: Parameters, country: str | None) -> str | None:
    """Bank, branch and account number in one string, which ends with the account number."""
    if country is None:
        parameters.reject("country_code", "is required unless an iban is given")
    account = parameters.text("account_number", required=True, pattern=r"[\d -]{5,20}")
    in_britain = country == "GB"
    branch = parameters.text("branch_code", required=in_britain, pattern=r"[\d -]{2,12}")
    if in_britain and branch is not None and len(_digits(branch)) != 6:
        parameters.reject("branch_code", "is the wrong length (should be 6 digits)")
    bank = parameters.text("bank_code", pattern=r"[A-Z0-9 -]{2,12}")
    return f"{bank or ''} {_digits(branch or '')} {_digits(account or '')}"


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text, flags=re.ASCII)
