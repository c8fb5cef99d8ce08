"""Sixteen clients that deliver a thousand webhooks each, half of them twice, to real processes: web
server and two integrators. Nothing is refused, nothing is lost, and each event is applied once."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import queue
import random
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from halo_host import StreamKind
from halo_host.database.mirror_tables import timeline
from halo_host.jobs.job import JobState
from halo_host.webhooks.tables import deliveries

from .desk import SLUG, WEBHOOK_SECRET, Desk
from .processes import DEADLINE, integrator, serving, wait_until

pytestmark = pytest.mark.once
CLIENTS, EACH = 16, 1_000
DIFFERENT = CLIENTS * EACH // 2


def test_each_of_many_parallel_deliveries_is_kept_and_applied_once(
    make_desk: Callable[..., Desk], database_url: str, tmp_path: Path
) -> None:
    desk: Desk = make_desk(customers=40, now=datetime.now(UTC))
    desk.fill()
    workers = 1 if desk.host.database.is_sqlite else 3
    with (
        serving(database_url, tmp_path, workers=workers) as address,
        integrator(database_url, tmp_path) as first,
        integrator(database_url, tmp_path) as second,
    ):
        assert Deliveries(desk, address).all() == {204: CLIENTS * EACH}
        wait_until(lambda: states(desk) == {"processed": DIFFERENT}, first, second)

    with desk.host.webhooks.inbox.database.read() as connection:
        assert connection.scalar(select(func.sum(deliveries.c.attempts))) == CLIENTS * EACH
    applied = Counter(it for it in event_ids(desk) if it.startswith("EVPARALLEL"))
    assert len(applied) == DIFFERENT
    assert set(applied.values()) == {1}
    jobs = desk.host.jobs.list(SLUG, kinds=["webhooks"], limit=10_000)
    # A last wake-up may wait for integrators that have ended; there is nothing left for it to do.
    assert {job.state for job in jobs} - {JobState.QUEUED} == {JobState.DONE}
    assert {job.failed for job in jobs} == {0}
    desk.assert_right()


def states(desk: Desk) -> dict[str, int]:
    query = select(deliveries.c.state, func.count()).group_by(deliveries.c.state)
    with desk.host.webhooks.inbox.database.read() as connection:
        return {row.state: row[1] for row in connection.execute(query)}


def event_ids(desk: Desk) -> list[str]:
    with desk.host.database.read() as connection:
        return list(connection.scalars(select(timeline.c.event_id)))


class Deliveries:
    """What the clients send: each different delivery twice, in a random order, from a queue."""

    def __init__(self, desk: Desk, address: tuple[str, int]) -> None:
        self._address = address
        self._payments = list(desk.held_by_twin(StreamKind.PAYMENTS))
        chosen = list(range(DIFFERENT)) * 2
        random.Random(3).shuffle(chosen)
        self._left: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        for number in [*chosen, *[None] * CLIENTS]:
            self._left.put(number)
        self._statuses: queue.SimpleQueue[int] = queue.SimpleQueue()

    def all(self) -> Counter[int]:
        """Send everything; how often each status came back."""
        clients = [threading.Thread(target=self._send) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        return Counter(self._statuses.get() for _ in range(self._statuses.qsize()))

    def _send(self) -> None:
        with closing(http.client.HTTPConnection(*self._address, timeout=DEADLINE)) as connection:
            while (number := self._left.get()) is not None:
                body = self._body(number)
                signature = hmac.new(WEBHOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()
                headers = {"Content-Type": "application/json", "Webhook-Signature": signature}
                connection.request("POST", f"/webhooks/{SLUG}", body, headers)
                with connection.getresponse() as answer:
                    answer.read()
                    self._statuses.put(answer.status)

    def _body(self, number: int) -> bytes:
        event: dict[str, Any] = {
            "id": f"EVPARALLEL{number:06}",
            "created_at": "2026-03-17T10:00:00.000Z",
            "resource_type": "payments",
            "action": "confirmed",
            "details": {
                "origin": "gocardless",
                "cause": "payment_confirmed",
                "description": "Enough time has passed since the payment was submitted.",
            },
            "metadata": {},
            "links": {"payment": self._payments[number % len(self._payments)]},
        }
        said = {"events": [event], "meta": {"webhook_id": f"WBPARALLEL{number:06}"}}
        return json.dumps(said).encode()
