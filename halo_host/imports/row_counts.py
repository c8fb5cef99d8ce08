"""How many rows a change set has of each action in each state, counted once for each decision.

Counting 100,000 rows takes longer than reading a page of them. While a change set waits for an
operator, whatever changes its rows makes a new version of it in the same transaction; so what was
counted stays true for that version, in every process.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.engine import Row

from ..database.tables import change_rows

Counted = Mapping[str, Mapping[str, int]]
_KEPT = 64  # change sets

_QUERY = (
    select(change_rows.c.action, change_rows.c.state, func.count())
    .with_hint(change_rows, "INDEXED BY ix_change_rows_action", "sqlite")
    .group_by(change_rows.c.action, change_rows.c.state)
    .order_by(change_rows.c.action, change_rows.c.state)
)


def counted(connection: Connection, number: int) -> Counted:
    """By action and state; looks at every row of the change set."""
    found: dict[str, dict[str, int]] = {}
    for action, state, count in connection.execute(
        _QUERY.where(change_rows.c.change_set_id == number)
    ):
        found.setdefault(action, {})[state] = count
    return found


class RowCounts:
    """Those of the change sets that wait, for one database; `waiting` are their states."""

    def __init__(self, waiting: frozenset[str]) -> None:
        self._waiting = waiting
        self._kept: OrderedDict[tuple[Any, ...], Counted] = OrderedDict()
        self._lock = Lock()

    def of(self, connection: Connection, change_set: Row[Any]) -> Counted:
        """`change_set` is its row, read in the same transaction."""
        if change_set.state not in self._waiting:
            return counted(connection, change_set.id)
        key = (change_set.id, change_set.version, change_set.state, change_set.started_at)
        with self._lock:
            known = self._kept.get(key)
        if known is None:
            known = counted(connection, change_set.id)
            with self._lock:
                self._kept[key] = known
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
        return known
