"""One page of payments: which they are is found in an index, and only then is anything read."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Row, Select, Subquery, select

from ..database.mirror_tables import payments
from .cursors import Place, is_by_time
from .filters import Sort, Wanted
from .matching import Begin, order_of, page_of_ids, shape_of, values_of
from .rows import PAYMENT_COLUMNS

MOST = 10_000  # payments of one page

Details = Callable[[Subquery], Select[Any]]


def of_payments(page: Subquery) -> Select[Any]:
    """The payments of a page and nothing else about them."""
    return select(*PAYMENT_COLUMNS).join_from(page, payments, payments.c.id == page.c.id)


def page_rows(
    connection: Connection,
    wanted: Wanted,
    sort: Sort,
    after: Place | None,
    limit: int,
    details: Details = of_payments,
) -> tuple[list[Row[Any]], Place | None]:
    """At most `limit` rows of `details`, and the place of the last one where more follow."""
    found: list[Row[Any]] = []
    begin: Begin | None = None
    if after is not None:
        begin = "undated" if after.key is None else "keyed"
    for query in _queries(shape_of(wanted), sort, begin, limit + 1, details):
        found += connection.execute(query, values_of(wanted, after))
        if len(found) > limit:
            return found[:limit], _place(sort, found[limit - 1])
    return found, None


@lru_cache(256)
def _queries(
    wanted: Wanted, sort: Sort, begin: Begin | None, limit: int, details: Details
) -> tuple[Select[Any], ...]:
    return tuple(
        details(query.subquery("page")).order_by(*order_of(sort))
        for query in page_of_ids(wanted, sort, begin, limit)
    )


def _place(sort: Sort, row: Row[Any]) -> Place:
    return Place(row.created_at if is_by_time(sort) else row.amount, row.id)
