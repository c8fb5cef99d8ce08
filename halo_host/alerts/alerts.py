"""Alerts as faces show them: list, acknowledge, the mark on a user."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Select, and_, bindparam, func, select, update

from ..audit import record
from ..database.database import Database
from ..database.job_tables import alert_messages, alerts
from ..database.mirror_tables import payments
from ..database.tables import connections, links, sites, users
from ..directory.users import display_name
from ..errors import InvalidInput, NotFound
from ..types import Money
from .raising import MONEY_KINDS


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """How an alert went out by one channel. `error` says why it has not yet."""

    channel: str
    attempts: int
    sent_at: datetime | None
    error: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Alert:
    """Something that somebody should know; open until `ended_at`.

    `user_id` and `user` are whose payer it is about, None and "" without one. An alert about money
    names its payment by the provider's id, with the amount where the mirror has it.
    """

    id: int
    connection: str
    kind: str
    key: str
    external_user_id: str
    text: str
    raised_at: datetime
    ended_at: datetime | None
    acknowledged_by: str
    acknowledged_at: datetime | None
    messages: tuple[Message, ...] = ()
    user_id: int | None = None
    user: str = ""
    payment: str = ""
    amount: Money | None = None


@dataclass(frozen=True, slots=True)
class Marks:
    """Numbers of users and customers with open alerts about money, for lists of either."""

    users: frozenset[int]
    customers: frozenset[int]


_KEPT = [column.name for column in alerts.c if column.name in Alert.__dataclass_fields__]
# Whom and what an alert is about. Links have another name here, for queries join them themselves.
_payer, _person = links.alias("payer"), users.alias("person")
_NAMED_BY = ("reference", "given_name", "family_name", "company", "email")


class Alerts:
    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def list(
        self,
        slug: str | None = None,
        *,
        ended: bool = False,
        kinds: Collection[str] = (),
        before: int | None = None,
        limit: int = 50,
    ) -> Sequence[Alert]:
        """Open alerts, or with `ended` all of them, the newest first."""
        query = _query().order_by(alerts.c.id.desc()).limit(limit)
        if not ended:
            query = query.where(alerts.c.ended_at.is_(None))
        if slug is not None:
            query = query.where(connections.c.slug == slug)
        if kinds:
            query = query.where(alerts.c.kind.in_(kinds))
        if before is not None:
            query = query.where(alerts.c.id < before)
        return self._found(query)

    def get(self, number: int) -> Alert:
        """:raises NotFound: there is no alert of that number."""
        found = self._found(_query().where(alerts.c.id == number))
        if not found:
            raise NotFound(f"There is no alert {number}.", advice="See `halo-host alerts list`.")
        return found[0]

    def of_user(self, user_id: int) -> Sequence[Alert]:
        """The mark on a user: open alerts about money of payers that are linked to the user."""
        return self._found(_OF_USER, {"user": user_id})

    def of_customer(self, customer_id: int, *, limit: int = 50) -> Sequence[tuple[Alert, int]]:
        """The same of all users of a customer, the newest first, each with the user's number."""
        query = (
            _of_linked(select(alerts.c.id, links.c.user_id))
            .join(users, users.c.id == links.c.user_id)
            .join(sites, sites.c.id == users.c.site_id)
            .where(sites.c.customer_id == customer_id)
            .order_by(alerts.c.id.desc())
            .limit(limit)
        )
        with self._database.read() as connection:
            users_of = {row.id: row.user_id for row in connection.execute(query)}
        found = self._found(_query().where(alerts.c.id.in_(users_of)).order_by(alerts.c.id.desc()))
        return [(alert, users_of[alert.id]) for alert in found]

    def marks(self) -> Marks:
        """Whom lists mark. Open alerts about money are few: people acknowledge them."""
        query = _of_linked(select(links.c.user_id, sites.c.customer_id))
        query = query.join(users, users.c.id == links.c.user_id)
        query = query.join(sites, sites.c.id == users.c.site_id).distinct()
        with self._database.read() as connection:
            found = connection.execute(query).all()
        return Marks(
            frozenset(it.user_id for it in found), frozenset(it.customer_id for it in found)
        )

    def acknowledge(self, number: int, *, agent: str) -> Alert:
        """An agent has seen it. That ends an alert about money; the others end by themselves.

        :raises InvalidInput: it has ended, or somebody has acknowledged it already.
        """
        alert = self.get(number)
        now = self._clock()
        values: dict[str, Any] = {"acknowledged_by": agent, "acknowledged_at": now}
        if alert.kind in MONEY_KINDS:
            values["ended_at"] = now
        with self._database.write() as connection:
            done = connection.execute(
                update(alerts)
                .where(
                    alerts.c.id == number,
                    alerts.c.ended_at.is_(None),
                    alerts.c.acknowledged_by == "",
                )
                .values(values)
            )
            if done.rowcount != 1:
                seen = alert.acknowledged_by
                raise InvalidInput(
                    f"Alert {number} was acknowledged by {seen} already."
                    if seen
                    else f"Alert {number} has ended already."
                )
            record(
                connection,
                at=now,
                agent=agent,
                action="alert.acknowledged",
                entity="alert",
                entity_id=number,
                after={"kind": alert.kind, "text": alert.text, "connection": alert.connection},
            )
        return self.get(number)

    def _found(
        self, query: Select[Any], values: Mapping[str, object] | None = None
    ) -> Sequence[Alert]:
        with self._database.read() as connection:
            rows = connection.execute(query, values).mappings().all()
            if not rows:  # as for nearly every user
                return []
            sent = connection.execute(
                select(alert_messages)
                .where(alert_messages.c.alert_id.in_([row["id"] for row in rows]))
                .order_by(alert_messages.c.channel)
            ).all()
        messages: dict[int, list[Message]] = {}
        for it in sent:
            messages.setdefault(it.alert_id, []).append(
                Message(
                    channel=it.channel, attempts=it.attempts, sent_at=it.sent_at, error=it.error
                )
            )
        return [_alert(row, tuple(messages.get(row["id"], ()))) for row in rows]


