"""Payments of several payers are one sorted list, read no further than the page needs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
import requests_mock as mocking
from halo_gocardless.account import Account
from halo_gocardless.addresses import OFFICIAL
from halo_gocardless.errors import GoCardlessError
from halo_gocardless.listing import list_payments

from halo_host import PaymentQuery, Secret

ACCOUNT = Account("live", OFFICIAL["live"], Secret("live_x"))


def record(identity, created, amount=1000, status="paid_out"):
    created_at = f"2024-01-01T00:00:{created:06.3f}Z" if created is not None else None
    return {
        "id": identity,
        "amount": amount,
        "currency": "GBP",
        "status": status,
        "created_at": created_at,
    }


class Payments:
    """GoCardless's payment list: newest first, two a page, filtered as the API does."""

    def __init__(self, mock):
        self.of_customer = {}
        self.asked = []
        mock.get("https://api.gocardless.com/payments", json=self.answer)

    def answer(self, request, context):
        asked = {name: values[0] for name, values in request.qs.items()}
        self.asked.append(asked)
        found = [
            payment
            for payment in self.of_customer[asked["customer"].upper()]
            if asked.get("status") in (None, payment["status"])
            and (payment["created_at"] or "") <= asked.get("created_at[lte]", "9").upper()
        ]
        found.sort(key=lambda payment: payment["created_at"] or "", reverse=True)
        start = int(asked.get("after", 0))
        after = str(start + 2) if start + 2 < len(found) else None
        return {"payments": found[start : start + 2], "meta": {"cursors": {"after": after}}}


@pytest.fixture
def api():
    with mocking.Mocker() as mock:
        yield Payments(mock)


def ids(page):
    return [payment.id for payment in page.payments]


