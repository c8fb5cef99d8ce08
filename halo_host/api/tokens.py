"""API tokens: those of agents, for administrators; the own ones, for everybody."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from ..agents.agent import ApiToken
from ..agents.api_tokens import LONGEST_DAYS, USUAL_DAYS
from ..agents.roles import Role
from ..errors import NotFound
from .callers import the_caller, the_host
from .routes import Items, Routes
from .shapes import Body, Number, Query, Shape

routes = Routes(
    "Tokens",
    "API tokens, each with a role and an end. Only an administrator's token makes others, so that "
    "one that leaked ends when it should; every token may revoke those of its agent, and itself.",
)


class TokenQuery(Query):
    ended: Annotated[bool, Field(description="Also those that are revoked or expired.")] = False


class NewToken(Body):
    """`name` says what it is for. The role is never above the agent's."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    role: Role = Role.VIEWER
    days: Annotated[int, Field(ge=1, le=LONGEST_DAYS)] = USUAL_DAYS


class MadeToken(Shape):
    """`secret` is the token itself: it is shown this once and kept nowhere."""

    token: ApiToken
    secret: str


@routes.get("/agents/<number>/tokens", answer=Items[ApiToken], role=Role.ADMINISTRATOR)
def listed(number: Number, query: TokenQuery) -> Any:
    """List the tokens of an agent, the newest first. The tokens themselves are not kept."""
    agents = the_host().agents
    return {"items": agents.tokens.list(agents.get(number).id, ended=query.ended)}


@routes.post("/agents/<number>/tokens", answer=MadeToken, role=Role.ADMINISTRATOR, status=201)
def make(number: Number, body: NewToken) -> Any:
    """Make a token that acts as an agent.

    It takes no Idempotency-Key, for nothing keeps its answer: revoke one whose answer was lost.
    """
    return the_host().agents.tokens.add(
        number, body.name, body.role, days=body.days, agent=the_caller().name
    )


@routes.post("/agents/<number>/tokens/<token>/revoke", answer=ApiToken, role=Role.ADMINISTRATOR)
def revoke(number: Number, token: Number) -> Any:
    """Refuse a token from now on."""
    return _revoked(number, token)


@routes.get("/me/tokens", answer=Items[ApiToken])
def own(query: TokenQuery) -> Any:
    """List the tokens of the agent whose token this is."""
    return {"items": the_host().agents.tokens.list(the_caller().agent.id, ended=query.ended)}


@routes.post("/me/tokens/<token>/revoke", answer=ApiToken, role=Role.VIEWER)
def revoke_own(token: Number) -> Any:
    """Refuse a token of one's own from now on; it may be the one that asks."""
    return _revoked(the_caller().agent.id, token)


def _revoked(owner: int, number: int) -> ApiToken:
    """:raises NotFound: the agent has no such token."""
    tokens = the_host().agents.tokens
    if tokens.get(number).agent_id != owner:
        raise NotFound(f"Agent {owner} has no API token {number}.")
    return tokens.revoke(number, agent=the_caller().name)
