"""Lists of payments: every filter, every order, pages that stay right while payments come in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import Any

import pytest
from support.acme import AGENT
from support.mirror import DAY, Mirror

from halo_host import Money, PaymentState
from halo_host.errors import InvalidInput, NotFound
from halo_host.host import Host
from halo_host.payments.filters import SORTS, PaymentFilter, Sort
from halo_host.payments.payments import ListPage


def ids(page: ListPage) -> list[str]:
    return [listed.payment.id for listed in page.payments]


def found(host: Host, sort: Sort = "newest", **wanted: Any) -> list[str]:
    return ids(host.payments.list(PaymentFilter(**wanted), sort=sort))


def add_user(host: Host, customer: str, given_name: str) -> int:
    site = host.directory.add_customer(customer, agent=AGENT)
    return host.directory.add_user(f"{site.name}/Main", {"given_name": given_name}, agent=AGENT).id


@pytest.fixture
def people(mirror: Mirror) -> dict[str, int]:
    """Ann of Acme with two payers, Bob of Bolt with one; CU4 is a payer whom nobody knows."""
    host = mirror.host
    ann, bob = add_user(host, "Acme Ltd", "Ann"), add_user(host, "Bolt plc", "Bob")
    for payer, user in (("CU1", ann), ("CU2", ann), ("CU3", bob)):
        mirror.link(payer, user)
    mirror.payer("CU1", "Ann Archer")
    mirror.payer("CU4", "Dora Stranger")
    mirror.payment("PM1", "CU1", charge_date=date(2026, 1, 5))
    mirror.payment("PM2", "CU2", charge_date=date(2026, 2, 5))
    mirror.payment("PM3", "CU3", status="failed", charge_date=date(2026, 3, 5))
    mirror.payment("PM4", "CU4")
    mirror.payment("PM5", "", status="weird", state=PaymentState.UNKNOWN)
    return {"Ann": ann, "Bob": bob}


def test_a_payment_is_listed_with_its_user_and_customer(host: Host, people: dict[str, int]) -> None:
    (listed,) = host.payments.list(PaymentFilter(payer="CU1")).payments

    assert (listed.connection, listed.payer) == ("bank", "Ann Archer")
    assert (listed.user_id, listed.user, listed.customer) == (people["Ann"], "Ann", "Acme Ltd")
    assert listed.payment.amount == Money(amount=1_000, currency="GBP")
    assert listed.payment.explanation == "It went out to your bank."
    assert listed.payment.url == "https://pay.example/payments/PM1"
    assert listed.payment.charge_date == date(2026, 1, 5)


def test_a_payment_of_nobody_is_listed_with_the_payers_name(
    host: Host, people: dict[str, int]
) -> None:
    (listed,) = host.payments.list(PaymentFilter(payer="CU4")).payments

    assert listed.payer == "Dora Stranger"
    assert (listed.user_id, listed.user, listed.customer_id, listed.customer) == (
        *(None, ""),
        *(None, ""),
    )


@pytest.mark.usefixtures("people")
def test_a_status_that_the_plugin_does_not_know_is_said_in_words(host: Host) -> None:
    (listed,) = host.payments.list(PaymentFilter(statuses=("weird",))).payments

    assert listed.payment.state is PaymentState.UNKNOWN
    assert "“weird” is not known" in listed.payment.explanation


@pytest.mark.usefixtures("people")
def test_payments_of_a_connection_whose_plugin_is_gone_are_still_listed(
    host: Host, mirror: Mirror
) -> None:
    from sqlalchemy import update

    from halo_host.database.tables import connections

    with host.database.write() as connection:
        connection.execute(update(connections).values(integration="vanished"))

    payment = host.payments.list(PaymentFilter(payer="CU1")).payments[0].payment

    assert payment.url == ""
    assert "no installed plugin explains it" in payment.explanation


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, ["PM5", "PM4", "PM3", "PM2", "PM1"]),
        ({"statuses": ("failed", "weird")}, ["PM5", "PM3"]),
        ({"states": (PaymentState.FAILED,)}, ["PM3"]),
        ({"states": (PaymentState.UNKNOWN,)}, ["PM5"]),
        ({"charged_from": date(2026, 2, 5)}, ["PM3", "PM2"]),
        ({"charged_to": date(2026, 2, 5)}, ["PM2", "PM1"]),
        ({"charged_from": date(2026, 2, 1), "charged_to": date(2026, 2, 28)}, ["PM2"]),
        ({"customer": "acme ltd"}, ["PM2", "PM1"]),
        ({"customer": "Acme Ltd", "charged_to": date(2026, 1, 31)}, ["PM1"]),
        ({"user": "2"}, ["PM3"]),
        ({"user": "1", "payer": "CU2"}, ["PM2"]),
        ({"user": "1", "payer": "CU3"}, []),
        ({"customer": "Bolt plc", "user": "1"}, []),
        ({"payer": "CU2"}, ["PM2"]),
        ({"payer": "CU4", "unlinked": True}, ["PM4"]),
        ({"payer": "CU1", "unlinked": True}, []),
        ({"payer": ""}, ["PM5"]),
        ({"unlinked": True}, ["PM5", "PM4"]),
        ({"unlinked": True, "statuses": ("weird",)}, ["PM5"]),
        ({"connection": "bank"}, ["PM5", "PM4", "PM3", "PM2", "PM1"]),
        ({"connection": "other"}, ["PM9"]),
        ({"connection": "other", "user": "1"}, []),
        ({"connection": "other", "unlinked": True}, ["PM9"]),
    ],
)
@pytest.mark.usefixtures("people")
def test_filters(host: Host, wanted: dict[str, Any], expected: list[str]) -> None:
    if wanted.get("connection") == "other":
        host.connections.enable("mirrored-pay", {}, slug="other", agent=AGENT)
        Mirror(host, "other").payment("PM9", "CU1")

    assert found(host, **wanted) == expected
    assert found(host, "oldest", **wanted) == expected[::-1]
    total = host.payments.totals(PaymentFilter(**wanted))
    assert sum(it.payments for it in total) == len(expected)


@pytest.fixture
def failures(mirror: Mirror, people: dict[str, int]) -> None:
    """PM1 failed twice, for another reason the second time; PM3 and PM4 failed once."""
    mirror.failure("PM1", "insufficient_funds", DAY)
    mirror.failure("PM1", "bank_account_closed", DAY + timedelta(days=9))
    mirror.event("PM1", "paid_out", at=DAY + timedelta(days=20))
    mirror.failure("PM3", "insufficient_funds", DAY, code="R01")
    mirror.failure("PM4", "insufficient_funds", DAY, code="R02")
    mirror.event("MD1", "cancelled", cause="insufficient_funds", kind="mandates", is_failure=True)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"reasons": ("insufficient_funds",)}, ["PM4", "PM3"]),
        ({"reasons": ("Bank_Account_Closed",)}, ["PM1"]),
        ({"reasons": ("r01",)}, ["PM3"]),
        ({"reasons": ("r01", "bank_account_closed")}, ["PM3", "PM1"]),
        ({"reasons": ("insufficient_funds",), "customer": "Bolt plc"}, ["PM3"]),
        ({"reasons": ("insufficient_funds",), "user": "1"}, []),
        ({"reasons": ("insufficient_funds",), "unlinked": True}, ["PM4"]),
        ({"reasons": ("insufficient_funds",), "payer": "CU3"}, ["PM3"]),
        ({"reasons": ("insufficient_funds",), "states": (PaymentState.PAID_OUT,)}, ["PM4"]),
        ({"reasons": ("never_heard_of",)}, []),
    ],
)
@pytest.mark.usefixtures("failures")
def test_the_reason_is_that_of_the_latest_failure(
    host: Host, wanted: dict[str, Any], expected: list[str]
) -> None:
    assert found(host, **wanted) == expected


@pytest.mark.usefixtures("failures")
def test_a_listed_payment_says_why_it_failed_last(host: Host) -> None:
    by_id = {it.payment.id: it.failure for it in host.payments.list().payments}

    assert by_id["PM2"] is None
    assert by_id["PM1"] is not None
    assert by_id["PM1"].cause == "bank_account_closed"
    assert by_id["PM1"].text == "The payer's account is closed."


@pytest.mark.usefixtures("failures")
def test_the_reasons_that_filters_take_are_known(host: Host) -> None:
    assert host.payments.known_reasons() == ("bank_account_closed", "insufficient_funds")


def test_what_is_not_there_is_said_and_contradictions_are_refused(
    host: Host, mirror: Mirror
) -> None:
    with pytest.raises(NotFound, match="no connection nowhere"):
        found(host, connection="nowhere")
    with pytest.raises(NotFound, match="no customer “Nobody Ltd”"):
        found(host, customer="Nobody Ltd")
    with pytest.raises(NotFound, match="no user"):
        found(host, user="4711")
    with pytest.raises(InvalidInput, match="linked to nobody"):
        found(host, unlinked=True, customer="1")
    with pytest.raises(InvalidInput, match="No day lies between"):
        found(host, charged_from=date(2026, 2, 1), charged_to=date(2026, 1, 1))
    with pytest.raises(InvalidInput, match="1 to 10,000"):
        host.payments.list(limit=0)
    with pytest.raises(NotFound):
        host.payments.stream(PaymentFilter(connection="nowhere"))


# --- orders and pages --------------------------------------------------------------------------


@pytest.fixture
def heap(mirror: Mirror) -> None:
    """Payments that share times and amounts, and some without a time of creation."""
    for number in range(1, 24):
        undated = number % 8 == 0
        moment = None if undated else DAY + timedelta(days=number // 3)
        mirror.payment(f"PM{number}", amount=100 * (number % 5), created_at=moment)
    mirror.link("CU1", add_user(mirror.host, "Acme Ltd", "Ann"))


EXPECTED: dict[str, list[int]] = {
    "newest": [23, 22, 21, 20, 19, 18, 17, 15, 14, 13, 12, 11, 10, 9, 7, 6, 5, 4, 3, 2, 1, 16, 8],
    "oldest": [1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 17, 18, 19, 20, 21, 22, 23, 8, 16],
    "largest": sorted(range(1, 24), key=lambda it: (it % 5, it), reverse=True),
    "smallest": sorted(range(1, 24), key=lambda it: (it % 5, it)),
}


@pytest.mark.usefixtures("heap")
@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("wanted", [{}, {"payer": "CU1"}, {"customer": "Acme Ltd"}])
def test_pages_put_together_are_the_whole_list_and_payments_without_a_time_come_last(
    host: Host, sort: Sort, wanted: dict[str, Any]
) -> None:
    for limit in (1, 4, 22, 23):
        pages = all_pages(host, PaymentFilter(**wanted), sort, limit)

        assert list(chain.from_iterable(pages)) == [f"PM{number}" for number in EXPECTED[sort]]
        assert len(pages) == -(-23 // limit)


def all_pages(host: Host, wanted: PaymentFilter, sort: Sort, limit: int) -> list[list[str]]:
    page = host.payments.list(wanted, sort=sort, limit=limit)
    pages = [ids(page)]
    while page.next_cursor is not None:
        page = host.payments.list(wanted, sort=sort, cursor=page.next_cursor, limit=limit)
        pages.append(ids(page))
    return pages


@pytest.mark.usefixtures("heap")
@pytest.mark.parametrize("sort", SORTS)
def test_payments_that_come_in_between_pages_neither_repeat_nor_hide_others(
    host: Host, mirror: Mirror, sort: Sort
) -> None:
    first = host.payments.list(sort=sort, limit=10)
    before = DAY - timedelta(days=900)
    for number, moment in enumerate([before, DAY + timedelta(days=900), None]):
        for amount in (-1, 10_000_000):
            mirror.payment(f"NEW{number}{amount}", amount=amount, created_at=moment)
    rest = host.payments.list(sort=sort, limit=100, cursor=first.next_cursor)

    told = [it for it in ids(first) + ids(rest) if not it.startswith("NEW")]
    assert told == [f"PM{number}" for number in EXPECTED[sort]]
    assert len(ids(rest)) == len(set(ids(rest)))


@pytest.mark.usefixtures("heap")
@pytest.mark.parametrize("sort", SORTS)
def test_a_stream_gives_everything_in_order(host: Host, sort: Sort) -> None:
    told = [it.payment.id for it in host.payments.stream(sort=sort)]

    assert told == [f"PM{number}" for number in EXPECTED[sort]]


def test_a_stream_goes_on_over_many_pages(
    host: Host, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("halo_host.payments.payments._STREAMED_AT_ONCE", 3)
    for number in range(10):
        mirror.payment(f"PM{number}")

    assert [it.payment.id for it in host.payments.stream(sort="oldest")] == [
        f"PM{number}" for number in range(10)
    ]


@pytest.mark.usefixtures("heap")
@pytest.mark.parametrize(
    "cursor",
    ["nonsense", "é", "W10", "WyJuZXdlc3QiLDEsMV0", "WyJuZXdlc3QiLCJ4IiwxXQ", "A" * 9999, "bnVsbA"],
)
def test_a_cursor_of_nothing_is_refused(host: Host, cursor: str) -> None:
    with pytest.raises(InvalidInput, match="next page"):
        host.payments.list(cursor=cursor)


@pytest.mark.usefixtures("heap")
def test_a_cursor_of_another_order_is_refused(host: Host) -> None:
    cursor = host.payments.list(limit=1).next_cursor

    with pytest.raises(InvalidInput, match="keep its sort order"):
        host.payments.list(sort="largest", cursor=cursor)


def test_a_mirror_of_nothing_is_an_empty_list(host: Host) -> None:
    assert host.payments.list() == ListPage(payments=(), next_cursor=None)
    assert host.payments.totals() == ()
    assert list(host.payments.stream()) == []


# --- money -------------------------------------------------------------------------------------


def test_totals_are_by_currency_and_exact(host: Host, mirror: Mirror) -> None:
    largest = 2**53 + 1  # what a float cannot hold
    mirror.payment("PM1", amount=largest, status="paid_out")
    mirror.payment("PM2", amount=2, status="confirmed", amount_refunded=1)
    mirror.payment("PM3", amount=30, status="failed")
    mirror.payment("PM4", amount=400, status="charged_back")
    mirror.payment("PM5", amount=5_000, status="pending")
    mirror.payment("PM6", amount=7, currency="JPY", status="paid_out", amount_refunded=7)

    gbp, jpy = host.payments.totals()

    assert gbp.payments == 5
    assert gbp.amount == Money(amount=largest + 5_432, currency="GBP")
    assert gbp.collected == Money(amount=largest + 2, currency="GBP")
    assert gbp.failed == Money(amount=430, currency="GBP")
    assert gbp.refunded == Money(amount=1, currency="GBP")
    assert (str(jpy.amount), str(jpy.refunded), jpy.failed.amount) == ("7 JPY", "7 JPY", 0)
    assert type(gbp.amount.amount) is int


def test_times_are_read_back_in_utc(host: Host, mirror: Mirror) -> None:
    moment = datetime(2026, 2, 3, 4, 5, 6, 789_000, tzinfo=UTC)
    mirror.payment("PM1", created_at=moment)

    (listed,) = host.payments.list().payments

    assert listed.payment.created_at == moment