def walk(query):
    """The ids of all pages, and how many pages there were."""
    found, pages = [], 0
    while True:
        page = list_payments(ACCOUNT, query)
        found += ids(page)
        pages += 1
        if page.next_cursor is None:
            return found, pages
        query = replace(query, cursor=page.next_cursor)


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("newest", ["PM5", "PM3", "PM4", "PM2", "PM1"]),
        ("oldest", ["PM1", "PM2", "PM3", "PM4", "PM5"]),
        ("largest", ["PM2", "PM1", "PM3", "PM4", "PM5"]),
        ("smallest", ["PM5", "PM4", "PM3", "PM1", "PM2"]),
    ],
)
@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_the_payments_of_all_payers_are_merged_and_sorted(api, sort, expected, limit):
    api.of_customer = {
        "CU1": [record("PM1", 1, 700), record("PM4", 3, 500), record("PM5", 5, 400)],
        "CU2": [record("PM2", 2, 900), record("PM3", 3, 600)],
    }
    query = PaymentQuery(external_user_ids=("CU1", "CU2", "CU1"), sort=sort, limit=limit)

    found, pages = walk(query)
    assert found == expected
    assert pages == -(-len(expected) // limit)


def test_every_payment_belongs_to_its_payer(api):
    api.of_customer = {"CU1": [record("PM1", 1)], "CU2": [record("PM2", 2)]}
    page = list_payments(ACCOUNT, PaymentQuery(external_user_ids=("CU1", "CU2")))
    assert [(p.id, p.external_user_id) for p in page.payments] == [("PM2", "CU2"), ("PM1", "CU1")]


def test_of_nobody_nothing_is_listed_and_nothing_is_asked(api):
    assert list_payments(ACCOUNT, PaymentQuery()).payments == ()
    assert api.asked == []


def test_the_newest_are_read_only_as_far_as_the_page_goes(api):
    api.of_customer = {"CU1": [record(f"PM{number:02}", number) for number in range(20)]}
    first = list_payments(ACCOUNT, PaymentQuery(external_user_ids=("CU1",), limit=2))
    assert ids(first) == ["PM19", "PM18"]
    assert len(api.asked) == 2

    query = PaymentQuery(external_user_ids=("CU1",), limit=2, cursor=first.next_cursor)
    assert ids(list_payments(ACCOUNT, query)) == ["PM17", "PM16"]
    assert api.asked[2]["created_at[lte]"] == "2024-01-01t00:00:18.001z"
    assert len(api.asked) == 5  # three pages of two: a payment more, and those of its moment


def test_a_payment_made_while_somebody_reads_neither_repeats_nor_hides_others(api):
    api.of_customer = {"CU1": [record(f"PM{number}", number) for number in range(4)]}
    query = PaymentQuery(external_user_ids=("CU1",), limit=2)
    first = list_payments(ACCOUNT, query)
    api.of_customer["CU1"].append(record("PM9", 9))

    assert ids(first) == ["PM3", "PM2"]
    second = list_payments(ACCOUNT, replace(query, cursor=first.next_cursor))
    assert ids(second) == ["PM1", "PM0"]
    assert second.next_cursor is None


@pytest.mark.parametrize("sort", ["newest", "oldest"])
def test_payments_without_a_time_are_listed_too(api, sort):
    api.of_customer = {"CU1": [record("PM1", None), record("PM2", None), record("PM3", 3)]}
    query = PaymentQuery(external_user_ids=("CU1",), sort=sort, limit=1)
    assert sorted(walk(query)[0]) == ["PM1", "PM2", "PM3"]


def test_filters_are_left_to_gocardless(api):
    api.of_customer = {"CU1": [record("PM1", 1, status="failed"), record("PM2", 2)]}
    query = PaymentQuery(
        external_user_ids=("CU1",),
        statuses=("failed", "confirmed"),
        charged_from=date(2024, 1, 1),
        charged_to=date(2024, 1, 31),
    )
    assert ids(list_payments(ACCOUNT, query)) == ["PM1"]
    dates = {"charge_date[gte]": "2024-01-01", "charge_date[lte]": "2024-01-31"}
    common = {"customer": "cu1", "limit": "500"} | dates
    assert api.asked == [common | {"status": "failed"}, common | {"status": "confirmed"}]


def test_a_payment_that_cannot_be_read_does_not_hide_the_others(api, caplog):
    api.of_customer = {"CU1": [record("PM1", 1), record("PM2", 2, amount="19.99")]}
    page = list_payments(ACCOUNT, PaymentQuery(external_user_ids=("CU1",)))
    assert ids(page) == ["PM1"]
    assert "could not be read" in caplog.text


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "é",
        "100",
        "W10=",  # []
        "WyJvbGRlc3QiLCAwLCAiUE0xIl0=",  # of the list of the oldest
        "WyJuZXdlc3QiLCB0cnVlLCAiUE0xIl0=",  # a truth value for a number
        "WyJuZXdlc3QiLCAtMWU5OSwgIlBNMSJd",  # a number with an exponent
        "WyJuZXdlc3QiLCAtOTk5OTk5OTk5OTk5OTk5OTk5OTk5LCAiUE0xIl0=",  # beyond all calendars
    ],
)
def test_a_cursor_of_another_list_is_refused(api, cursor):
    api.of_customer = {"CU1": []}
    with pytest.raises(GoCardlessError, match="next page of payments is not one"):
        list_payments(ACCOUNT, PaymentQuery(external_user_ids=("CU1",), cursor=cursor))


def test_the_official_list_goes_through_unchanged(official):
    body = official("payments")["list"]["body"]
    last = body | {"meta": {"cursors": {"before": None, "after": None}, "limit": 50}}
    with mocking.Mocker() as mock:
        mock.get("https://api.gocardless.com/payments", [{"json": body}, {"json": last}])
        page = list_payments(ACCOUNT, PaymentQuery(external_user_ids=("CU123",)))
    assert set(ids(page)) == {"PM123"}
    assert {str(payment.amount) for payment in page.payments} == {"10.00 EUR"}
