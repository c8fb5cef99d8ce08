"""Lists of refunds and payouts, and events about them with what they are about."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Api, problems


@pytest.mark.parametrize("resource", ["refunds", "payouts", "subscriptions"])
def test_a_list_is_newest_first_and_whole_over_several_pages(api: Api, resource: str) -> None:
    at_once = api.everything(f"/{resource}", limit=500)
    assert api.everything(f"/{resource}", limit=7) == at_once
    times = [it["created_at"] for it in at_once]
    assert times == sorted(times, reverse=True)
    middle = times[len(times) // 2]
    later = api.everything(f"/{resource}", **{"created_at[gt]": middle})
    assert [it["id"] for it in later] == [it["id"] for it in at_once if it["created_at"] > middle]


@pytest.mark.parametrize(
    ("filters", "field", "value"),
    [
        ({"currency": "EUR"}, "currency", "EUR"),
        ({"status": "pending"}, "status", "pending"),
        ({"payout_type": "merchant"}, "payout_type", "merchant"),
    ],
)
def test_payouts_are_filtered_by_their_fields(
    api: Api, filters: dict[str, str], field: str, value: str
) -> None:
    found = api.everything("/payouts", **filters)
    everything = api.everything("/payouts", limit=500)
    assert found == [it for it in everything if it[field] == value] != []


def test_payouts_are_filtered_by_what_they_link_to(api: Api) -> None:
    [payout, *_] = everything = api.everything("/payouts", limit=500)
    links = payout["links"]
    assert api.everything("/payouts", creditor=links["creditor"], limit=500) == everything
    account = links["creditor_bank_account"]
    assert api.everything("/payouts", creditor_bank_account=account, limit=500) == everything
    assert api.everything("/payouts", reference=payout["reference"]) == [payout]
    assert api.everything("/payouts", creditor="CR123") == []
    assert api.everything("/payouts", payout_type="partner") == []


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("/refunds", {"refund_type": "both"}),
        ("/refunds", {"status": "paid"}),
        ("/payouts", {"status": "sent"}),
        ("/payouts", {"metadata": "x"}),
        ("/subscriptions", {"status": "active,dead"}),
        ("/subscriptions", {"metadata[x]": "y"}),
    ],
)
def test_what_a_list_does_not_know_is_refused(api: Api, path: str, params: dict[str, str]) -> None:
    [pointer] = problems(api.get(path, params=params))
    assert pointer == f"/{next(iter(params))}"


@pytest.mark.parametrize("name", ["payment", "mandate", "refund", "payout", "subscription"])
def test_events_bring_what_they_are_about(api: Api, name: str) -> None:
    params: dict[str, Any] = {"resource_type": f"{name}s", "include": name, "limit": 50}
    page = api.get("/events", params=params).json()
    linked = {it["id"]: it for it in page["linked"][f"{name}s"]}
    assert len(page["events"]) > 10
    assert {event["links"][name] for event in page["events"]} == set(linked)
    for event in page["events"][:5]:
        assert linked[event["links"][name]] == api.read({"id": event["links"][name]})
        assert event in api.everything("/events", **{name: event["links"][name]})


def test_a_payments_refund_is_found_by_payment_and_mandate(api: Api) -> None:
    for made in api.everything("/refunds")[:5]:
        payment = api.read({"id": made["links"]["payment"]})
        assert api.everything("/refunds", payment=payment["id"]) == [made]
        assert made in api.everything("/refunds", mandate=payment["links"]["mandate"])
