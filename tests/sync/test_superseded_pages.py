"""Raw pages go when no row refers to them any more, and not before."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import insert, select
from support.bank import Bank
from support.clock import Clock

from halo_host import StreamKind
from halo_host.database.mirror_tables import raw_pages
from halo_host.integrator.sweep import Sweep
from halo_host.jobs.presence import Presence
from halo_host.sync.raw import pack
from halo_host.sync.superseded_pages import referring_tables, remove_superseded_pages

from .conftest import Mirrored


def _pages(mirrored: Mirrored) -> set[int]:
    with mirrored.host.database.read() as connection:
        return set(connection.scalars(select(raw_pages.c.id)))


def _named(mirrored: Mirrored) -> set[int]:
    with mirrored.host.database.read() as connection:
        return {
            number
            for table in referring_tables()
            for number in connection.scalars(select(table.c.raw_page_id))
        }


def _raw_statuses(mirrored: Mirrored) -> dict[str, str]:
    """Every payment's status as its raw form has it."""
    shown = {it: mirrored.host.payments.get(it) for it in mirrored.rows(StreamKind.PAYMENTS)}
    assert all(it.read_at is not None for it in shown.values())
    return {identity: it.raw["status"] for identity, it in shown.items()}


def _change_without_event(bank: Bank, status: str, numbers: range) -> None:
    for number in numbers:
        bank.put(StreamKind.PAYMENTS, f"PM{number}", status=status)


def _read_all_again(mirrored: Mirrored, clock: Clock) -> None:
    clock.advance(hours=1)
    mirrored.verify(repair=True)


@pytest.fixture
def business(mirrored: Mirrored, bank: Bank) -> Mirrored:
    """Twelve payments on four pages, and what belongs to them, mirrored."""
    bank.payer("CU1")
    bank.mandate("MD1", "CU1")
    for number in range(12):
        bank.payment(f"PM{number}", "MD1")
    bank.put(StreamKind.PAYOUTS, "PO1", status="paid", amount=1250, currency="GBP")
    bank.items_of["PO1"] = [{"type": "payment_paid_out", "tenths": 12500, "payment": "PM0"}]
    mirrored.sync()
    return mirrored


def test_pages_that_nothing_names_go_and_all_others_stay(
    business: Mirrored, bank: Bank, clock: Clock
) -> None:
    before = _pages(business)
    assert remove_superseded_pages(business.host.database) == 0
    for status in ("submitted", "confirmed", "paid_out"):
        _change_without_event(bank, status, range(12))
        _read_all_again(business, clock)
    grown = _pages(business)
    needed = _named(business)
    superseded = grown - needed - {max(grown)}
    assert len(superseded) >= 8, "each reading left the last one's pages behind"
    assert superseded & before

    removed = remove_superseded_pages(business.host.database)

    assert removed == len(superseded)
    assert _pages(business) == grown - superseded >= needed
    assert _raw_statuses(business) == {f"PM{number}": "paid_out" for number in range(12)}
    assert remove_superseded_pages(business.host.database) == 0


def test_a_page_stays_while_one_of_its_records_is_as_it_was(
    business: Mirrored, bank: Bank, clock: Clock
) -> None:
    page_of = {key: row.raw_page_id for key, row in business.rows(StreamKind.PAYMENTS).items()}
    _change_without_event(bank, "submitted", range(11))
    _read_all_again(business, clock)

    remove_superseded_pages(business.host.database)

    assert page_of["PM11"] in _pages(business)
    statuses = {f"PM{number}": "submitted" for number in range(11)}
    assert _raw_statuses(business) == statuses | {"PM11": "pending"}


def test_events_and_lines_of_payouts_keep_their_pages(
    business: Mirrored, bank: Bank, clock: Clock
) -> None:
    for _ in range(3):
        bank.event(StreamKind.PAYMENTS, "PM3", "retried")
        clock.advance(minutes=10)
        business.sync()

    remove_superseded_pages(business.host.database)

    tables = {table.name for table in referring_tables()}
    assert {"timeline", "payout_items", "payments", "payers"} <= tables
    assert _named(business) <= _pages(business)


def test_the_id_of_a_removed_page_is_not_given_again(
    business: Mirrored, bank: Bank, clock: Clock
) -> None:
    _change_without_event(bank, "submitted", range(12))
    _read_all_again(business, clock)
    with business.host.database.write() as connection:
        newest = _store_page(connection, business)

    remove_superseded_pages(business.host.database)

    assert max(_pages(business)) == newest, "the newest stays, though nothing names it"
    with business.host.database.write() as connection:
        assert _store_page(connection, business) > newest


def _store_page(connection: Any, mirrored: Mirrored) -> int:
    """A page that nothing names."""
    values = {
        "connection_id": mirrored.host.connections.get("bank").id,
        "read_at": mirrored.host.clock(),
        "body": pack([b"{}"]),
    }
    number: int = connection.execute(
        insert(raw_pages).values(values).returning(raw_pages.c.id)
    ).scalar_one()
    return number


def test_a_page_that_is_written_meanwhile_stays(
    business: Mirrored, bank: Bank, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sync goes on while the pages are looked through, one table after the other."""
    from halo_host.sync import superseded_pages

    tables = referring_tables()
    statuses = iter(["submitted", "confirmed", "paid_out", "failed"])

    def spare_and_sync(*arguments: Any) -> None:
        spare(*arguments)
        status = next(statuses, None)
        if status is not None:
            _change_without_event(bank, status, range(12))
            _read_all_again(business, clock)

    spare = superseded_pages._spare_those_of
    monkeypatch.setattr(superseded_pages, "_spare_those_of", spare_and_sync)
    assert len(tables) > 4

    remove_superseded_pages(business.host.database)

    assert _named(business) <= _pages(business)
    assert set(_raw_statuses(business).values()) == {"failed"}


def test_many_pages_are_removed_in_transactions_of_a_few(business: Mirrored) -> None:
    database = business.host.database
    with database.write() as connection:
        for _ in range(150):
            _store_page(connection, business)
    sizes = []

    class Watched:
        """Counts the pages before and after each of the transactions that remove some."""

        read = staticmethod(database.read)

        @staticmethod
        def write() -> Any:
            sizes.append(len(_pages(business)))
            return database.write()

    assert remove_superseded_pages(Watched()) == 149  # type: ignore[arg-type]

    sizes.append(len(_pages(business)))
    steps = [before - after for before, after in pairwise(sizes)]
    assert sum(steps) == 149
    assert max(steps) <= 20


def test_the_integrator_removes_them_once_a_day(
    business: Mirrored, bank: Bank, clock: Clock
) -> None:
    presence = Presence(business.host.database, clock, threads=1)
    sweep = Sweep(business.host, presence)
    sweep.once()
    assert sweep.leads
    _change_without_event(bank, "submitted", range(12))
    _read_all_again(business, clock)
    grown = _pages(business)

    sweep.once()
    assert _pages(business) == grown, "not every few seconds"
    clock.advance(days=1)
    sweep.once()

    assert _pages(business) < grown
    assert _named(business) <= _pages(business)
    presence.leave()
