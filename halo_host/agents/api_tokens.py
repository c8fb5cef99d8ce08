"""Tokens of the JSON API: each belongs to an agent, has a role of its own and an end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, or_, select, update

from ..database.agent_tables import agents, api_tokens
from ..database.columns import clean_text
from ..database.database import Database
from ..database.ids import allocate_ids
from ..errors import InvalidInput, NotFound
from ..masking import MASKED
from . import accounts
from .accounts import AGENT_COLUMNS, agent_of
from .agent import ApiToken, NewApiToken, TokenUse
from .journal import note
from .random_tokens import hash_of, new_token
from .roles import Role

PREFIX = "halo_"  # by which scanners of leaked secrets, and people, know what it is
USED_EVERY = timedelta(minutes=1)  # a call writes no more often than this
LONGEST_DAYS = 366
USUAL_DAYS = 90
MOST_TOKENS = 100  # in use at one time, of one agent
_HINT = len(PREFIX) + 4
_LONGEST_NAME = 100
_SHOWN = [api_tokens.c[name] for name in ApiToken.__dataclass_fields__]


class ApiTokens:
    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def add(
        self,
        agent_id: int,
        name: str,
        role: Role,
        *,
        agent: str,
        days: int = USUAL_DAYS,
    ) -> NewApiToken:
        """Make a token that acts as the agent with at most `role`, for so many days. Its secret is
        in the result alone.

        :raises InvalidInput: the role is above the agent's, the agent is disabled, or the name or
            the days cannot be used.
        :raises NotFound: there is no agent of that number.
        """
        name = " ".join(clean_text(name).split())
        if not name or len(name) > _LONGEST_NAME or not name.isprintable():
            raise InvalidInput(
                f"An API token needs a name of 1 to {_LONGEST_NAME} characters, such as what it "
                "is used for."
            )
        if not 1 <= days <= LONGEST_DAYS:
            raise InvalidInput(f"An API token is good for 1 to {LONGEST_DAYS} days.")
        now, secret = self._clock(), PREFIX + new_token()
        with self._database.write() as connection:
            owner = accounts.for_change(connection, agent_id)
            self._refuse(owner.name, owner.disabled, owner.role, role)
            count = connection.scalar(
                select(func.count()).where(
                    api_tokens.c.agent_id == agent_id,
                    api_tokens.c.revoked_at.is_(None),
                    api_tokens.c.expires_at > now,
                )
            )
            if (count or 0) >= MOST_TOKENS:
                raise InvalidInput(
                    f"{owner.name} has {MOST_TOKENS} API tokens.", advice="Revoke some of them."
                )
            (number,) = allocate_ids(connection, api_tokens)
            token = ApiToken(
                id=number,
                agent_id=agent_id,
                name=name,
                hint=secret[:_HINT],
                role=role,
                created_by=agent,
                created_at=now,
                expires_at=now + timedelta(days=days),
                last_used_at=None,
                revoked_at=None,
            )
            values = {key: getattr(token, key) for key in ApiToken.__dataclass_fields__}
            connection.execute(
                insert(api_tokens).values(
                    {**values, "role": role.value, "token_hash": hash_of(secret)}
                )
            )
            note(connection, now, agent, "api_token.added", number, after=_shown(token, owner.name))
        return NewApiToken(token=token, secret=secret)

    def list(self, agent_id: int | None = None, *, ended: bool = False) -> Sequence[ApiToken]:
        """Tokens of an agent or of all, the newest first; with `ended` also those that are revoked
        or expired."""
        query = select(*_SHOWN).order_by(api_tokens.c.id.desc())
        if agent_id is not None:
            query = query.where(api_tokens.c.agent_id == agent_id)
        if not ended:
            query = query.where(
                api_tokens.c.revoked_at.is_(None), api_tokens.c.expires_at > self._clock()
            )
        with self._database.read() as connection:
            return [_token(row) for row in connection.execute(query)]

    def get(self, number: int) -> ApiToken:
        """:raises NotFound: there is no token of that number."""
        with self._database.read() as connection:
            row = connection.execute(select(*_SHOWN).where(api_tokens.c.id == number)).first()
        if row is None:
            raise NotFound(f"There is no API token {number}.")
        return _token(row)

    def revoke(self, number: int, *, agent: str) -> ApiToken:
        """Refuse the token from now on; it stays in the list of those that ended.

        :raises InvalidInput: it is revoked already.
        :raises NotFound: there is no token of that number.
        """
        token, now = self.get(number), self._clock()
        with self._database.write() as connection:
            revoked = connection.execute(
                update(api_tokens)
                .where(api_tokens.c.id == number, api_tokens.c.revoked_at.is_(None))
                .values(revoked_at=now)
            )
            if not revoked.rowcount:
                raise InvalidInput(f"The API token {number} is revoked already.")
            owner = accounts.get(connection, token.agent_id).name
            before = _shown(token, owner)
            note(connection, now, agent, "api_token.revoked", number, before=before)
        return self.get(number)

    def use(self, secret: str) -> TokenUse | None:
        """Who calls with this token, and with what role; None for one that is unknown, revoked or
        expired, or whose agent is disabled. Call it once for each request."""
        if not secret.startswith(PREFIX):
            return None
        now = self._clock()
        query = (
            select(
                api_tokens.c.id.label("token_id"),
                api_tokens.c.role.label("token_role"),
                api_tokens.c.last_used_at,
                *AGENT_COLUMNS,
            )
            .join(agents, agents.c.id == api_tokens.c.agent_id)
            .where(
                api_tokens.c.token_hash == hash_of(secret),
                api_tokens.c.revoked_at.is_(None),
                api_tokens.c.expires_at > now,
                agents.c.disabled_at.is_(None),
            )
        )
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        if row.last_used_at is None or now - row.last_used_at >= USED_EVERY:
            self._note_use(row.token_id, now)
        agent = agent_of(row)
        role = Role(row.token_role).no_more_than(agent.role)
        return TokenUse(agent=agent, token_id=row.token_id, role=role)

    def _note_use(self, number: int, now: datetime) -> None:
        used = api_tokens.c.last_used_at
        with self._database.write() as connection:
            connection.execute(
                update(api_tokens)
                .where(api_tokens.c.id == number, or_(used.is_(None), used < now))
                .values(last_used_at=now)
            )

    def _refuse(self, name: str, disabled: bool, has: Role, wanted: Role) -> None:
        if disabled:
            raise InvalidInput(f"{name} is disabled.", advice="Enable the agent before that.")
        if not has.allows(wanted):
            raise InvalidInput(
                f"{name} is {has.value}; the token cannot be {wanted.value}.",
                advice="Choose a role that the agent has.",
            )


def _token(row: Any) -> ApiToken:
    return ApiToken(**{**row._mapping, "role": Role(row.role)})


def _shown(token: ApiToken, owner: str) -> dict[str, Any]:
    """A token as audit rows show one."""
    return {
        "name": token.name,
        "agent": owner,
        "role": token.role.value,
        "expires_at": token.expires_at.isoformat(),
        "secret": MASKED,
    }
