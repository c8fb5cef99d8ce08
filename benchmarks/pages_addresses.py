"""Which pages are measured, at which addresses, and what the floor needs to show the same rows.

The floor shall run the very queries that a page's rows come from. They are noted down while the
host's own rooms read those rows; what a page reads beside them (who is signed in, connections,
sums, charts) is the host's own cost.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from pages_database import CHANGE_SET, SLUG, settings_of
from pages_floor_rows import SIZE
from sqlalchemy import Engine, event

from halo_host import PaymentQuery, StreamKind
from halo_host.host import Host
from halo_host.imports.listing import RowFilter
from halo_host.payments.vocabulary import Vocabulary
from halo_host.sync.reader import declared_streams
from halo_host.web.payments.tones import tone_of
from halo_host.web.shell.icons import icon

_TAB = f"/users/{{}}/tabs/{SLUG}/payments"
_BESIDE = ("FROM connections ", "FROM connection_secrets ")
Query = tuple[str, list[Any]]


@dataclass(frozen=True, slots=True)
class Page:
    """A kind of page. `is_part`: it comes by a request of htmx, into a page that stands."""

    name: str
    kind: str
    addresses: tuple[str, ...]
    is_part: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    pages: tuple[Page, ...]
    floor_file: Path


def prepared(folder: Path, addresses: int, users: int) -> Prepared:
    """The pages of the data folder, with what the floor needs in a file beside them."""
    queries: dict[str, list[Query]] = {}
    with Host(settings_of(folder)) as host:
        assert host.directory.custom_fields() == []  # opens the database, which asks its age
        people = [number * users // (addresses + 1) + 1 for number in range(1, addresses + 1)]
        pages = (
            Page("User page", "user", tuple(_users(host, queries, people))),
            Page("Payments tab", "tab", tuple(_tabs(host, queries, people)), is_part=True),
            Page(
                "Payments tab, 10,000 payments",
                "tab",
                tuple(_tabs(host, queries, [1])),
                is_part=True,
            ),
            Page("Payments", "payments", tuple(_payments(host, queries, addresses))),
            Page("Change set", "rows", tuple(_rows(host, queries, addresses))),
        )
        words = _words(host)
    file = folder / "floor.json"
    file.write_text(json.dumps({"queries": queries, "words": words}), "utf-8")
    return Prepared(pages, file)


def _users(host: Host, queries: dict[str, list[Query]], people: list[int]) -> Iterator[str]:
    for number in people:
        address = f"/users/{number}"
        with _noted(queries, address):
            host.directory.links(host.directory.user(number))
        yield address


def _tabs(host: Host, queries: dict[str, list[Query]], people: list[int]) -> Iterator[str]:
    connection = host.connections.for_plugin(SLUG)
    for number in people:
        payers = host.tabs.payers_of(number, SLUG)
        mirror = host.payments.mirror_of(connection, payers)
        assert mirror is not None
        with _noted(queries, _TAB.format(number)):
            found = mirror.payments(PaymentQuery(external_user_ids=payers, limit=SIZE)).payments
            mirror.timelines(found)
            mirror.refunds(found)
            mirror.payouts(found)
            mirror.mandates()
        yield _TAB.format(number)


def _payments(host: Host, queries: dict[str, list[Query]], pages: int) -> Iterator[str]:
    cursor: str | None = None
    for _ in range(pages):
        address = f"/payments?{urlencode({'after': cursor})}" if cursor else "/payments"
        with _noted(queries, address):
            cursor = host.payments.list(limit=SIZE, cursor=cursor).next_cursor
        yield address
        if cursor is None:
            return


def _rows(host: Host, queries: dict[str, list[Query]], pages: int) -> Iterator[str]:
    change_set = host.imports.get(CHANGE_SET)
    last = min(change_set.count() // SIZE, pages)
    for number in range(1, last + 1):
        address = f"/imports/{CHANGE_SET}?page={number}"
        with _noted(queries, address):
            host.reviews.page(change_set, RowFilter(), page=number, size=SIZE)
        yield address


@contextmanager
def _noted(queries: dict[str, list[Query]], address: str) -> Iterator[None]:
    """Note the statements of the block that rows come from, in their order."""
    found = queries[address] = []

    def note(*arguments: Any) -> None:
        statement, parameters = arguments[2:4]
        if not any(beside in " ".join(statement.split()) for beside in _BESIDE):
            found.append((statement, list(parameters)))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def _words(host: Host) -> dict[str, Any]:
    """What the plugin says about statuses, where its records are opened, and some icons."""
    connection = host.connections.for_plugin(SLUG)
    streams = declared_streams(host.plugins, connection)
    vocabulary = Vocabulary(streams)
    statuses = {
        kind.value: {
            status: [vocabulary.explanation(kind, status), tone_of(meaning.state)]
            for status, meaning in stream.meanings.items()
        }
        for kind, stream in streams.items()
    }
    kinds = (StreamKind.PAYMENTS, StreamKind.MANDATES, StreamKind.PAYOUTS)
    return {
        "slug": SLUG,
        "statuses": statuses,
        "urls": {kind.value: vocabulary.url(kind, "ID") for kind in kinds},
        "icons": {
            "external-link": str(icon("external-link")),
            "link-off": str(icon("link-off")),
            "becomes": str(icon("arrow-right", "becomes")),
        },
    }
