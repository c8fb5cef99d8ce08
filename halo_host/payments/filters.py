"""What a list of payments may be narrowed down to, as faces ask for it and as queries need it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlalchemy import Connection, func, or_, select

from ..database.mirror_tables import event_meanings, payments
from ..database.tables import connections, sites
from ..directory import customers, users
from ..errors import InvalidInput, NotFound
from ..types import PaymentState

Sort = Literal["newest", "oldest", "largest", "smallest"]
SORTS: tuple[Sort, ...] = ("newest", "oldest", "largest", "smallest")


@dataclass(frozen=True, kw_only=True, slots=True)
class PaymentFilter:
    """Which payments, of all users and connections; what is not given does not narrow.

    `connection` is a slug. `statuses` are the providers' own words, `states` their neutral
    meaning. Charge dates are inclusive; a payment without one is in no range. `customer` and `user`
    are named as everywhere (number, reference, name or e-mail), `payer` is the provider's id.
    `reasons` are causes or reason codes of a payment's latest failure, which came since
    `failed_since` (UTC). `unlinked`: only payments whose payer is linked to no user.
    """

    connection: str | None = None
    statuses: tuple[str, ...] = ()
    states: tuple[PaymentState, ...] = ()
    charged_from: date | None = None
    charged_to: date | None = None
    customer: str | None = None
    user: str | None = None
    payer: str | None = None
    reasons: tuple[str, ...] = ()
    failed_since: datetime | None = None
    unlinked: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """A filter whose names have been looked up: what `matching` makes a query of.

    `connection_ids` are those to look into; `is_part` where there are others, too. `joins_whole`:
    the database compares whole tables at once (PostgreSQL does, SQLite looks up row by row).
    `site_ids` are those of a customer: PostgreSQL knows how many users a site has, and from the
    customer alone it could not tell a large one from a small one.
    """

    connection_ids: tuple[int, ...]
    is_part: bool = False
    joins_whole: bool = False
    statuses: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    charged_from: str | None = None
    charged_to: str | None = None
    site_ids: tuple[int, ...] | None = None
    user_id: int | None = None
    payers: tuple[str, ...] | None = None
    meaning_ids: tuple[int, ...] | None = None
    failed_since: datetime | None = None
    unlinked: bool = False


def looked_up(connection: Connection, given: PaymentFilter) -> Wanted:
    """Find what the filter names.

    :raises NotFound: there is no such connection, customer or user.
    :raises InvalidInput: several are meant, or the filter cannot be met by any payment.
    """
    if given.unlinked and (given.customer is not None or given.user is not None):
        raise InvalidInput(
            "Payments whose payer is linked to nobody have no user and no customer.",
            advice="Leave one of the two out.",
        )
    if given.charged_from and given.charged_to and given.charged_from > given.charged_to:
        raise InvalidInput(
            f"No day lies between {given.charged_from} and {given.charged_to}.",
            advice="Give the earlier day first.",
        )
    ids, is_part = _connection_ids(connection, given.connection)
    return Wanted(
        connection_ids=ids,
        is_part=is_part,
        joins_whole=connection.dialect.name == "postgresql",
        statuses=given.statuses,
        states=tuple(state.value for state in given.states),
        charged_from=stored_day(given.charged_from),
        charged_to=stored_day(given.charged_to),
        site_ids=None if given.customer is None else _site_ids(connection, given.customer),
        user_id=None if given.user is None else users.find(connection, given.user).id,
        payers=None if given.payer is None else (given.payer,),
        meaning_ids=_meaning_ids(connection, given.reasons) if given.reasons else None,
        failed_since=given.failed_since,
        unlinked=given.unlinked,
    )


def stored_day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def known_reasons(connection: Connection) -> list[str]:
    """Every cause that any provider has given for a failure."""
    query = select(event_meanings.c.cause).where(event_meanings.c.is_failure).distinct()
    return sorted(filter(None, connection.scalars(query)))


def known_statuses(connection: Connection, wanted: Wanted) -> list[str]:
    """Every status of the payments of these connections. It reads them all."""
    query = select(payments.c.status).where(payments.c.connection_id.in_(wanted.connection_ids))
    return sorted(connection.scalars(query.distinct()))


def _connection_ids(connection: Connection, slug: str | None) -> tuple[tuple[int, ...], bool]:
    query = select(connections.c.id, connections.c.slug).order_by(connections.c.id)
    known = {row.slug: row.id for row in connection.execute(query)}
    if slug is None:
        return tuple(known.values()), False
    if slug not in known:
        raise NotFound(
            f"There is no connection {slug[:60]}. Connections: {', '.join(known) or 'none'}."
        )
    return (known[slug],), len(known) > 1


def _site_ids(connection: Connection, customer: str) -> tuple[int, ...]:
    customer_id = customers.find(connection, customer).id
    return tuple(connection.scalars(select(sites.c.id).where(sites.c.customer_id == customer_id)))


def _meaning_ids(connection: Connection, reasons: Sequence[str]) -> tuple[int, ...]:
    folded = [reason.strip().lower() for reason in reasons]
    query = select(event_meanings.c.id).where(
        event_meanings.c.is_failure,
        or_(
            func.lower(event_meanings.c.cause).in_(folded),
            func.lower(event_meanings.c.reason_code).in_(folded),
        ),
    )
    return tuple(connection.scalars(query))
