"""One payment with everything that is known about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, or_, select

from ..database.mirror_tables import (
    mandates,
    payments,
    payout_items,
    payouts,
    raw_pages,
    subscriptions,
)
from ..database.tables import connections
from ..errors import InvalidInput, NotFound
from ..streams import StreamKind
from ..sync.raw import unpack
from ..tab_types import Mandate, Payout, Refund, Subscription, TimelineEntry
from . import around, rows
from .listing import ListedPayment, listed, with_people
from .vocabulary import Vocabulary


@dataclass(frozen=True, kw_only=True, slots=True)
class PayoutLines:
    """All lines of a payout of one type. `tenths` is in tenths of a minor unit."""

    type: str
    lines: int
    tenths: int


@dataclass(frozen=True, kw_only=True, slots=True)
class PayoutItem:
    """A line of a payout that is about this payment or one of its refunds."""

    type: str
    tenths: int
    refund_id: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PayoutInFull:
    """The payout that a payment went out in.

    `adds_up` tells whether its lines make up its amount, to the tenth of a minor unit; None while
    they have not been read. `items` are the lines about the payment itself.
    """

    payout: Payout
    lines: tuple[PayoutLines, ...]
    items: tuple[PayoutItem, ...]
    adds_up: bool | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PaymentInFull:
    """`raw` is the record as the provider sent it, `read_at` when; None where it is not kept."""

    listed: ListedPayment
    timeline: tuple[TimelineEntry, ...]
    refunds: tuple[Refund, ...]
    payout: PayoutInFull | None
    mandate: Mandate | None
    subscription: Subscription | None
    read_at: datetime | None
    raw: Any


def payment_in_full(
    connection: Connection, payment_id: str, slug: str | None, words: Callable[[str], Vocabulary]
) -> PaymentInFull:
    """:raises NotFound: no connection, or not the one that is named, has such a payment.

    :raises InvalidInput: several connections have one of that id.
    """
    row = _row(connection, payment_id, slug)
    page = select(payments.c.id).where(payments.c.id == row.id).subquery("page")
    (found,) = listed(connection.execute(with_people(page)), words)
    said = words(found.connection)
    read_at, raw = _raw(connection, row)
    refunds = around.refunds_of(connection, row.connection_id, said, [payment_id])[payment_id]
    mandate = _one(connection, mandates, row.connection_id, row.mandate_id)
    subscription = _one(connection, subscriptions, row.connection_id, row.subscription_id)
    return PaymentInFull(
        listed=found,
        timeline=around.timelines(connection, row.connection_id, StreamKind.PAYMENTS, [payment_id])[
            payment_id
        ],
        refunds=refunds,
        payout=_payout(connection, row, said, [refund.id for refund in refunds]),
        mandate=None if mandate is None else rows.mandate(mandate, said),
        subscription=None if subscription is None else rows.subscription(subscription, said),
        read_at=read_at,
        raw=raw,
    )


def _row(connection: Connection, payment_id: str, slug: str | None) -> Row[Any]:
    query = (
        select(payments, connections.c.slug)
        .join(connections, connections.c.id == payments.c.connection_id)
        .where(payments.c.external_id == payment_id)
        # Named, so that the index is used, which begins with the connection.
        .where(payments.c.connection_id.in_(_connection_ids(connection, slug)))
        .order_by(connections.c.slug)
    )
    found = connection.execute(query).all()
    if not found:
        where = "" if slug is None else f" of {slug}"
        raise NotFound(
            f"The mirror{where} holds no payment {payment_id[:60]}.",
            advice="See `halo-host payments list`; what is new comes with the next sync.",
        )
    if len(found) > 1:
        slugs = ", ".join(row.slug for row in found)
        raise InvalidInput(
            f"Several connections have a payment {payment_id[:60]}: {slugs}.",
            advice="Name one with --connection.",
        )
    return found[0]


def _connection_ids(connection: Connection, slug: str | None) -> list[int]:
    query = select(connections.c.id)
    if slug is not None:
        query = query.where(connections.c.slug == slug)
    found = list(connection.scalars(query))
    if slug is not None and not found:
        raise NotFound(f"There is no connection {slug[:60]}.")
    return found


def _one(connection: Connection, table: Any, connection_id: int, identity: str) -> Row[Any] | None:
    if not identity:
        return None
    query = select(table).filter_by(connection_id=connection_id, external_id=identity)
    return connection.execute(query).one_or_none()


def _payout(
    connection: Connection, payment: Row[Any], words: Vocabulary, refund_ids: list[str]
) -> PayoutInFull | None:
    row = _one(connection, payouts, payment.connection_id, payment.payout_id)
    if row is None:
        return None
    of_payout = (
        payout_items.c.connection_id == payment.connection_id,
        payout_items.c.payout_id == row.external_id,
    )
    sums = (
        select(
            payout_items.c.type,
            func.count().label("lines"),
            func.sum(payout_items.c.tenths).label("tenths"),
        )
        .where(*of_payout)
        .group_by(payout_items.c.type)
        .order_by(payout_items.c.type)
    )
    own = (
        select(payout_items.c.type, payout_items.c.tenths, payout_items.c.refund_id)
        .where(
            *of_payout,
            or_(
                payout_items.c.payment_id == payment.external_id,
                payout_items.c.refund_id.in_(refund_ids),
            ),
        )
        .order_by(payout_items.c.position)
    )
    lines = tuple(
        PayoutLines(type=it.type, lines=it.lines, tenths=int(it.tenths))
        for it in connection.execute(sums)
    )
    return PayoutInFull(
        payout=rows.payout(row, words),
        lines=lines,
        items=tuple(
            PayoutItem(type=it.type, tenths=it.tenths, refund_id=it.refund_id or None)
            for it in connection.execute(own)
        ),
        adds_up=sum(it.tenths for it in lines) == row.amount * 10 if lines else None,
    )


def _raw(connection: Connection, payment: Row[Any]) -> tuple[datetime | None, Any]:
    query = select(raw_pages.c.read_at, raw_pages.c.body).where(
        raw_pages.c.id == payment.raw_page_id
    )
    page = connection.execute(query).one_or_none()
    if page is None:
        return None, None
    records = unpack(page.body)
    position = payment.raw_position
    return page.read_at, records[position] if position < len(records) else None
