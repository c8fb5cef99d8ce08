"""Signing in with a password, changing it, signing out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, select

from ..database.agent_tables import agents
from ..database.columns import clean_text, email_key
from ..database.database import Database
from ..errors import InvalidInput
from ..masking import MASKED
from . import accounts
from .agent import Agent, SignedIn, SignInRefused
from .journal import NOBODY, note
from .passwords import Passwords
from .sessions import Sessions
from .throttle import Throttle

_LONGEST = 1_000  # characters of what is looked up as an e-mail address


class SignIn:
    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        sessions: Sessions,
        throttle: Throttle,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._sessions = sessions
        self._throttle = throttle
        self._clock = clock

    def sign_in(self, email: str, password: str, *, address: str, browser: str) -> SignedIn:
        """:raises SignInRefused: the same answer after the same time, whoever does not exist, has
        no password or is disabled."""
        email = clean_text(email[:_LONGEST])
        self._throttle.count(email, address)
        known, hashed = self._held(email)
        if not self._passwords.matches(password, hashed) or known is None or known.disabled:
            self._note_refusal(known, email, address)
            raise _wrong()
        renewed = self._passwords.hash(password) if self._passwords.is_outdated(hashed) else None
        with self._database.write() as connection:
            agent = accounts.for_change(connection, known.id)
            if agent.disabled or self._hash(connection, agent.id) != hashed:
                raise _wrong()  # disabled, or another password, while this one was looked at
            if renewed is not None:
                accounts.set_values(connection, agent.id, password_hash=renewed)
            self._throttle.take_back(connection, email, address)
            return self._sessions.begin(
                connection, agent, method="password", address=address, browser=browser
            )

    def sign_out(self, token: str) -> None:
        with self._database.write() as connection:
            owner = self._sessions.end(connection, token)
            if owner is not None:
                name = accounts.get(connection, owner).name
                note(connection, self._clock(), name, "agent.signed_out", owner)

    def change_password(self, token: str, old: str, new: str, *, address: str) -> SignedIn:
        session = self._sessions.find(token)
        if session is None:
            raise SignInRefused("The session is over.", advice="Sign in again.")
        email = session.agent.email
        self._throttle.count(email, address)
        known, hashed = self._held(email)
        if known is None or not self._passwords.matches(old, hashed):
            self._note_refusal(known, email, address)
            raise SignInRefused("The old password is wrong.")
        with self._database.write() as connection:
            self._throttle.take_back(connection, email, address)
        if new == old:
            raise InvalidInput("The new password is the old one.", advice="Choose another.")
        renewed = self._passwords.new_hash(new, known.name, known.email)
        with self._database.write() as connection:
            agent = accounts.for_change(connection, known.id)
            if agent.disabled or self._hash(connection, agent.id) != hashed:
                raise SignInRefused("The password was changed meanwhile.", advice="Sign in again.")
            self.put_password(connection, agent, renewed, agent=agent.name, but=session.session_id)
            return replace(
                session,
                agent=accounts.get(connection, agent.id),
                token=self._sessions.renew(connection, session.session_id),
            )

    def put_password(
        self,
        connection: Connection,
        owner: Agent,
        hashed: str,
        *,
        agent: str,
        but: int | None = None,
    ) -> None:
        """Store the hash of a new password: sessions end, except the one numbered `but`."""
        accounts.set_values(connection, owner.id, password_hash=hashed)
        self._sessions.end_all(connection, owner.id, but=but)
        self._throttle.forgive(connection, owner.email)
        before = {"password": MASKED if owner.has_password else ""}
        note(
            connection,
            self._clock(),
            agent,
            "agent.password_set",
            owner.id,
            before,
            {"password": MASKED},
        )

    def _held(self, email: str) -> tuple[Agent | None, str]:
        """The agent with that address, and the hash of the password or nothing."""
        query = select(*accounts.AGENT_COLUMNS, agents.c.password_hash).where(
            agents.c.email_key == email_key(email)
        )
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return (None, "") if row is None else (accounts.agent_of(row), row.password_hash)

    def _hash(self, connection: Connection, agent_id: int) -> str:
        query = select(agents.c.password_hash).where(agents.c.id == agent_id)
        return connection.scalar(query) or ""

    def _note_refusal(self, known: Agent | None, email: str, address: str) -> None:
        """Once for each time that the attempts for an e-mail address are used up. The same for one
        that no agent has, so that nothing takes longer where there is one."""
        if not self._throttle.reached(email):
            return
        with self._database.write() as connection:
            after = {"address": clean_text(address)[:100]}
            number = "" if known is None else known.id
            note(
                connection,
                self._clock(),
                NOBODY,
                "agent.attempts_used_up",
                number,
                after=after,
            )


def _wrong() -> SignInRefused:
    return SignInRefused(
        "The e-mail address or the password is wrong.",
        advice="An administrator can set a new password.",
    )
