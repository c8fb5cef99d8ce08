"""Agents, their sessions and API tokens as faces see them, and the refusal of a sign-in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from ..errors import HostError
from .roles import Role


class SignInRefused(HostError):
    """Nobody was signed in. The text is the same whether there is such an agent or not.

    `retry_after` is set when there were too many attempts: whole seconds until the next may be
    made, for the header `Retry-After` of an answer with status 429.
    """

    def __init__(
        self, message: str, *, advice: str | None = None, retry_after: int | None = None
    ) -> None:
        super().__init__(message, advice=advice)
        self.retry_after = retry_after


@dataclass(frozen=True, kw_only=True, slots=True)
class Agent:
    """A person who signs in to the host. `provider` is the issuer of an OpenID Connect identity
    that the agent is linked to, or empty. Times are UTC."""

    id: int
    name: str
    email: str
    role: Role
    has_password: bool
    provider: str
    created_at: datetime
    last_sign_in_at: datetime | None
    disabled_at: datetime | None

    @property
    def disabled(self) -> bool:
        return self.disabled_at is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class SignedIn:
    """An agent with a session that is open.

    `token` is what the browser's cookie shall hold from now on, and empty where the cookie stays as
    it is: it is given after a sign-in, and by `Agents.session` when the session was renewed.
    `csrf_token` stays the same through the life of the session. `method` is how the agent signed
    in: `password`, `provider` or `link`.
    """

    agent: Agent
    session_id: int
    csrf_token: str = field(repr=False)
    method: str
    started_at: datetime
    expires_at: datetime
    token: str = field(default="", repr=False)

    @property
    def name(self) -> str:
        """Who did it, as audit rows name the agent."""
        return self.agent.name

    @property
    def role(self) -> Role:
        return self.agent.role


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """A session that is open, as its agent and administrators see it in a list."""

    id: int
    agent_id: int
    method: str
    address: str
    browser: str
    started_at: datetime
    seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiToken:
    """A token of the JSON API. `hint` is its beginning, by which a person knows it again."""

    id: int
    agent_id: int
    name: str
    hint: str
    role: Role
    created_by: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class NewApiToken:
    """A token that was made just now; `secret` is shown once and kept nowhere."""

    token: ApiToken
    secret: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenUse:
    """Who calls the API. `role` is the lower of the token's and the agent's: what counts."""

    agent: Agent
    token_id: int
    role: Role

    @property
    def name(self) -> str:
        """Who did it, as audit rows name the agent."""
        return self.agent.name
