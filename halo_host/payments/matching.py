"""The queries that find payments: which table leads to them, and in which order.

On SQLite each names the index that it goes by, for its planner has no figures to choose from. The
two indexes of payments hold everything that is filtered, sorted and summed here, so no row is
looked at before it belongs to the page. How quick each is: benchmarks/README.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    Subquery,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    tuple_,
)

from ..database.among import among, many_integers, many_texts
from ..database.mirror_tables import payments, timeline
from ..database.tables import links, users
from .cursors import Place, is_by_time
from .filters import Sort, Wanted

BY_PAYER = "INDEXED BY ix_payments_payer"
BY_TIME = "INDEXED BY ix_payments_created_at"

# What a page begins behind: a payment with a time or an amount, or one that has no time.
Begin = Literal["keyed", "undated"]


class _Mark(NamedTuple):
    """A `Place` as queries name it; `values_of` gives the values."""

    key: BindParameter[Any] | None
    id: BindParameter[Any]


_BEGINS: Mapping[Begin, _Mark] = {
    "keyed": _Mark(bindparam("after_key"), bindparam("after_id")),
    "undated": _Mark(None, bindparam("after_id")),
}
_linked = and_(
    links.c.connection_id == payments.c.connection_id,
    links.c.external_id == payments.c.external_user_id,
)


def matching(wanted: Wanted, *columns: Any, scan: str = BY_TIME) -> Select[Any]:
    """`columns` of the payments that are wanted, in no order.

    `scan` is the index that is read where nothing leads to few payments.
    """
    query = select(*columns)
    if _is_by_failure(wanted):
        query = _by_failure(query, wanted).where(*_of_people(wanted))
    elif wanted.site_ids is not None or wanted.user_id is not None:
        query = _by_people(query, wanted)
    elif wanted.payers is not None:
        query = query.select_from(payments).with_hint(payments, BY_PAYER, "sqlite")
        query = query.where(*_of_people(wanted))
    elif wanted.unlinked and wanted.joins_whole:
        query = query.select_from(payments).where(*_of_people(wanted))
    elif wanted.unlinked:
        query = _by_unlinked_payer(query, wanted)
    else:
        query = query.select_from(payments).with_hint(payments, scan, "sqlite")
    return query.where(*_own(wanted))


def is_led(wanted: Wanted) -> bool:
    """Whether something leads to few payments, which are then sorted; else an index is read in the
    order of the list until a page is full."""
    by_people = wanted.site_ids is not None or wanted.user_id is not None
    return bool(by_people or _is_by_failure(wanted) or wanted.payers is not None or wanted.unlinked)


def page_of_ids(wanted: Wanted, sort: Sort, begin: Begin | None, limit: int) -> list[Select[Any]]:
    """The ids of a page in its order; a second query goes on where the first finds too few.

    `begin` says behind what the page begins, None for the first one.

    Payments without a time of creation come last in both orders of time. Where an index is read in
    order, a query of their own finds them: the two databases sort NULL differently.
    """
    found = matching(wanted, payments.c.id)
    after = None if begin is None else _BEGINS[begin]
    falling = sort in ("newest", "largest")
    if not is_by_time(sort):
        return [_in_order(found, payments.c.amount, falling, after).limit(limit)]
    key = payments.c.created_at
    if is_led(wanted):
        if after is not None:
            found = found.where(_is_further(key, falling, after))
        return [found.order_by(*order_of(sort)).limit(limit)]
    undated = found.where(key.is_(None)).order_by(*_order(key, falling)[1:]).limit(limit)
    if after is not None and after.key is None:
        return [undated.where(_is_beyond(payments.c.id, falling, after.id))]
    dated = found.where(key.is_not(None))
    return [_in_order(dated, key, falling, after).limit(limit), undated]


def _in_order(
    query: Select[Any], key: ColumnElement[Any], falling: bool, after: _Mark | None
) -> Select[Any]:
    if after is not None:
        # Said twice, since the first alone is what an index finds its place by.
        query = query.where(
            key <= after.key if falling else key >= after.key,
            or_(_is_beyond(key, falling, after.key), _is_beyond(payments.c.id, falling, after.id)),
        )
    return query.order_by(*_order(key, falling))


def _is_further(key: ColumnElement[Any], falling: bool, after: _Mark) -> ColumnElement[bool]:
    """Whether a payment stands behind `after` in a list whose last ones have no key."""
    beyond = _is_beyond(payments.c.id, falling, after.id)
    if after.key is None:
        return and_(key.is_(None), beyond)
    return or_(key.is_(None), _is_beyond(key, falling, after.key), and_(key == after.key, beyond))


def _is_beyond(column: ColumnElement[Any], falling: bool, value: Any) -> ColumnElement[bool]:
    beyond: ColumnElement[bool] = column < value if falling else column > value
    return beyond


def order_of(sort: Sort) -> tuple[ColumnElement[Any], ...]:
    """What to sort rows of payments by; those without a time of creation are last."""
    falling = sort in ("newest", "largest")
    if not is_by_time(sort):
        return _order(payments.c.amount, falling)
    return (payments.c.created_at.is_(None), *_order(payments.c.created_at, falling))


def _order(key: ColumnElement[Any], falling: bool) -> tuple[ColumnElement[Any], ...]:
    number = payments.c.id
    return (key.desc(), number.desc()) if falling else (key, number)


# --- conditions --------------------------------------------------------------------------------


def _own(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    """What the payment itself must be."""
    if wanted.is_part:
        yield payments.c.connection_id == wanted.connection_ids[0]
    if wanted.statuses:
        yield payments.c.status.in_(wanted.statuses)
    if wanted.states:
        yield payments.c.state.in_(wanted.states)
    if wanted.charged_from is not None:
        yield payments.c.charge_date >= wanted.charged_from
    if wanted.charged_to is not None:
        yield payments.c.charge_date <= wanted.charged_to


def _of_people(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    """Whose it must be, for payments that something else leads to."""
    if wanted.payers is not None:
        yield payments.c.connection_id.in_(wanted.connection_ids)
        yield among(payments.c.external_user_id, many_texts("payers"))
    if wanted.unlinked:
        yield ~exists(select(links.c.id).where(_linked))
    if wanted.user_id is not None or wanted.site_ids is not None:
        yield tuple_(payments.c.connection_id, payments.c.external_user_id).in_(
            _links_of_people(select(links.c.connection_id, links.c.external_id), wanted)
        )


def values_of(wanted: Wanted, after: Place | None = None) -> dict[str, Any]:
    """The values that `matching` and `page_of_ids` leave to the execution."""
    given: dict[str, Any] = {
        "payers": wanted.payers,
        "sites": wanted.site_ids,
        "failed_since": wanted.failed_since,
    }
    if after is not None:
        given |= {"after_key": after.key, "after_id": after.id}
    return {name: values for name, values in given.items() if values is not None}


def shape_of(wanted: Wanted) -> Wanted:
    """What all filters have in common that make the same query: the values are left out.

    To make a query takes as long as to run it, so queries are kept by this.
    """
    return replace(
        wanted,
        payers=None if wanted.payers is None else (),
        site_ids=None if wanted.site_ids is None else (),
        failed_since=None if wanted.failed_since is None else datetime.min.replace(tzinfo=UTC),
    )


# --- what leads to payments --------------------------------------------------------------------


def _by_people(query: Select[Any], wanted: Wanted) -> Select[Any]:
    query = query.select_from(links).join(payments, _linked)
    query = _links_of_people(query.with_hint(payments, BY_PAYER, "sqlite"), wanted)
    if wanted.payers is not None:
        query = query.where(among(payments.c.external_user_id, many_texts("payers")))
    return query


def _links_of_people(query: Select[Any], wanted: Wanted) -> Select[Any]:
    """The links of a query that are those of the wanted user, or of the wanted customer's users."""
    if wanted.user_id is not None:
        query = query.where(links.c.user_id == wanted.user_id)
    if wanted.site_ids is not None:
        query = query.join(users, users.c.id == links.c.user_id)
        query = query.where(among(users.c.site_id, many_integers("sites")))
    return query


