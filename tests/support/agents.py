"""Agents for tests."""

from __future__ import annotations

from halo_host.agents.agent import Agent, SignedIn
from halo_host.agents.roles import Role
from halo_host.host import Host

BY = "Test"
PASSWORD = "violet harbour seventeen"
ADDRESS = "192.0.2.7"


def add_agent(
    host: Host,
    name: str = "Olive Operator",
    role: Role = Role.OPERATOR,
    *,
    password: str | None = PASSWORD,
) -> Agent:
    """An agent whose address is made of the first name: olive@example.com."""
    email = f"{name.split()[0].lower()}@example.com"
    return host.agents.add(name, email, role, agent=BY, password=password)


def signed_in(host: Host, email: str = "olive@example.com", address: str = ADDRESS) -> SignedIn:
    return host.agents.sign_in(email, PASSWORD, address, browser="Test/1.0")
