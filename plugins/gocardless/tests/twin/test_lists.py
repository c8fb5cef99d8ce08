"""Lists: pages, cursors, filters and sorting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from halo_gocardless.twin import TwinServer
from halo_gocardless.twin.business.payers import PayerGenerator

from .conftest import Api

RESOURCES = ["customers", "customer_bank_accounts", "mandates", "payments", "events"]


def _ids(things: list[dict[str, Any]]) -> list[str]:
    return [thing["id"] for thing in things]


def _problems(answer: Any) -> list[str]:
    assert answer.status_code == 422, answer.text
    error = answer.json()["error"]
    assert error["type"] == "validation_failed"
    return [problem["field"] for problem in error["errors"]]


@pytest.mark.parametrize("resource", RESOURCES)
def test_a_list_is_newest_first_and_the_same_at_every_page_size(api: Api, resource: str) -> None:
    by_500 = api.everything(f"/{resource}", limit=500)
    by_7 = api.everything(f"/{resource}", limit=37)
    times = [thing["created_at"] for thing in by_500]

    assert times == sorted(times, reverse=True)
    assert _ids(by_7) == _ids(by_500)
    assert len(set(_ids(by_500))) == len(by_500)


@pytest.mark.parametrize("resource", RESOURCES)
def test_everything_in_a_list_is_found_by_its_id(api: Api, resource: str) -> None:
    for thing in api.get(f"/{resource}", params={"limit": 5}).json()[resource]:
        assert api.get(f"/{resource}/{thing['id']}").json() == {resource: thing}


def test_fifty_is_the_page_size_unless_told(api: Api) -> None:
    page = api.get("/customers").json()
    assert (len(page["customers"]), page["meta"]["limit"]) == (50, 50)
    assert page["meta"]["cursors"]["before"] is None


@pytest.mark.parametrize("order", [{}, {"sort_field": "name", "sort_direction": "asc"}])
def test_before_leads_back_to_the_page_one_came_from(api: Api, order: dict[str, str]) -> None:
    def page(**cursor: str) -> Any:
        return api.get("/customers", params={"limit": "50", **order, **cursor}).json()

    first = page()
    second = page(after=first["meta"]["cursors"]["after"])
    third = page(after=second["meta"]["cursors"]["after"])

    assert page(before=third["meta"]["cursors"]["before"])["customers"] == second["customers"]
    back = page(before=second["meta"]["cursors"]["before"])
    assert back["customers"] == first["customers"]
    assert back["meta"]["cursors"]["before"] is None
    assert third["meta"]["cursors"]["after"] is None


def test_what_is_created_while_one_pages_moves_nothing(api: Api) -> None:
    all_ids = _ids(api.everything("/customers", limit=500))
    first = api.get("/customers", params={"limit": 60}).json()
    new = api.post("/customers", json={"customers": {"company_name": "Late & Co"}}).json()
    cursor = first["meta"]["cursors"]["after"]
    second = api.get("/customers", params={"limit": 60, "after": cursor}).json()

    assert _ids(first["customers"]) + _ids(second["customers"]) == all_ids
    assert api.get("/customers").json()["customers"][0] == new["customers"]


@pytest.mark.parametrize(
    ("path", "params", "fields"),
    [
        ("/customers", {"limit": "501"}, ["limit"]),
        ("/customers", {"limit": "ten", "email": "a@b.example"}, ["limit", "email"]),
        ("/customers", {"after": "nonsense"}, ["after"]),
        ("/customers", {"created_at[gte]": "2026-01-01"}, ["created_at[gte]"]),
        ("/customers", {"created_at": "2026-01-01T00:00:00Z"}, ["created_at"]),
        ("/customers", {"sort_field": "email"}, ["sort_field"]),
        ("/customers", {"sort_direction": "up"}, ["sort_direction"]),
        ("/customers", {"currency": "XXX"}, ["currency"]),
        ("/customers", {"action_required": "yes"}, ["action_required"]),
        ("/customer_bank_accounts", {"enabled": "1"}, ["enabled"]),
        ("/mandates", {"status": "active,gone"}, ["status"]),
        ("/mandates", {"status": ["active", "failed"]}, ["status"]),
        ("/mandates", {"scheme": "cash"}, ["scheme"]),
        ("/mandates", {"customer": "CU1", "creditor": "CR1"}, ["customer"]),
        ("/payments", {"customer": "CU1", "creditor": "CR1"}, ["customer"]),
        ("/payments", {"status": "paid"}, ["status"]),
        ("/payments", {"charge_date[lt]": "2026-02-30"}, ["charge_date[lt]"]),
        ("/events", {"payment": "PM1", "mandate": "MD1"}, ["payment"]),
        ("/events", {"payment": "PM1", "resource_type": "payments"}, ["resource_type"]),
        ("/events", {"include": "payment"}, ["include"]),
        ("/events", {"resource_type": "people"}, ["resource_type"]),
        ("/events", {"resource_type": "payments", "include": "payments"}, ["include"]),
    ],
)
def test_a_parameter_that_cannot_be_used_is_named(
    api: Api, path: str, params: dict[str, Any], fields: list[str]
) -> None:
    assert _problems(api.get(path, params=params)) == fields


def test_a_cursor_of_another_list_is_refused(api: Api) -> None:
    cursor = api.get("/customers").json()["meta"]["cursors"]["after"]
    assert _problems(api.get("/payments", params={"after": cursor})) == ["after"]
    assert _problems(api.get("/customers", params={"after": cursor, "before": cursor})) == [
        "before"
    ]


FILTERS: list[tuple[str, dict[str, str], Callable[[dict[str, Any]], bool]]] = [
    ("customers", {"currency": "EUR"}, lambda it: it["country_code"] in ("IE", "DE", "FR", "ES")),
    ("customer_bank_accounts", {"enabled": "false"}, lambda it: it["enabled"] is False),
    (
        "mandates",
        {"status": "cancelled,expired"},
        lambda it: it["status"] in ("cancelled", "expired"),
    ),
    ("mandates", {"scheme": "bacs,sepa_core"}, lambda it: it["scheme"] in ("bacs", "sepa_core")),
    ("mandates", {"mandate_type": "bank_debit"}, lambda it: True),
    ("payments", {"status": "failed"}, lambda it: it["status"] == "failed"),
    ("payments", {"currency": "GBP"}, lambda it: it["currency"] == "GBP"),
    ("payments", {"scheme": "sepa_core"}, lambda it: it["scheme"] == "sepa_core"),
    (
        "payments",
        {"charge_date[gte]": "2026-03-02", "charge_date[lt]": "2026-03-06"},
        lambda it: "2026-03-02" <= it["charge_date"] < "2026-03-06",
    ),
    (
        "payments",
        {"charge_date[gt]": "2026-03-02", "charge_date[lte]": "2026-03-06"},
        lambda it: "2026-03-02" < it["charge_date"] <= "2026-03-06",
    ),
    ("events", {"action": "charged_back"}, lambda it: it["action"] == "charged_back"),
    (
        "events",
        {"resource_type": "mandates", "action": "created"},
        lambda it: (it["resource_type"], it["action"]) == ("mandates", "created"),
    ),
]


@pytest.mark.parametrize(("resource", "params", "expected"), FILTERS)
def test_a_filter_gives_exactly_what_it_says(
    api: Api,
    resource: str,
    params: dict[str, str],
    expected: Callable[[dict[str, Any]], bool],
) -> None:
    everything = api.everything(f"/{resource}", limit=500)
    filtered = api.everything(f"/{resource}", limit=23, **params)

    assert filtered
    assert _ids(filtered) == _ids([thing for thing in everything if expected(thing)])


@pytest.mark.parametrize("resource", RESOURCES)
@pytest.mark.parametrize(
    ("operator", "compare"),
    [
        ("gt", lambda time, bound: time > bound),
        ("gte", lambda time, bound: time >= bound),
        ("lt", lambda time, bound: time < bound),
        ("lte", lambda time, bound: time <= bound),
    ],
)
def test_created_at_bounds_hit_the_millisecond(
    api: Api, resource: str, operator: str, compare: Callable[[str, str], bool]
) -> None:
    everything = api.everything(f"/{resource}", limit=500)
    bound = everything[len(everything) // 3]["created_at"]
    filtered = api.everything(f"/{resource}", limit=500, **{f"created_at[{operator}]": bound})

    assert filtered
    assert _ids(filtered) == _ids([it for it in everything if compare(it["created_at"], bound)])


def test_links_lead_from_a_customer_to_accounts_mandates_payments_and_events(api: Api) -> None:
    mandates = api.everything("/mandates", limit=500)
    customer_of = {mandate["id"]: mandate["links"]["customer"] for mandate in mandates}
    payments = api.everything("/payments", limit=500)
    payment = payments[0]
    mandate = payment["links"]["mandate"]
    customer = customer_of[mandate]
    [account] = {it["links"]["customer_bank_account"] for it in mandates if it["id"] == mandate}

    def found(path: str, **params: str) -> list[str]:
        return _ids(api.everything(path, **params))

    assert found("/mandates", customer=customer) == [
        identity for identity, of in customer_of.items() if of == customer
    ]
    assert found("/mandates", customer_bank_account=account) == [mandate]
    assert account in found("/customer_bank_accounts", customer=customer)
    assert found("/payments", mandate=mandate) == _ids(
        [it for it in payments if it["links"]["mandate"] == mandate]
    )
    assert found("/payments", customer=customer) == _ids(
        [it for it in payments if customer_of[it["links"]["mandate"]] == customer]
    )
    events = api.everything("/events", limit=500)
    assert found("/events", payment=payment["id"]) == _ids(
        [it for it in events if it["links"].get("payment") == payment["id"]]
    )
    assert found("/events", mandate=mandate) == _ids(
        [it for it in events if it["links"].get("mandate") == mandate]
    )


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/payments", "creditor"),
        ("/mandates", "creditor"),
    ],
)
def test_the_creditor_has_everything(api: Api, path: str, name: str) -> None:
    creditor = api.get("/creditors").json()["creditors"][0]["id"]
    assert len(api.everything(path, creditor=creditor)) == len(api.everything(path))
    assert api.everything(path, creditor="CR000000000000") == []


def test_ids_that_lead_nowhere_give_empty_lists(api: Api) -> None:
    assert api.everything("/payments", customer="CU000000000000") == []
    assert api.everything("/payments", mandate="index_ID_123") == []
    assert api.everything("/payments", subscription="SB000000000000") == []
    assert api.everything("/mandates", reference="nobody's") == []
    assert api.everything("/events", refund="RF000000000000") == []
    assert api.everything("/events", parent_event="EV000000000000") == []


def test_a_mandate_is_found_by_its_reference(api: Api) -> None:
    mandate = api.everything("/mandates")[7]
    assert api.everything("/mandates", reference=mandate["reference"]) == [mandate]


@pytest.mark.parametrize(
    ("path", "field", "value"),
    [
        ("/customers", "created_at", lambda it: it["created_at"]),
        ("/customers", "company_name", lambda it: (it["company_name"] or "").casefold()),
        (
            "/customers",
            "name",
            lambda it: f"{it['given_name'] or ''} {it['family_name'] or ''}".strip().casefold(),
        ),
        ("/payments", "amount", lambda it: it["amount"]),
        ("/payments", "charge_date", lambda it: it["charge_date"]),
    ],
)
@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_a_list_is_sorted_over_all_its_pages(
    api: Api, path: str, field: str, value: Callable[[Any], Any], direction: str
) -> None:
    everything = api.everything(path, limit=500)
    sort = {"sort_field": field, "sort_direction": direction}
    by_page = api.everything(path, limit=49, **sort)
    values = [value(it) for it in by_page]

    assert values == sorted(values, reverse=direction == "desc")
    assert sorted(_ids(by_page)) == sorted(_ids(everything))


def test_a_page_of_a_million_customers_generates_that_page_only(
    make_server: Callable[..., TwinServer],
    make_api: Callable[..., Api],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    generated = []
    customer = PayerGenerator.customer

    def counted(self: PayerGenerator, index: int, *args: str) -> dict[str, Any]:
        generated.append(index)
        return customer(self, index, *args)

    monkeypatch.setattr(PayerGenerator, "customer", counted)
    api = make_api(make_server(customers=1_000_000))
    newest = api.get("/customers", params={"limit": "500"}).json()
    deep = api.get(
        "/customers", params={"limit": "500", "created_at[lt]": "2023-03-20T00:00:00.000Z"}
    ).json()
    deeper = api.get(
        "/customers", params={"limit": "500", "after": deep["meta"]["cursors"]["after"]}
    ).json()

    assert len(newest["customers"]) == len(deeper["customers"]) == 500
    assert len(generated) <= 3 * 501
    assert generated[-1] < 3000
