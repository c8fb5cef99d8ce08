"""Lists of payments over all users and connections: whose each is, and why it failed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, Subquery, and_, select

from ..database.mirror_tables import event_meanings, payers, payments, timeline
from ..database.tables import connections, customers, links, sites, users
from ..directory.users import display_name
from ..tab_types import TimelineEntry
from ..types import Payment
from . import rows
from .vocabulary import Vocabulary

# What a user's name is made of, and what it is called beside the columns of a payment.
_LABELS = {
    name: f"user_{name}" for name in ("reference", "given_name", "family_name", "company", "email")
}
_SAID = ("action", "origin", "cause", "reason_code", "text", "is_failure")


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedPayment:
    """A payment as lists show it, with whose it is.

    `connection` is a slug. `payer` is the payer's name at the provider, "" where it is not known.
    Without a link to a user, `user_id` and `customer_id` are None and their names "". `failure` is
    the payment's latest failure, whatever has become of it since.
    """

    connection: str
    payment: Payment
    payer: str
    user_id: int | None
    user: str
    customer_id: int | None
    customer: str
    failure: TimelineEntry | None


def with_people(page: Subquery) -> Select[Any]:
    """The payments of a page with payer, user, customer and latest failure."""
    latest = timeline.alias("latest")
    failure = (
        select(latest.c.id)
        .with_hint(latest, "INDEXED BY ix_timeline_failures", "sqlite")
        .where(
            latest.c.is_failure,
            latest.c.connection_id == payments.c.connection_id,
            latest.c.resource_id == payments.c.external_id,
        )
        .order_by(latest.c.at.desc(), latest.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(
            *rows.PAYMENT_COLUMNS,
            payments.c.connection_id,
            connections.c.slug,
            payers.c.name.label("payer"),
            users.c.id.label("user_id"),
            *(users.c[name].label(label) for name, label in _LABELS.items()),
            customers.c.id.label("customer_id"),
            customers.c.name.label("customer"),
            timeline.c.at,
            *(event_meanings.c[name] for name in _SAID),
        )
        .join_from(page, payments, payments.c.id == page.c.id)
        .join(connections, connections.c.id == payments.c.connection_id)
        .outerjoin(payers, _of_payer(payers.c.connection_id, payers.c.external_id))
        .outerjoin(links, _of_payer(links.c.connection_id, links.c.external_id))
        .outerjoin(users, users.c.id == links.c.user_id)
        .outerjoin(sites, sites.c.id == users.c.site_id)
        .outerjoin(customers, customers.c.id == sites.c.customer_id)
        .outerjoin(timeline, timeline.c.id == failure)
        .outerjoin(event_meanings, event_meanings.c.id == timeline.c.meaning_id)
    )


def listed(found: Iterable[Row[Any]], words: Callable[[str], Vocabulary]) -> list[ListedPayment]:
    return [
        ListedPayment(
            connection=row.slug,
            payment=rows.payment(row, words(row.slug)),
            payer=row.payer or "",
            user_id=row.user_id,
            user="" if row.user_id is None else _name(row),
            customer_id=row.customer_id,
            customer=row.customer or "",
            failure=None if row.at is None else rows.timeline_entry(row),
        )
        for row in found
    ]


def _name(row: Row[Any]) -> str:
    values = row._mapping
    return display_name(
        {"id": row.user_id, **{name: values[label] for name, label in _LABELS.items()}}
    )


def _of_payer(connection_id: Any, external_id: Any) -> Any:
    return and_(
        connection_id == payments.c.connection_id, external_id == payments.c.external_user_id
    )
