"""On PostgreSQL, two that change the same deliveries wait for each other, and never in a circle."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, text
from support.databases import empty_postgresql
from support.postgresql_server import Server

from halo_host.webhooks.inbox import Inbox, Result, Selection
from halo_host.webhooks.tables import deliveries
from halo_host.webhooks.writer import Arrival, store_all

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
DEADLINE = 60  # seconds


@pytest.fixture
def inbox(postgresql_server: Server) -> Iterator[Inbox]:
    """It got the delivery `b` before the delivery `a`: ids and keys are in different orders."""
    with (
        empty_postgresql(postgresql_server) as url,
        closing(Inbox(url, lambda: NOW)) as inbox,
    ):
        arrive(inbox, "b")
        arrive(inbox, "a")
        yield inbox


def arrive(inbox: Inbox, *keys: str) -> list[bool]:
    """Deliveries come to a web server, which stores them in one transaction."""
    arrivals = [
        Arrival(connection="acme", key=key, body=b"", headers={}, is_test=False, at=NOW)
        for key in keys
    ]
    with inbox.database.write() as connection:
        return store_all(connection, arrivals)


def note(inbox: Inbox) -> None:
    """The integrator has processed both, the oldest first."""
    waiting = [it.id for it in inbox.next_new("acme", limit=10)]
    inbox.note([Result(number, events=1) for number in waiting])


def replay(inbox: Inbox) -> None:
    inbox.renew([deliveries.c.connection == "acme"])


def prune(inbox: Inbox) -> None:
    inbox.prune(datetime(2026, 3, 3, tzinfo=UTC))


@pytest.mark.parametrize("change", [note, replay, prune])
def test_deliveries_come_again_while_they_are_changed(
    inbox: Inbox, change: Callable[[Inbox], None]
) -> None:
    if change is not note:
        note(inbox)
    with ThreadPoolExecutor(2) as threads:
        with inbox.database.write() as connection:
            first = select(deliveries.c.id).where(deliveries.c.delivery_key == "a")
            connection.execute(first.with_for_update())
            arriving = threads.submit(arrive, inbox, "a", "b")
            wait_for_waiting(inbox, 1)
            changing = threads.submit(change, inbox)
            wait_for_waiting(inbox, 2)
        arriving.result(DEADLINE)
        changing.result(DEADLINE)

    left = {it.key: it.attempts for it in inbox.find(Selection(), limit=10)}
    if change is prune:  # before they came again, or after
        assert left in ({"a": 1, "b": 1}, {})
    else:
        assert left == {"a": 2, "b": 2}


def wait_for_waiting(inbox: Inbox, number: int) -> None:
    """Until so many wait for somebody else's transaction."""
    query = (
        select(func.count())
        .select_from(text("pg_stat_activity"))
        .where(text("wait_event_type = 'Lock' AND datname = current_database()"))
    )
    deadline = time.monotonic() + DEADLINE
    while True:
        with inbox.database.read() as connection:
            if connection.scalar(query) == number:
                return
        assert time.monotonic() < deadline
        time.sleep(0.01)
