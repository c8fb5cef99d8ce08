"""The rows of agents: read, checked, written in the caller's transaction."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, exists, insert, select, update

from ..database.agent_tables import agents
from ..database.columns import clean_text, email_key, name_key
from ..database.ids import allocate_ids
from ..database.tables import id_counters
from ..errors import InvalidInput, NotFound
from .agent import Agent
from .journal import NOBODY, PROVIDER
from .roles import Role

LONGEST_NAME = 100
LONGEST_EMAIL = 254  # RFC 5321, 4.5.3.1.3
_RESERVED = {"command line", "demo", "integrator", "schedule", "webhook", NOBODY, PROVIDER}
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")

AGENT_COLUMNS = (
    agents.c.id,
    agents.c.name,
    agents.c.email,
    agents.c.role,
    (agents.c.password_hash != "").label("has_password"),
    agents.c.issuer,
    agents.c.created_at,
    agents.c.last_sign_in_at,
    agents.c.disabled_at,
)


def agent_of(row: Any) -> Agent:
    """From a row with `AGENT_COLUMNS`."""
    return Agent(
        id=row.id,
        name=row.name,
        email=row.email,
        role=Role(row.role),
        has_password=bool(row.has_password),
        provider=row.issuer or "",
        created_at=row.created_at,
        last_sign_in_at=row.last_sign_in_at,
        disabled_at=row.disabled_at,
    )


def get(connection: Connection, agent_id: int) -> Agent:
    """:raises NotFound: there is no agent of that number."""
    row = connection.execute(select(*AGENT_COLUMNS).where(agents.c.id == agent_id)).first()
    if row is None:
        raise NotFound(f"There is no agent {agent_id}.", advice="See `halo-host agents list`.")
    return agent_of(row)


def for_change(connection: Connection, agent_id: int) -> Agent:
    """The same before a change: changes of agents queue up, so none decides on what is outdated.

    :raises NotFound: there is no agent of that number.
    """
    wait_for_turn(connection)
    return get(connection, agent_id)


def wait_for_turn(connection: Connection) -> None:
    """Until the transaction ends, nobody else changes agents. SQLite has one writer anyway."""
    counter = select(id_counters.c.name).where(id_counters.c.name == agents.name)
    connection.execute(counter.with_for_update())


def insert_agent(
    connection: Connection,
    *,
    name: str,
    email: str,
    role: Role,
    at: datetime,
    password_hash: str = "",
    number: int | None = None,
) -> Agent:
    """Add an agent; `number` if its id was taken already.

    :raises InvalidInput: the name or the address cannot be used, or another agent has it.
    """
    if number is None:
        (number,) = allocate_ids(connection, agents)  # writers queue up from here
    values = {**checked_name(name), **checked_email(email)}
    _refuse_taken(connection, values)
    connection.execute(
        insert(agents).values(
            id=number, role=role.value, password_hash=password_hash, created_at=at, **values
        )
    )
    return get(connection, number)


def change_agent(
    connection: Connection, agent_id: int, *, name: str | None, email: str | None
) -> None:
    """:raises InvalidInput: the name or the address cannot be used, or another agent has it."""
    values: dict[str, str] = {}
    if name is not None:
        values |= checked_name(name)
    if email is not None:
        values |= checked_email(email)
    _refuse_taken(connection, values, but=agent_id)
    set_values(connection, agent_id, **values)


def set_values(connection: Connection, agent_id: int, **values: Any) -> None:
    if values:
        connection.execute(update(agents).where(agents.c.id == agent_id).values(**values))


def checked_name(name: str) -> dict[str, str]:
    """The name and its key, as columns."""
    name = " ".join(clean_text(name).split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise InvalidInput(f"An agent needs a name of 1 to {LONGEST_NAME} characters.")
    key = name_key(name)
    if is_reserved(key):
        raise InvalidInput(
            f"No agent can be called {name}.",
            advice="The audit log calls the host's own work so.",
        )
    return {"name": name, "name_key": key}


def is_reserved(key: str) -> bool:
    """Whether audit rows name something else so that is no agent; `key` is the name's key."""
    return key in _RESERVED or key.endswith(" command line")


def checked_email(email: str) -> dict[str, str]:
    """The e-mail address and its key, as columns."""
    email = clean_text(email)
    if len(email) > LONGEST_EMAIL or not email.isprintable() or not _EMAIL.fullmatch(email):
        raise InvalidInput(
            "That is no e-mail address.", advice="Give one such as olive@example.com."
        )
    return {"email": email, "email_key": email_key(email)}


def free_name(connection: Connection, name: str, email: str) -> str:
    """A name for one whom nobody asks: as given, or with the e-mail address where it is taken."""
    name = " ".join(clean_text(name).split())[:LONGEST_NAME]
    email = clean_text(email)
    if not name or not name.isprintable() or is_reserved(name_key(name)):
        return email[:LONGEST_NAME]
    taken = select(exists(select(agents.c.id).where(agents.c.name_key == name_key(name))))
    return (
        f"{name[: LONGEST_NAME // 2]} {email}"[:LONGEST_NAME] if connection.scalar(taken) else name
    )


def anybody(connection: Connection) -> bool:
    """Whether there is any agent, enabled or not."""
    return bool(connection.scalar(select(exists(select(agents.c.id)))))


def refuse_without_administrator(connection: Connection, agent: Agent) -> None:
    """:raises InvalidInput: `agent` is the only administrator who can sign in."""
    others = connection.scalars(
        select(agents.c.id).where(
            agents.c.role == Role.ADMINISTRATOR.value, agents.c.disabled_at.is_(None)
        )
    )
    if not set(others) - {agent.id}:
        raise InvalidInput(
            f"{agent.name} is the only administrator.",
            advice="Make somebody else an administrator first.",
        )


def _refuse_taken(
    connection: Connection, values: dict[str, str], *, but: int | None = None
) -> None:
    for column, what, advice in (
        ("email_key", "e-mail address", "See `halo-host agents list`."),
        ("name_key", "name", "The audit log tells agents apart by name: add an initial."),
    ):
        if column not in values:
            continue
        query = select(agents.c.name).where(agents.c[column] == values[column])
        if but is not None:
            query = query.where(agents.c.id != but)
        taken = connection.scalar(query)
        if taken is not None:
            raise InvalidInput(f"The agent {taken} has that {what} already.", advice=advice)
