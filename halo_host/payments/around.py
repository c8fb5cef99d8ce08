"""What belongs to some payments or payers of one connection: one statement for each kind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from sqlalchemy import BindParameter, Connection, Select, Table, bindparam, select

from ..database.among import among, many_texts
from ..database.mirror_tables import (
    event_meanings,
    mandates,
    payouts,
    refunds,
    subscriptions,
    timeline,
)
from ..streams import StreamKind
from ..tab_types import Mandate, Payout, Refund, Subscription, TimelineEntry
from . import rows
from .vocabulary import Vocabulary


def _of_payers(table: Table) -> Select[Any]:
    return (
        select(table)
        .where(table.c.connection_id == _connection, among(table.c.external_user_id, _ids))
        .order_by(table.c.created_at.is_(None), table.c.created_at.desc(), table.c.id)
    )


# Asked with each tab, so these are made once.
_connection: BindParameter[Any] = bindparam("connection")
_ids = many_texts("ids")
_SAID = ("action", "origin", "cause", "reason_code", "text", "is_failure")
_TIMELINES = (
    select(timeline.c.resource_id, timeline.c.at, *(event_meanings.c[name] for name in _SAID))
    .join(event_meanings, event_meanings.c.id == timeline.c.meaning_id)
    .where(
        timeline.c.connection_id == _connection,
        among(timeline.c.resource_id, _ids),
        event_meanings.c.kind == bindparam("kind"),
    )
    .order_by(timeline.c.at, timeline.c.id)
)
_REFUNDS = (
    select(refunds)
    .where(refunds.c.connection_id == _connection, among(refunds.c.payment_id, _ids))
    .order_by(refunds.c.created_at.is_(None), refunds.c.created_at, refunds.c.id)
)
_PAYOUTS = select(payouts).where(
    payouts.c.connection_id == _connection, among(payouts.c.external_id, _ids)
)
_MANDATES, _SUBSCRIPTIONS = _of_payers(mandates), _of_payers(subscriptions)


def timelines(
    connection: Connection, connection_id: int, kind: StreamKind, ids: Collection[str]
) -> dict[str, tuple[TimelineEntry, ...]]:
    """The events of each of these records, oldest first; an empty tuple where there are none."""
    found: dict[str, list[TimelineEntry]] = {identity: [] for identity in ids}
    values = {"connection": connection_id, "kind": kind.value, "ids": ids}
    for row in connection.execute(_TIMELINES, values):
        found[row.resource_id].append(rows.timeline_entry(row))
    return {identity: tuple(entries) for identity, entries in found.items()}


def refunds_of(
    connection: Connection, connection_id: int, words: Vocabulary, payments: Collection[str]
) -> dict[str, tuple[Refund, ...]]:
    """The refunds of each of these payments, oldest first."""
    found: defaultdict[str, list[Refund]] = defaultdict(list)
    values = {"connection": connection_id, "ids": payments}
    for row in connection.execute(_REFUNDS, values):
        found[row.payment_id].append(rows.refund(row, words))
    return {identity: tuple(found[identity]) for identity in payments}


def payouts_by_id(
    connection: Connection, connection_id: int, words: Vocabulary, ids: Collection[str]
) -> dict[str, Payout]:
    """These payouts, as far as the mirror knows them."""
    found = connection.execute(_PAYOUTS, {"connection": connection_id, "ids": ids})
    return {row.external_id: rows.payout(row, words) for row in found}


def mandates_of(
    connection: Connection, connection_id: int, words: Vocabulary, payers: Collection[str]
) -> tuple[Mandate, ...]:
    """The payers' mandates, newest first."""
    values = {"connection": connection_id, "ids": payers}
    found = connection.execute(_MANDATES, values)
    return tuple(rows.mandate(row, words) for row in found)


def subscriptions_of(
    connection: Connection, connection_id: int, words: Vocabulary, payers: Collection[str]
) -> tuple[Subscription, ...]:
    """The payers' subscriptions, newest first."""
    values = {"connection": connection_id, "ids": payers}
    found = connection.execute(_SUBSCRIPTIONS, values)
    return tuple(rows.subscription(row, words) for row in found)
