"""Agents: the people who sign in, their roles, sessions, the link for a password."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from ..agents.agent import Session
from ..agents.roles import Role
from ..errors import NotFound
from .callers import the_caller, the_host
from .routes import Answer, Items, Routes
from .shapes import Body, Number, Shape

routes = Routes(
    "Agents",
    "The people who sign in. An agent that is added here has no password: it chooses one by a "
    "one-time link, or signs in at the OpenID Connect provider.",
)

AgentName = Annotated[str, Field(min_length=1, max_length=100)]
Email = Annotated[str, Field(min_length=3, max_length=254)]


class AgentShape(Shape):
    """`provider` is the issuer of the OpenID Connect identity it is linked to, or empty."""

    id: int
    name: str
    email: str
    role: Role
    has_password: bool
    provider: str
    created_at: datetime
    last_sign_in_at: datetime | None
    disabled_at: datetime | None


class NewAgent(Body):
    name: AgentName
    email: Email
    role: Role = Role.VIEWER


class AgentChange(Body):
    """What is left out stays."""

    name: AgentName | None = None
    email: Email | None = None


class RoleChange(Body):
    role: Role


class PasswordLink(Shape):
    """For the agent alone: it sets a password, works once and for a day. It is not kept."""

    url: str


class EndSessions(Body):
    """One session by its number, or without it all of the agent."""

    session: Number | None = None


class Ended(Shape):
    ended: int


@routes.get("/agents", answer=Items[AgentShape], role=Role.ADMINISTRATOR)
def listed() -> Any:
    """List all agents by name, disabled ones too."""
    return {"items": the_host().agents.all()}


@routes.post("/agents", answer=AgentShape, role=Role.ADMINISTRATOR, status=201, work=True)
def add(body: NewAgent) -> Any:
    """Add an agent."""
    made = the_host().agents.add(body.name, body.email, body.role, agent=the_caller().name)
    return Answer(made, location=f"/api/v1/agents/{made.id}")


@routes.get("/agents/<number>", answer=AgentShape, role=Role.ADMINISTRATOR)
def show(number: Number) -> Any:
    """Show an agent."""
    return the_host().agents.get(number)


@routes.patch("/agents/<number>", answer=AgentShape, role=Role.ADMINISTRATOR, guarded=show)
def change(number: Number, body: AgentChange) -> Any:
    """Change name or e-mail address of an agent."""
    return the_host().agents.change(
        number, agent=the_caller().name, name=body.name, email=body.email
    )


@routes.put("/agents/<number>/role", answer=AgentShape, role=Role.ADMINISTRATOR, guarded=show)
def set_role(number: Number, body: RoleChange) -> Any:
    """Give an agent another role. It counts at once, for its tokens too.

    If-Match takes the ETag of the agent.
    """
    return the_host().agents.set_role(number, body.role, agent=the_caller().name)


@routes.post("/agents/<number>/disable", answer=AgentShape, role=Role.ADMINISTRATOR)
def disable(number: Number) -> Any:
    """Let an agent in no more: sessions end, tokens are refused; the history stays."""
    return the_host().agents.disable(number, agent=the_caller().name)


@routes.post("/agents/<number>/enable", answer=AgentShape, role=Role.ADMINISTRATOR)
def enable(number: Number) -> Any:
    """Let a disabled agent in again, with the password and the tokens from before."""
    return the_host().agents.enable(number, agent=the_caller().name)


@routes.post("/agents/<number>/unlink-provider", answer=AgentShape, role=Role.ADMINISTRATOR)
def unlink_provider(number: Number) -> Any:
    """Forget who an agent is at the OpenID Connect provider, and end its sessions."""
    return the_host().agents.unlink_provider(number, agent=the_caller().name)


@routes.post("/agents/<number>/password-link", answer=PasswordLink, role=Role.ADMINISTRATOR)
def password_link(number: Number) -> Any:
    """Make the link by which an agent chooses a password; those before it are void.

    It takes no Idempotency-Key, for nothing keeps its answer.
    """
    agents = the_host().agents
    token = agents.begin_password_link(number, agent=the_caller().name)
    return {"url": agents.password_link_address(token)}


@routes.get("/agents/<number>/sessions", answer=Items[Session], role=Role.ADMINISTRATOR)
def sessions(number: Number) -> Any:
    """List the open sessions of an agent, the one used last first."""
    agents = the_host().agents
    return {"items": agents.sessions(agents.get(number).id)}


@routes.post("/agents/<number>/sessions/end", answer=Ended, role=Role.ADMINISTRATOR)
def end_sessions(number: Number, body: EndSessions = EndSessions()) -> Any:  # noqa: B008 - never changed
    """End sessions of an agent, who must sign in again."""
    agents, by = the_host().agents, the_caller().name
    if body.session is None:
        return {"ended": agents.end_sessions(number, agent=by)}
    if body.session not in {it.id for it in agents.sessions(agents.get(number).id)}:
        raise NotFound(f"Agent {number} has no open session {body.session}.")
    agents.end_session(body.session, agent=by)
    return {"ended": 1}