def _is_by_failure(wanted: Wanted) -> bool:
    return wanted.meaning_ids is not None or wanted.failed_since is not None


def _by_failure(query: Select[Any], wanted: Wanted) -> Select[Any]:
    """Payments whose latest failure has one of the meanings, and came since then."""
    of_payment = and_(
        payments.c.connection_id == timeline.c.connection_id,
        payments.c.external_id == timeline.c.resource_id,
    )
    query = (
        query.select_from(timeline)
        .join(payments, of_payment)
        .with_hint(timeline, "INDEXED BY ix_timeline_failures", "sqlite")
        .where(timeline.c.is_failure, ~has_later_failure())
    )
    if wanted.meaning_ids is not None:
        query = query.where(timeline.c.meaning_id.in_(wanted.meaning_ids))
    if wanted.failed_since is not None:
        query = query.where(
            timeline.c.connection_id.in_(wanted.connection_ids),
            timeline.c.at >= bindparam("failed_since", type_=timeline.c.at.type),
        )
    return query


def has_later_failure() -> ColumnElement[bool]:
    """Whether the same record failed again after this row of the timeline."""
    later = timeline.alias("later")
    return exists(
        select(later.c.id)
        .with_hint(later, "INDEXED BY ix_timeline_failures", "sqlite")
        .where(
            later.c.is_failure,
            later.c.connection_id == timeline.c.connection_id,
            later.c.resource_id == timeline.c.resource_id,
            later.c.at >= timeline.c.at,
            or_(later.c.at > timeline.c.at, later.c.id > timeline.c.id),
        )
    )


def _by_unlinked_payer(query: Select[Any], wanted: Wanted) -> Select[Any]:
    payer = unlinked_payers(wanted)
    return (
        query.select_from(payer)
        .join(
            payments,
            and_(
                payments.c.connection_id == payer.c.connection_id,
                payments.c.external_user_id == payer.c.external_user_id,
            ),
        )
        .with_hint(payments, BY_PAYER, "sqlite")
    )


def unlinked_payers(wanted: Wanted) -> Subquery:
    """Every payer whom payments name and who is linked to nobody, with their number.

    One pass over an index that holds the payers in order; "" is the payer who is not known yet.
    """
    one = payments.alias("one")
    linked = select(links.c.id).where(
        links.c.connection_id == one.c.connection_id,
        links.c.external_id == one.c.external_user_id,
    )
    return (
        select(one.c.connection_id, one.c.external_user_id, func.count().label("payments"))
        .with_hint(one, BY_PAYER, "sqlite")
        .where(one.c.connection_id.in_(wanted.connection_ids))
        .group_by(one.c.connection_id, one.c.external_user_id)
        .having(~exists(linked))
        .subquery("payer")
    )
