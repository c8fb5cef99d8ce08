"""A page costs a fixed number of SQL statements, however many records it has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, event
from support.bank import Bank
from support.clock import Clock

from halo_host import StreamKind
from halo_host.sync.passes import PageWriter

from .conftest import Mirrored

AT_MOST = 12


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The statements of every page that is written meanwhile, page by page as one text each."""
    statements: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        statements.append(statement)

    copy = psycopg.Cursor.copy

    def noted_copy(self: Any, statement: Any, *args: Any, **kwargs: Any) -> Any:
        statements.append(str(statement))
        return copy(self, statement, *args, **kwargs)

    monkeypatch.setattr(psycopg.Cursor, "copy", noted_copy)
    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[list[str]]]:
    """The statements of each page that the test has written."""
    found: list[list[str]] = []
    take = PageWriter.take
    with counted(monkeypatch) as statements:

        def noted(self: PageWriter, *args: Any, **kwargs: Any) -> Any:
            statements.clear()
            applied = take(self, *args, **kwargs)
            found.append([it for it in statements if not it.startswith("BEGIN")])
            return applied

        monkeypatch.setattr(PageWriter, "take", noted)
        yield found


@pytest.mark.parametrize("size", [1, 50, 500])
def test_a_page_costs_at_most_twelve_statements(
    mirrored: Mirrored, bank: Bank, clock: Clock, pages: list[list[str]], size: int
) -> None:
    bank.page_size = 500
    bank.payer("CU1")
    bank.mandate("MD1", "CU1")
    mirrored.sync()
    mirrored.sync()

    costs = {}
    for what, status in (("new", "pending"), ("changed", "submitted"), ("unchanged", None)):
        if status is None:
            mirrored.host.sync.reset("bank", agent="tester")
        else:
            clock.advance(hours=2)
            for number in range(size):
                bank.payment(f"PM{number}", "MD1", status)
        pages.clear()
        mirrored.sync()
        costs[what] = max(len(page) for page in pages)

    assert len(mirrored.rows(StreamKind.PAYMENTS)) == size
    assert max(costs.values()) <= AT_MOST, max(pages, key=len)


def test_every_kind_of_page_is_within_the_bound(
    mirrored: Mirrored, bank: Bank, clock: Clock, pages: list[list[str]]
) -> None:
    bank.page_size = 500
    for number in range(40):
        bank.payer(f"CU{number}")
        bank.mandate(f"MD{number}", f"CU{number}")
        bank.payment(f"PM{number}", f"MD{number}", "paid_out")
        fields = {"amount": 100, "currency": "GBP"}
        bank.put(StreamKind.SUBSCRIPTIONS, f"SB{number}", status="active", mandate="MD1", **fields)
        bank.put(StreamKind.REFUNDS, f"RF{number}", status="paid", payment="PM1", **fields)
        bank.put(StreamKind.PAYOUTS, f"PO{number}", status="paid", **fields)
    mirrored.sync()
    clock.advance(days=2)
    for number in range(40):
        bank.mandate(f"MD{number}", f"CU{number}", "cancelled")
        bank.event(StreamKind.REFUNDS, f"RF{number}", "paid")
    mirrored.sync()

    assert max(len(page) for page in pages) <= AT_MOST, max(pages, key=len)