def _alert(row: RowMapping, messages: tuple[Message, ...]) -> Alert:
    user, named = row["user_id"], row["kind"] in MONEY_KINDS
    names = {"id": user, **{name: row[f"user_{name}"] for name in _NAMED_BY}}
    return Alert(
        **{name: row[name] for name in (*_KEPT, "connection")},
        messages=messages,
        user_id=user,
        user="" if user is None else display_name(names),
        payment=row["key"].partition(":")[2] if named else "",
        amount=None
        if row["amount"] is None
        else Money(amount=row["amount"], currency=row["currency"]),
    )


def _of_linked(query: Select[Any]) -> Select[Any]:
    """Open alerts about money of payers that are linked to a user."""
    return query.join(
        links,
        (links.c.connection_id == alerts.c.connection_id)
        & (links.c.external_id == alerts.c.external_user_id),
    ).where(alerts.c.kind.in_(MONEY_KINDS), alerts.c.ended_at.is_(None))


def _query() -> Select[Any]:
    of_payment = and_(
        alerts.c.kind.in_(MONEY_KINDS),
        payments.c.connection_id == alerts.c.connection_id,
        payments.c.external_id == func.substr(alerts.c.key, func.length(alerts.c.kind) + 2),
    )
    return (
        select(
            *(alerts.c[name] for name in _KEPT),
            connections.c.slug.label("connection"),
            _person.c.id.label("user_id"),
            *(_person.c[name].label(f"user_{name}") for name in _NAMED_BY),
            payments.c.amount,
            payments.c.currency,
        )
        .join(connections, connections.c.id == alerts.c.connection_id)
        .outerjoin(
            _payer,
            (_payer.c.connection_id == alerts.c.connection_id)
            & (_payer.c.external_id == alerts.c.external_user_id),
        )
        .outerjoin(_person, _person.c.id == _payer.c.user_id)
        .outerjoin(payments, of_payment)
    )


_OF_USER = (  # asked for with each tab of a user
    _of_linked(_query()).where(links.c.user_id == bindparam("user")).order_by(alerts.c.id)
)
