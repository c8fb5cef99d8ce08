"""Who signs in to the pages of a demo."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from ..agents.roles import Role
from ..host import Host
from .demo import AGENT

_NAME, _EMAIL = "Demo Administrator", "demo@example.com"
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another


@dataclass(frozen=True, kw_only=True, slots=True)
class DemoAgent:
    """`password` is for this demo alone, and may be shown."""

    email: str
    password: str = field(repr=False)


def demo_agent(host: Host) -> DemoAgent:
    """An administrator with a new password; the one of an earlier demo goes on."""
    password = "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3))
    known = [each for each in host.agents.all() if each.email == _EMAIL]
    if known:
        host.agents.set_password(known[0].id, password, agent=AGENT)
    else:
        host.agents.add(_NAME, _EMAIL, Role.ADMINISTRATOR, agent=AGENT, password=password)
    return DemoAgent(email=_EMAIL, password=password)
