"""What belongs to some payments or payers of one connection: one statement for each kind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Select, Table, select

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

_ids = many_texts("ids")


def timelines(
    connection: Connection, connection_id: int, kind: StreamKind, ids: Collection[str]
) -> dict[str, tuple[TimelineEntry, ...]]:
    """The events of each of these records, oldest first; an empty tuple where there are none."""
    said = ("action", "origin", "cause", "reason_code", "text", "is_failure")
    query = (
        select(timeline.c.resource_id, timeline.c.at, *(event_meanings.c[name] for name in said))
        .join(event_meanings, event_meanings.c.id == timeline.c.meaning_id)
        .where(
            timeline.c.connection_id == connection_id,
            among(timeline.c.resource_id, _ids),
            event_meanings.c.kind == kind.value,
        )
        .order_by(timeline.c.at, timeline.c.id)
    )
    found: dict[str, list[TimelineEntry]] = {identity: [] for identity in ids}
    for row in connection.execute(query, {"ids": ids}):
        found[row.resource_id].append(rows.timeline_entry(row))
    return {identity: tuple(entries) for identity, entries in found.items()}


def refunds_of(
    connection: Connection, connection_id: int, words: Vocabulary, payments: Collection[str]
) -> dict[str, tuple[Refund, ...]]:
    """The refunds of each of these payments, oldest first."""
    query = (
        select(refunds)
        .where(refunds.c.connection_id == connection_id, among(refunds.c.payment_id, _ids))
        .order_by(refunds.c.created_at.is_(None), refunds.c.created_at, refunds.c.id)
    )
    found: defaultdict[str, list[Refund]] = defaultdict(list)
    for row in connection.execute(query, {"ids": payments}):
        found[row.payment_id].append(rows.refund(row, words))
    return {identity: tuple(found[identity]) for identity in payments}


def payouts_by_id(
    connection: Connection, connection_id: int, words: Vocabulary, ids: Collection[str]
) -> dict[str, Payout]:
    """These payouts, as far as the mirror knows them."""
    query = select(payouts).where(
        payouts.c.connection_id == connection_id, among(payouts.c.external_id, _ids)
    )
    found = connection.execute(query, {"ids": ids})
    return {row.external_id: rows.payout(row, words) for row in found}


def mandates_of(
    connection: Connection, connection_id: int, words: Vocabulary, payers: Collection[str]
) -> tuple[Mandate, ...]:
    """The payers' mandates, newest first."""
    found = connection.execute(_of_payers(mandates, connection_id), {"ids": payers})
    return tuple(rows.mandate(row, words) for row in found)


def subscriptions_of(
    connection: Connection, connection_id: int, words: Vocabulary, payers: Collection[str]
) -> tuple[Subscription, ...]:
    """The payers' subscriptions, newest first."""
    found = connection.execute(_of_payers(subscriptions, connection_id), {"ids": payers})
    return tuple(rows.subscription(row, words) for row in found)


def _of_payers(table: Table, connection_id: int) -> Select[Any]:
    return (
        select(table)
        .where(table.c.connection_id == connection_id, among(table.c.external_user_id, _ids))
        .order_by(table.c.created_at.is_(None), table.c.created_at.desc(), table.c.id)
    )
