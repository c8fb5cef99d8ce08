"""The payments that failed lately: what somebody should look at first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, func, select

from ..database.mirror_tables import payments, timeline
from .filters import Wanted
from .listing import ListedPayment, listed, with_people
from .matching import has_later_failure
from .vocabulary import Vocabulary


@dataclass(frozen=True, kw_only=True, slots=True)
class RecentFailures:
    """`payments` are the latest ones, `count` is how many there are in all since then."""

    since: datetime
    count: int
    payments: tuple[ListedPayment, ...]


def recent_failures(
    connection: Connection,
    wanted: Wanted,
    since: datetime,
    limit: int,
    words: Callable[[str], Vocabulary],
) -> RecentFailures:
    """Payments whose latest failure came since then, the latest first. `wanted` names the
    connections alone."""
    of_payment = and_(
        payments.c.connection_id == timeline.c.connection_id,
        payments.c.external_id == timeline.c.resource_id,
    )
    lately = (
        timeline.c.is_failure,
        timeline.c.connection_id.in_(wanted.connection_ids),
        timeline.c.at >= since,
        ~has_later_failure(),
    )
    hint = "INDEXED BY ix_timeline_failures"
    page = (
        select(payments.c.id)
        .join_from(timeline, payments, of_payment)
        .with_hint(timeline, hint, "sqlite")
        .where(*lately)
        .order_by(timeline.c.at.desc(), timeline.c.id.desc())
        .limit(limit)
    )
    count = (
        select(func.count())
        .select_from(timeline)
        .join(payments, of_payment)
        .with_hint(timeline, hint, "sqlite")
        .where(*lately)
    )
    found = listed(connection.execute(with_people(page.subquery("page"))), words)
    found.sort(key=lambda it: it.failure.at if it.failure else since, reverse=True)
    return RecentFailures(
        since=since, count=connection.execute(count).scalar_one(), payments=tuple(found)
    )
