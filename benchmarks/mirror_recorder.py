"""Recordings of all that a first fill reads, as complete HTTP answers in one file, made once.

The lists are those of the twin's generated business: customers, mandates, subscriptions, payments,
refunds, payouts with their items, and all events of the time for which the twin keeps them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import cache
from multiprocessing import get_context
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Any, BinaryIO

import orjson
from halo_gocardless.streams import PAYOUT_ITEMS_ARE_KEPT
from halo_gocardless.twin import Twin, TwinConfig
from halo_gocardless.twin.listing import Query, list_page
from halo_gocardless.twin.store import Store
from halo_gocardless.twin.times import to_ms
from mirror_recording import LISTS, PAGE, page_body, resource_of
from recorded import NOW, answer

_SLOTS_A_PART = 4_000
_EVERYTHING = 1 << 30


def record(answers: Path, index: Path, customers: int) -> None:
    """Write the answers of a business of that many customers, and where they are."""
    with answers.open("wb") as file, get_context("spawn").Pool(os.cpu_count()) as pool:
        writer = _Writer(file)
        for name in LISTS:
            parts = pool.imap(_part, ((customers, name, *it) for it in _windows(customers, name)))
            writer.write(name, (record for part in parts for record in part))
        _record_payout_items(writer, pool, customers)
        for name in ("refunds_of_mandates", "payout_items", "changes"):
            writer.write(name, ())
    index.write_bytes(orjson.dumps({"lists": writer.lists, "counts": writer.counts}))


def _record_payout_items(writer: _Writer, pool: Pool, customers: int) -> None:
    store = _store(customers)
    since = to_ms(NOW - PAYOUT_ITEMS_ARE_KEPT)
    payouts = list_page(store.payouts, Query(limit=_EVERYTHING, since_ms=since)).bodies
    identities = [payout["id"] for payout in payouts]
    items = pool.imap(_items, ((customers, it) for it in identities))
    for identity, lines in zip(identities, items, strict=True):
        writer.write(f"payout_items:{identity}", lines)


class _Writer:
    """Writes lists page by page."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.lists: dict[str, list[int]] = {}
        self.counts: dict[str, int] = {}

    def write(self, name: str, records: Iterable[bytes]) -> None:
        """Write a list's encoded records as pages, at least one."""
        resource = resource_of(name)
        offsets = [self._file.tell()]
        count = 0
        for number, (page, is_last) in enumerate(_pages(records)):
            count += len(page)
            body = page_body(resource, number, page, is_last=is_last)
            offsets.append(offsets[-1] + self._file.write(answer(body, number)))
        self.lists[name] = offsets
        self.counts[resource] = self.counts.get(resource, 0) + count


def _pages(records: Iterable[bytes]) -> Iterator[tuple[list[bytes], bool]]:
    page: list[bytes] = []
    for record in records:
        if len(page) == PAGE:
            yield page, False
            page = []
        page.append(record)
    yield page, True


def _windows(customers: int, name: str) -> list[tuple[int, int]]:
    """Times between which each holds a few thousand slots, newest first."""
    collection = _store(customers).collections[name]
    longest = max(collection.lanes, key=len)
    slots = range(0, len(longest), max(1, _SLOTS_A_PART // len(collection.lanes)))
    times = sorted({longest.created_ms(slot) for slot in slots} - {0})
    edges = [0, *times, 1 << 62]
    return [(edges[number], edges[number + 1]) for number in reversed(range(len(edges) - 1))]


def _part(task: tuple[int, str, int, int]) -> list[bytes]:
    customers, name, since, until = task
    query = Query(limit=_EVERYTHING, since_ms=since, until_ms=until)
    found = list_page(_store(customers).collections[name], query).bodies
    return list(map(orjson.dumps, found))


def _items(task: tuple[int, str]) -> list[bytes]:
    customers, identity = task
    store = _store(customers)
    items: list[dict[str, Any]] = store.payout_items(identity, 0, _EVERYTHING)
    return list(map(orjson.dumps, items))


@cache
def _store(customers: int) -> Store:
    store = Twin(TwinConfig(customers=customers, now=NOW)).store
    store.clock.virtual = True  # stands still
    return store
