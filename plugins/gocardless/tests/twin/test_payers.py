"""Customers and bank accounts: creating, changing, removing, and the rules behind it."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import LONDON_ACCOUNT, Api, problems, reason


@pytest.mark.parametrize(
    ("values", "pointers"),
    [
        ({}, {"/customers/given_name", "/customers/family_name"}),
        ({"given_name": "Ada"}, {"/customers/family_name"}),
        ({"company_name": "Acme", "nickname": "A"}, {"/customers/nickname"}),
        ({"company_name": "Acme", "language": "xx"}, {"/customers/language"}),
        ({"company_name": "Acme", "email": "nobody"}, {"/customers/email"}),
        ({"company_name": "Acme", "country_code": "Britain"}, {"/customers/country_code"}),
        ({"company_name": 7}, {"/customers/company_name"}),
    ],
)
def test_a_customer_that_breaks_a_rule_is_refused(
    api: Api, values: dict[str, Any], pointers: set[str]
) -> None:
    answer = api.post("/customers", json={"customers": values})
    assert pointers <= set(problems(answer))
    assert len(api.everything("/customers", limit=500)) == 120


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"a": "1", "b": "2", "c": "3", "d": "4"}, "cannot have more than 3 keys"),
        ({"k" * 51: "1"}, "keys must have 1 to 50 characters"),
        ({"a": "v" * 501}, "cannot be over 500 characters"),
        ({"a": 1}, "must be a string"),
        ("text", "must be an object"),
    ],
)
def test_metadata_has_limits(api: Api, metadata: Any, message: str) -> None:
    values = {"company_name": "Acme", "metadata": metadata}
    assert message in problems(api.post("/customers", json={"customers": values})).values()


def test_metadata_at_its_limits_is_kept(api: Api) -> None:
    metadata = {"k" * 50: "v" * 500, "ключ": "значение", "empty": ""}
    created = api.create("customers", company_name="Acme", metadata=metadata)
    assert api.get(f"/customers/{created['id']}").json()["customers"]["metadata"] == metadata


def test_an_update_replaces_what_is_supplied_and_only_that(api: Api) -> None:
    before = api.create(
        "customers", company_name="Acme", city="Leeds", metadata={"a": "1", "b": "2"}
    )
    changes = {"customers": {"metadata": {"b": "3"}, "city": None}}
    after = api.put(f"/customers/{before['id']}", json=changes).json()["customers"]

    assert after == before | {"metadata": {"b": "3"}, "city": None}
    assert list(after) == list(before)


def test_an_update_may_not_leave_a_customer_without_a_name(api: Api) -> None:
    created = api.create("customers", company_name="Acme")
    answer = api.put(f"/customers/{created['id']}", json={"customers": {"company_name": None}})
    assert "/customers/given_name" in problems(answer)


def test_a_generated_customer_can_be_changed_too(api: Api) -> None:
    [customer] = api.get("/customers", params={"limit": 1}).json()["customers"]
    api.put(f"/customers/{customer['id']}", json={"customers": {"email": "new@example.com"}})
    [changed] = api.get("/customers", params={"limit": 1}).json()["customers"]
    assert changed == customer | {"email": "new@example.com"}


def test_a_removed_customer_is_in_no_list_and_cannot_be_found(api: Api) -> None:
    identity = api.get("/customers").json()["customers"][9]["id"]
    answer = api.delete(f"/customers/{identity}")

    assert (answer.status_code, answer.content) == (204, b"")
    assert api.get(f"/customers/{identity}").status_code == 404
    assert api.delete(f"/customers/{identity}").status_code == 404
    remaining = [customer["id"] for customer in api.everything("/customers", limit=20)]
    assert len(remaining) == 119
    assert identity not in remaining


def test_a_repeated_key_is_a_conflict_that_names_the_first(api: Api) -> None:
    sent = {"json": {"customers": {"company_name": "Acme"}}, "headers": {"Idempotency-Key": "k"}}
    first = api.post("/customers", **sent).json()["customers"]  # type: ignore[arg-type]
    again = api.post("/customers", **sent)  # type: ignore[arg-type]

    assert reason(again) == (409, "invalid_state", "idempotent_creation_conflict")
    [error] = again.json()["error"]["errors"]
    assert error["links"] == {"conflicting_resource_id": first["id"]}


def test_a_key_whose_request_failed_can_be_used_again(api: Api) -> None:
    headers = {"Idempotency-Key": "k"}
    assert api.post("/customers", json={"customers": {}}, headers=headers).status_code == 422
    values = {"customers": {"company_name": "Acme"}}
    assert api.post("/customers", json=values, headers=headers).status_code == 201


def test_the_same_account_twice_is_a_conflict_that_names_the_first(
    api: Api, customer: dict[str, Any], account: dict[str, Any]
) -> None:
    values = LONDON_ACCOUNT | {"branch_code": "200000", "links": {"customer": customer["id"]}}
    answer = api.post("/customer_bank_accounts", json={"customer_bank_accounts": values})

    assert reason(answer) == (409, "validation_failed", "bank_account_exists")
    [error] = answer.json()["error"]["errors"]
    assert error["links"] == {"customer_bank_account": account["id"]}


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"iban": "FR1420041010050500013M02607"}, "iban"),
        ({"account_number": None}, "account_number"),
        ({"branch_code": "20-00"}, "branch_code"),
        ({"country_code": None}, "country_code"),
        ({"country_code": "BR"}, "country_code"),
        ({"account_type": "savings"}, "account_type"),
        ({"links": {"customer": "CU000000000000"}}, "links/customer"),
        ({"links": {}}, "links/customer"),
        ({"account_holder_name": ""}, "account_holder_name"),
    ],
)
def test_an_account_that_breaks_a_rule_is_refused(
    api: Api, customer: dict[str, Any], values: dict[str, Any], pointer: str
) -> None:
    sent = LONDON_ACCOUNT | {"links": {"customer": customer["id"]}} | values
    answer = api.post("/customer_bank_accounts", json={"customer_bank_accounts": sent})
    assert f"/customer_bank_accounts/{pointer}" in problems(answer)


def test_account_numbers_are_never_given_back(api: Api, account: dict[str, Any]) -> None:
    assert account["account_number_ending"] == "11"
    text = api.get(f"/customer_bank_accounts/{account['id']}").text
    assert "55779911" not in text
    assert "20-00-00" not in text


def test_disabling_an_account_ends_its_mandates_and_waiting_payments(
    api: Api, account: dict[str, Any], mandate: dict[str, Any]
) -> None:
    payment = api.pay(mandate)
    disabled = api.act(account, "disable").json()["customer_bank_accounts"]

    assert disabled["enabled"] is False
    assert api.get(f"/mandates/{mandate['id']}").json()["mandates"]["status"] == "cancelled"
    assert api.get(f"/payments/{payment['id']}").json()["payments"]["status"] == "cancelled"
    again = api.act(account, "disable")
    assert reason(again) == (422, "invalid_state", "disable_failed")
    links = {"links": {"customer_bank_account": account["id"]}}
    refused = api.post("/mandates", json={"mandates": links})
    assert reason(refused) == (422, "invalid_state", "bank_account_disabled")


def test_a_removed_customer_gets_no_new_account_or_mandate(
    api: Api, customer: dict[str, Any], account: dict[str, Any]
) -> None:
    api.delete(f"/customers/{customer['id']}")
    values = LONDON_ACCOUNT | {"links": {"customer": customer["id"]}}
    answer = api.post("/customer_bank_accounts", json={"customer_bank_accounts": values})
    assert "/customer_bank_accounts/links/customer" in problems(answer)
    links = {"links": {"customer_bank_account": account["id"]}}
    answer = api.post("/mandates", json={"mandates": links})
    assert "/mandates/links/customer_bank_account" in problems(answer)
