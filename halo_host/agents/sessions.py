"""Sessions on the server: the browser holds a random token, the database its hash.

A session ends when nobody used it for a while, at the latest after some days, and at once when its
agent signs out, is disabled or gets another password. After a change of the agent's role its token
is renewed with the next request.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    delete,
    false,
    insert,
    or_,
    select,
    true,
    update,
)

from ..database.agent_tables import agent_sessions, agents
from ..database.columns import clean_text
from ..database.database import Database
from ..database.ids import allocate_ids
from .accounts import AGENT_COLUMNS, agent_of, set_values
from .agent import Agent, Session, SignedIn
from .journal import note
from .random_tokens import hash_of, new_token

SEEN_EVERY = timedelta(minutes=1)  # a page writes no more often than this
GRACE = timedelta(minutes=1)  # for requests that were under way when the token was renewed


def _was(hashed: Any, now: Any) -> ColumnElement[bool]:
    """Whether it was the token until a moment ago; in the words of the index."""
    return and_(
        agent_sessions.c.former_hash != "",
        agent_sessions.c.former_hash == hashed,
        agent_sessions.c.former_until > now,
    )


# Looked up with each request, so these are made once. A session that is over is not found.
_OPEN = (
    select(
        agent_sessions.c.id.label("session_id"),
        agent_sessions.c.token_hash,
        agent_sessions.c.csrf_token,
        agent_sessions.c.method,
        agent_sessions.c.started_at,
        agent_sessions.c.seen_at,
        agent_sessions.c.expires_at,
        agent_sessions.c.renew,
        *AGENT_COLUMNS,
    )
    .join(agents, agents.c.id == agent_sessions.c.agent_id)
    .where(
        agent_sessions.c.expires_at > bindparam("now"),
        agent_sessions.c.seen_at > bindparam("idle_since"),
        agents.c.disabled_at.is_(None),
    )
)
_BY_TOKEN = _OPEN.where(agent_sessions.c.token_hash == bindparam("hashed"))
_BY_FORMER_TOKEN = _OPEN.where(_was(bindparam("hashed"), bindparam("now")))
_BY_NUMBER = _OPEN.where(agent_sessions.c.id == bindparam("number"))
_SHOWN = [agent_sessions.c[name] for name in Session.__dataclass_fields__]


class Sessions:
    """`idle` is how long a session outlives its last request, `longest` its sign-in."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        *,
        idle: timedelta,
        longest: timedelta,
    ) -> None:
        self._database = database
        self._clock = clock
        self._idle = idle
        self._longest = longest

    def begin(
        self, connection: Connection, agent: Agent, *, method: str, address: str, browser: str
    ) -> SignedIn:
        """Sign an agent in who proved who it is, in the transaction of that proof.

        The token is always a new one, whatever the browser brought along. Sessions that are over
        are cleared away.
        """
        now, token = self._clock(), new_token()
        (number,) = allocate_ids(connection, agent_sessions)  # writers queue up from here
        connection.execute(delete(agent_sessions).where(self._is_over(now)))
        address = clean_text(address)[:100]
        connection.execute(
            insert(agent_sessions).values(
                id=number,
                agent_id=agent.id,
                token_hash=hash_of(token),
                csrf_token=new_token(),
                method=method,
                address=address,
                browser=clean_text(browser)[:200],
                started_at=now,
                seen_at=now,
                expires_at=now + self._longest,
            )
        )
        set_values(connection, agent.id, last_sign_in_at=now)
        after = {"method": method, "address": address}
        note(connection, now, agent.name, "agent.signed_in", agent.id, after=after)
        begun = _signed_in(self._row(connection, _BY_NUMBER, now, number=number))
        assert begun is not None  # noqa: S101 - for the type checker
        return replace(begun, token=token)

    def find(self, token: str) -> SignedIn | None:
        """The open session of a cookie's token; None where the agent must sign in.

        Call it once for each request: it notes that the session is in use, and where the token has
        to be renewed the result holds the new one for the cookie.
        """
        if not token:
            return None
        now, hashed = self._clock(), hash_of(token)
        with self._database.read() as connection:
            row = self._row(connection, _BY_TOKEN, now, hashed=hashed)
            if row is None:
                return _signed_in(self._row(connection, _BY_FORMER_TOKEN, now, hashed=hashed))
        if row.renew:
            return self._renewed(row, now)
        if now - row.seen_at >= SEEN_EVERY:
            with self._database.write() as connection:
                connection.execute(
                    update(agent_sessions)
                    .where(agent_sessions.c.id == row.session_id, agent_sessions.c.seen_at < now)
                    .values(seen_at=now)
                )
        return _signed_in(row)

    def renew(self, connection: Connection, session_id: int) -> str:
        """A new token for the session at once; the one before stays good for requests under way."""
        token = new_token()
        connection.execute(
            update(agent_sessions)
            .where(agent_sessions.c.id == session_id)
            .values(self._renewal(token, self._clock()))
        )
        return token

    def renew_all(self, connection: Connection, agent_id: int) -> None:
        """Each session of the agent gets a new token with its next request."""
        connection.execute(
            update(agent_sessions).where(agent_sessions.c.agent_id == agent_id).values(renew=True)
        )

    def list(self, agent_id: int | None = None) -> Sequence[Session]:
        """Open sessions of an agent or of all, the one used last first."""
        query = (
            select(*_SHOWN)
            .where(~self._is_over(self._clock()))
            .order_by(agent_sessions.c.seen_at.desc(), agent_sessions.c.id.desc())
        )
        if agent_id is not None:
            query = query.where(agent_sessions.c.agent_id == agent_id)
        with self._database.read() as connection:
            return [Session(**row) for row in connection.execute(query).mappings()]

    def end(self, connection: Connection, token: str) -> int | None:
        """End the session of a token; whose it was, if it was open."""
        now, hashed = self._clock(), hash_of(token)
        ended = delete(agent_sessions).where(
            or_(agent_sessions.c.token_hash == hashed, _was(hashed, now)), ~self._is_over(now)
        )
        owner: int | None = connection.scalar(ended.returning(agent_sessions.c.agent_id))
        return owner

    def end_one(self, connection: Connection, session_id: int) -> int | None:
        """End one by its number; whose it was, if it was open."""
        ended = delete(agent_sessions).where(agent_sessions.c.id == session_id)
        owner: int | None = connection.scalar(ended.returning(agent_sessions.c.agent_id))
        return owner

    def end_all(
        self, connection: Connection, agent_id: int | None = None, *, but: int | None = None
    ) -> int:
        """End the sessions of an agent or of all, except one; how many."""
        ended = delete(agent_sessions)
        if agent_id is not None:
            ended = ended.where(agent_sessions.c.agent_id == agent_id)
        if but is not None:
            ended = ended.where(agent_sessions.c.id != but)
        return connection.execute(ended).rowcount

    def _is_over(self, now: datetime) -> ColumnElement[bool]:
        return or_(agent_sessions.c.expires_at <= now, agent_sessions.c.seen_at <= now - self._idle)

    def _row(
        self, connection: Connection, query: Select[Any], now: datetime, **values: object
    ) -> Any:
        times = {"now": now, "idle_since": now - self._idle}
        return connection.execute(query, {**times, **values}).first()

    def _renewed(self, row: Any, now: datetime) -> SignedIn | None:
        token = new_token()
        with self._database.write() as connection:
            mine = connection.execute(
                update(agent_sessions)
                .where(
                    agent_sessions.c.id == row.session_id,
                    agent_sessions.c.token_hash == row.token_hash,
                    agent_sessions.c.renew == true(),
                )
                .values(self._renewal(token, now))
            )
        found = _signed_in(row)
        # Of two requests at once, one brings the new token.
        return replace(found, token=token) if found and mine.rowcount else found

    def _renewal(self, token: str, now: datetime) -> dict[Any, Any]:
        columns = agent_sessions.c
        return {
            columns.former_hash: columns.token_hash,
            columns.former_until: now + GRACE,
            columns.token_hash: hash_of(token),
            columns.renew: false(),
            columns.seen_at: now,
        }


def _signed_in(row: Any) -> SignedIn | None:
    if row is None:
        return None
    return SignedIn(
        agent=agent_of(row),
        session_id=row.session_id,
        csrf_token=row.csrf_token,
        method=row.method,
        started_at=row.started_at,
        expires_at=row.expires_at,
    )
