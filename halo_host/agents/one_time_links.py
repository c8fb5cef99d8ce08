"""Links that work once: for the first administrator, and for an agent to choose a password."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, exists, insert, select

from ..database.agent_tables import agents, one_time_links
from ..database.database import Database
from ..database.ids import allocate_ids
from ..errors import InvalidInput
from ..masking import MASKED
from . import accounts
from .agent import Agent, SignedIn, SignInRefused
from .journal import note
from .passwords import Passwords, refuse_weak
from .random_tokens import hash_of, new_token
from .roles import Role
from .sessions import Sessions
from .sign_in import SignIn

FIRST, PASSWORD = "first", "password"
FIRST_IS_GOOD_FOR = timedelta(hours=1)
PASSWORD_IS_GOOD_FOR = timedelta(days=1)


class OneTimeLinks:
    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        sign_in: SignIn,
        sessions: Sessions,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._sign_in = sign_in
        self._sessions = sessions
        self._clock = clock

    def begin_first(self) -> str | None:
        with self._database.read() as connection:
            if accounts.anybody(connection):
                return None
        with self._database.write() as connection:
            # Links of other processes that start now stay: each prints its own.
            return self._make(connection, FIRST, None, FIRST_IS_GOOD_FOR)

    def first_is_open(self, token: str) -> bool:
        with self._database.read() as connection:
            return self._is_open(connection, FIRST, token) and not accounts.anybody(connection)

    def redeem_first(
        self, token: str, name: str, email: str, password: str, *, address: str, browser: str
    ) -> SignedIn:
        if not self.first_is_open(token):
            raise _used_up(
                "Restart `halo-host serve` for a new one, or use `halo-host agents add`."
            )
        for error in unfit(name, email, password).values():
            raise error
        hashed = self._passwords.hash(password)
        with self._database.write() as connection:
            (number,) = allocate_ids(connection, agents)  # writers queue up from here
            if accounts.anybody(connection) or not self._take(connection, FIRST, token):
                raise _used_up("Sign in, or ask an administrator for an account.")
            connection.execute(delete(one_time_links).where(one_time_links.c.kind == FIRST))
            added = accounts.insert_agent(
                connection,
                name=name,
                email=email,
                role=Role.ADMINISTRATOR,
                at=self._clock(),
                password_hash=hashed,
                number=number,
            )
            after = {
                "name": added.name,
                "email": added.email,
                "role": added.role.value,
                "password": MASKED,
                "by": "one-time link",
            }
            note(connection, self._clock(), added.name, "agent.added", added.id, after=after)
            return self._sessions.begin(
                connection, added, method="link", address=address, browser=browser
            )

    def begin_password(self, agent_id: int, *, agent: str) -> str:
        with self._database.write() as connection:
            owner = accounts.for_change(connection, agent_id)
            if owner.disabled:
                raise InvalidInput(
                    f"{owner.name} is disabled.", advice="Enable the agent before that."
                )
            self.end(connection, agent_id)
            token = self._make(connection, PASSWORD, agent_id, PASSWORD_IS_GOOD_FOR)
            until = (self._clock() + PASSWORD_IS_GOOD_FOR).isoformat()
            after = {"link": MASKED, "expires_at": until}
            note(connection, self._clock(), agent, "agent.link_made", agent_id, after=after)
            return token

    def password_owner(self, token: str) -> Agent | None:
        with self._database.read() as connection:
            if not self._is_open(connection, PASSWORD, token):
                return None
            query = (
                select(*accounts.AGENT_COLUMNS)
                .join(one_time_links, one_time_links.c.agent_id == agents.c.id)
                .where(one_time_links.c.token_hash == hash_of(token))
            )
            row = connection.execute(query.where(agents.c.disabled_at.is_(None))).first()
        return None if row is None else accounts.agent_of(row)

    def redeem_password(self, token: str, password: str, *, address: str, browser: str) -> SignedIn:
        owner = self.password_owner(token)
        if owner is None:
            raise _used_up("Ask an administrator for a new one.")
        hashed = self._passwords.new_hash(password, owner.name, owner.email)
        with self._database.write() as connection:
            owner = accounts.for_change(connection, owner.id)
            if owner.disabled or not self._take(connection, PASSWORD, token):
                raise _used_up("Ask an administrator for a new one.")
            self._sign_in.put_password(connection, owner, hashed, agent=owner.name)
            owner = accounts.get(connection, owner.id)
            return self._sessions.begin(
                connection, owner, method="link", address=address, browser=browser
            )

    def end(self, connection: Connection, agent_id: int) -> None:
        """Links that an agent has not used are good no more."""
        connection.execute(delete(one_time_links).where(one_time_links.c.agent_id == agent_id))

    def _make(
        self, connection: Connection, kind: str, agent_id: int | None, good_for: timedelta
    ) -> str:
        accounts.wait_for_turn(connection)
        now, token = self._clock(), new_token()
        connection.execute(delete(one_time_links).where(one_time_links.c.expires_at <= now))
        connection.execute(
            insert(one_time_links).values(
                token_hash=hash_of(token),
                kind=kind,
                agent_id=agent_id,
                created_at=now,
                expires_at=now + good_for,
            )
        )
        return token

    def _is_open(self, connection: Connection, kind: str, token: str) -> bool:
        found = select(one_time_links.c.kind).where(
            one_time_links.c.token_hash == hash_of(token),
            one_time_links.c.kind == kind,
            one_time_links.c.expires_at > self._clock(),
        )
        return bool(connection.scalar(select(exists(found))))

    def _take(self, connection: Connection, kind: str, token: str) -> bool:
        """Use the link up; whether it was good."""
        taken = delete(one_time_links).where(
            one_time_links.c.token_hash == hash_of(token),
            one_time_links.c.kind == kind,
            one_time_links.c.expires_at > self._clock(),
        )
        return connection.execute(taken).rowcount == 1


def unfit(name: str, email: str, password: str) -> Mapping[str, InvalidInput]:
    """Why a new account cannot have these: by "name", "email" and "password", each at most once."""
    checks: Mapping[str, Callable[[], object]] = {
        "name": lambda: accounts.checked_name(name),
        "email": lambda: accounts.checked_email(email),
        "password": lambda: refuse_weak(password, name, email),
    }
    found: dict[str, InvalidInput] = {}
    for field, check in checks.items():
        try:
            check()
        except InvalidInput as error:
            found[field] = error
    return found


def _used_up(advice: str) -> SignInRefused:
    return SignInRefused("This link was used already, or is too old.", advice=advice)
