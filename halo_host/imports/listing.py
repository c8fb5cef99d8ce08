"""Rows of a change set as a list that is filtered, searched, sorted and read page by page.

Positions come from an index alone, and the rows of one page by their key: a page of 100,000 rows
costs what a page of 50 does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select, tuple_

from ..database.contains import holds
from ..database.tables import change_rows
from . import change_sets, lookups
from .change_sets import ChangeRow, ChangeSet, RowState
from .lookups import KnownUser, Place
from .policies import Values
from .rules import Action


class Order(StrEnum):
    PAYERS = "payer"  # as the provider lists them
    NAME = "name"
    NAME_DOWN = "-name"


@dataclass(frozen=True, kw_only=True, slots=True)
class RowFilter:
    """`text` is searched for, word by word, in name, payer's id and e-mail address."""

    action: Action | None = None
    state: RowState | None = None
    text: str = ""

    @property
    def takes_everything(self) -> bool:
        return self.action is None and self.state is None and not self.text.split()

    def count_in(self, change_set: ChangeSet) -> int | None:
        """How many rows of it are meant; None where they have to be searched for."""
        if self.text.split():
            return None
        states = () if self.state is None else (self.state,)
        return change_set.count(*states, action=self.action)

    def conditions(self, number: int) -> list[ColumnElement[bool]]:
        """What the rows of change set `number` that are meant have in common."""
        found: list[ColumnElement[bool]] = [change_rows.c.change_set_id == number]
        if self.action is not None:
            found.append(change_rows.c.action == self.action)
        if self.state is not None:
            found.append(change_rows.c.state == self.state)
        return found + [holds(change_rows.c.search_key, word) for word in self.text.split()[:8]]


@dataclass(frozen=True, kw_only=True, slots=True)
class RowPage:
    """One page of rows, how many there are in all, and the users and sites that they name.

    `values` are those of the users, by number and field; only where one row is shown.
    """

    rows: Sequence[ChangeRow]
    total: int
    users: dict[int, KnownUser]
    sites: dict[int, Place]
    values: Mapping[int, Values] = field(default_factory=dict)


def page_of(
    connection: Connection,
    number: int,
    wanted: RowFilter,
    *,
    order: Order = Order.PAYERS,
    page: int = 1,
    size: int = 50,
    total: int | None = None,
) -> RowPage:
    """The page of that number, from 1. Rows are counted unless `total` says how many there are."""
    if total is None:
        total = _total(connection, number, wanted)
    found = connection.execute(_positions(number, wanted, order, page, size))
    positions: list[int] = [row.position for row in found]
    return naming(connection, with_positions(connection, number, positions), total)


def naming(connection: Connection, rows: Sequence[ChangeRow], total: int) -> RowPage:
    """Rows with the users and sites that they name."""
    return RowPage(
        rows=rows,
        total=total,
        users=lookups.users_by_id(connection, _users(rows)),
        sites=lookups.places_by_id(connection, _sites(rows)),
    )


def with_positions(
    connection: Connection, number: int, positions: Sequence[int]
) -> list[ChangeRow]:
    """Rows by their positions, in that order."""
    found = {row.position: row for row in change_sets.rows_at(connection, number, positions)}
    return [found[position] for position in positions if position in found]


def next_to(
    connection: Connection, row: ChangeRow, wanted: RowFilter, order: Order, *, forward: bool
) -> int | None:
    """The position of the row that a list has before or after `row`, or None at its end."""
    parts = [change_rows.c.position]
    if order is not Order.PAYERS:
        parts.insert(0, change_rows.c.search_key)
    here = connection.execute(
        select(*parts).where(
            change_rows.c.change_set_id == row.change_set, change_rows.c.position == row.position
        )
    ).one()
    ascending = forward == (order is not Order.NAME_DOWN)
    place = tuple_(*parts)
    beyond = place > tuple_(*here) if ascending else place < tuple_(*here)
    query = select(change_rows.c.position).where(*wanted.conditions(row.change_set), beyond)
    query = query.order_by(*(part if ascending else part.desc() for part in parts))
    return connection.scalar(query.limit(1))


def _total(connection: Connection, number: int, wanted: RowFilter) -> int:
    query = _hinted(select(func.count()).select_from(change_rows), wanted, Order.PAYERS)
    return int(connection.scalars(query.where(*wanted.conditions(number))).one())


def _positions(
    number: int, wanted: RowFilter, order: Order, page: int, size: int
) -> Select[tuple[int]]:
    query = select(change_rows.c.position)
    place = change_rows.c.position
    if order is Order.PAYERS and wanted.takes_everything:  # positions have no gaps
        start = (page - 1) * size
        query = query.where(
            change_rows.c.change_set_id == number, place > start, place <= start + size
        )
        return query.order_by(place)
    query = _hinted(query, wanted, order).where(*wanted.conditions(number))
    if order is Order.PAYERS:
        query = query.order_by(place)
    elif order is Order.NAME:
        query = query.order_by(change_rows.c.search_key, place)
    else:
        query = query.order_by(change_rows.c.search_key.desc(), place.desc())
    return query.limit(size).offset((page - 1) * size)


def _hinted(query: Select[Any], wanted: RowFilter, order: Order) -> Select[Any]:
    by = "search" if wanted.text.split() or order is not Order.PAYERS else "action"
    return query.with_hint(change_rows, f"INDEXED BY ix_change_rows_{by}", "sqlite")


def _users(rows: Sequence[ChangeRow]) -> set[int]:
    named = {row.user_id for row in rows if row.user_id is not None}
    return named | {it["user"] for row in rows for it in row.candidates if "user" in it}


def _sites(rows: Sequence[ChangeRow]) -> set[int]:
    named = {row.site_id for row in rows if row.site_id is not None}
    return named | {it["site"] for row in rows for it in row.candidates if "site" in it}
