"""Link a payer to a user by hand, where no import has found out whose it is; and unlink it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, exists, insert, or_, select

from ..audit import record
from ..connections.connections import Connections
from ..database.columns import email_key
from ..database.contains import holds
from ..database.database import Database
from ..database.ids import allocate_ids
from ..database.mirror_tables import payers
from ..database.tables import links
from ..directory import users
from ..errors import InvalidInput, NotFound
from ..jobs.jobs import Jobs
from . import held


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkablePayer:
    """A payer of the mirror whom no user has; name and e-mail are empty where it tells none."""

    external_id: str
    name: str
    email: str


class PayerLinks:
    """What every face calls. Linking waits for no import: one that runs refuses it."""

    def __init__(
        self,
        database: Database,
        connections: Connections,
        jobs: Jobs,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._connections = connections
        self._jobs = jobs
        self._clock = clock

    def linkable(self, slug: str, text: str = "", *, limit: int = 20) -> list[LinkablePayer]:
        """Payers in the mirror whom no user has, by name, e-mail address or id."""
        details = self._connections.get(slug)
        with self._database.read() as connection:
            return _linkable(connection, details.id, text, limit)

    def suggested(self, slug: str, user: int) -> LinkablePayer | None:
        """The one payer without a user who has this user's e-mail address."""
        details = self._connections.get(slug)
        with self._database.read() as connection:
            email = users.find(connection, str(user)).email
            return _suggested(connection, details.id, email or "")

    def link(self, slug: str, external_id: str, user: int, *, agent: str) -> None:
        """Link a payer of the mirror to a user; imports keep to it from then on.

        :raises NotFound: there is no such connection, payer or user.
        :raises InvalidInput: the payer is linked to a user already.
        :raises ConnectionBusy: an import of the connection runs.
        """
        details = self._connections.get(slug)
        with self._turn(slug, "link", agent) as connection:
            to = users.find(connection, str(user)).id
            _link(connection, details.id, slug, external_id, to, agent=agent, now=self._clock())

    def unlink(self, slug: str, external_id: str, user: int, *, agent: str) -> None:
        """Take the link between a payer and a user away, whoever made it.

        :raises NotFound: there is no such connection, user or link.
        :raises ConnectionBusy: an import of the connection runs.
        """
        details = self._connections.get(slug)
        with self._turn(slug, "unlink", agent) as connection:
            of = users.find(connection, str(user)).id
            _unlink(connection, details.id, slug, external_id, of, agent=agent, now=self._clock())

    @contextmanager
    def _turn(self, slug: str, task: str, agent: str) -> Iterator[Connection]:
        """A transaction in which no import of the connection writes."""
        with (
            self._jobs.holding(
                "import", slug, agent=agent, arguments={"task": task}, forget=True
            ) as job,
            self._database.write() as connection,
        ):
            job.lease.renew(connection)
            yield connection


def _linkable(
    connection: Connection, connection_id: int, text: str, limit: int
) -> list[LinkablePayer]:
    """Payers without a user whose name, e-mail address or id holds every word of the text."""
    linked = exists(
        select(links.c.id).where(
            links.c.connection_id == payers.c.connection_id,
            links.c.external_id == payers.c.external_id,
        )
    )
    query = (
        select(payers.c.external_id, payers.c.name, payers.c.email)
        .where(payers.c.connection_id == connection_id, payers.c.removed_at.is_(None), ~linked)
        .order_by(payers.c.name, payers.c.external_id)
        .limit(limit)
    )
    for word in text.split():
        query = query.where(
            or_(
                holds(payers.c.name, word),
                holds(payers.c.email, word),
                payers.c.external_id == word,
            )
        )
    return [LinkablePayer(**row._mapping) for row in connection.execute(query)]


def _suggested(connection: Connection, connection_id: int, email: str) -> LinkablePayer | None:
    """The one payer without a user who has this e-mail address; None where there are several."""
    if not email:
        return None
    found = [
        it
        for it in _linkable(connection, connection_id, email, 5)
        if email_key(it.email) == email_key(email)
    ]
    return found[0] if len(found) == 1 else None


def _link(
    connection: Connection,
    connection_id: int,
    slug: str,
    external_id: str,
    user_id: int,
    *,
    agent: str,
    now: datetime,
) -> None:
    """Link them; the next import updates the user as one that it had linked itself.

    :raises NotFound: the mirror holds no such payer.
    :raises InvalidInput: the payer is linked already.
    """
    payer = connection.execute(
        select(payers.c.name).filter_by(connection_id=connection_id, external_id=external_id)
    ).one_or_none()
    if payer is None:
        raise NotFound(
            f"The mirror of {slug} holds no payer {external_id[:60]}.",
            advice="Choose one of those that are found; what is new comes with the next sync.",
        )
    there = connection.scalar(
        select(links.c.user_id).filter_by(connection_id=connection_id, external_id=external_id)
    )
    if there is not None:
        raise InvalidInput(
            f"The payer {external_id[:60]} is linked to user {there} already.",
            advice="Undo the import that linked it, if that is wrong.",
        )
    connection.execute(
        insert(links).values(
            id=allocate_ids(connection, links)[0],
            connection_id=connection_id,
            external_id=external_id,
            user_id=user_id,
            written={},
            created_at=now,
        )
    )
    held.release(connection, connection_id, [external_id])
    record(
        connection,
        at=now,
        agent=agent,
        action="user.linked",
        entity="user",
        entity_id=user_id,
        after={"connection": slug, "payer": external_id, "name": payer.name},
    )


def _unlink(
    connection: Connection,
    connection_id: int,
    slug: str,
    external_id: str,
    user_id: int,
    *,
    agent: str,
    now: datetime,
) -> None:
    """Take the link away. Values that imports wrote stay; the next import matches the payer anew.

    :raises NotFound: the payer is not linked to this user.
    """
    gone = connection.execute(
        delete(links).where(
            links.c.connection_id == connection_id,
            links.c.external_id == external_id,
            links.c.user_id == user_id,
        )
    )
    if not gone.rowcount:
        raise NotFound(
            f"The payer {external_id[:60]} of {slug} is not linked to user {user_id}.",
            advice="Look at the user's links again.",
        )
    name = connection.scalar(
        select(payers.c.name).filter_by(connection_id=connection_id, external_id=external_id)
    )
    record(
        connection,
        at=now,
        agent=agent,
        action="user.unlinked",
        entity="user",
        entity_id=user_id,
        before={"connection": slug, "payer": external_id, "name": name or ""},
    )
