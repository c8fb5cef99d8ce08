"""Raise and end alerts inside the transaction of what they are about."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select, update

from ..database.among import among, many_texts
from ..database.bulk import insert_missing_rows
from ..database.columns import clean_text, stored_time
from ..database.ids import allocate_ids
from ..database.job_tables import alerts

# Money that was taken for certain and went back: these wait for an agent's acknowledgement. All
# others end by themselves with what they tell of.
MONEY_KINDS = frozenset({"late_failure", "chargeback"})

_COLUMNS = ("id", "connection_id", "kind", "key", "external_user_id", "text", "raised_at")
_known = select(alerts.c.connection_id, alerts.c.key, alerts.c.raised_at, alerts.c.ended_at).where(
    among(alerts.c.key, many_texts("keys"))
)


class NewAlert(NamedTuple):
    """`key` names what it is about within the connection, such as "late_failure:PM123".

    `at` is when that happened, UTC. `external_user_id` is the payer it is about, or "".
    """

    connection_id: int
    kind: str
    key: str
    text: str
    external_user_id: str
    at: datetime


def raise_alerts(connection: Connection, new: Sequence[NewAlert]) -> int:
    """Raise those that are not raised yet, in the caller's transaction; how many that were.

    One that is open, or that tells of the same moment or a later one and has been acknowledged, is
    not raised again: what is read twice is told once.
    """
    wanted = {(alert.connection_id, alert.key): alert for alert in new}
    if not wanted:
        return 0
    keys = sorted({key for _, key in wanted})
    for row in connection.execute(_known, {"keys": keys}):
        alert = wanted.get((row.connection_id, row.key))
        if alert is not None and (row.ended_at is None or row.raised_at >= alert.at):
            del wanted[row.connection_id, row.key]
    if not wanted:
        return 0
    ids = allocate_ids(connection, alerts, len(wanted))
    rows = [
        (
            number,
            it.connection_id,
            it.kind,
            it.key,
            it.external_user_id,
            clean_text(it.text),
            stored_time(it.at),
        )
        for number, it in zip(ids, wanted.values())
    ]
    return insert_missing_rows(connection, alerts, _COLUMNS, rows)


_end = (
    update(alerts)
    .where(
        alerts.c.connection_id == bindparam("the_connection"),
        among(alerts.c.key, many_texts("keys")),
        alerts.c.ended_at.is_(None),
    )
    .values(ended_at=bindparam("at", type_=alerts.c.ended_at.type))
)


def end_alerts(
    connection: Connection, connection_id: int, keys: Collection[str], at: datetime
) -> int:
    """End open alerts whose condition is over; how many there were."""
    if not keys:
        return 0
    values = {"the_connection": connection_id, "keys": sorted(keys), "at": at}
    return connection.execute(_end, values).rowcount
