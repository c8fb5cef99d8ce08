"""Accounts from an OpenID Connect provider: who its claims are to the host.

A person is known by issuer and subject, which never change hands (OpenID Connect Core 1.0, 5.7); an
e-mail address does, so it only ever makes the first link, and only when the provider says that it
verified it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from ..database.agent_tables import agents
from ..database.columns import clean_text, email_key
from ..database.database import Database
from ..errors import InvalidInput
from ..settings import Settings
from . import accounts
from .agent import Agent, SignedIn, SignInRefused
from .journal import PROVIDER, note
from .roles import Role
from .sessions import Sessions

_LONGEST_SUBJECT = 255  # ASCII characters; OpenID Connect Core 1.0, 2


class Provider:
    def __init__(
        self,
        database: Database,
        settings: Settings,
        sessions: Sessions,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._settings = settings
        self._sessions = sessions
        self._clock = clock

    def signed_in(
        self,
        issuer: str,
        subject: str,
        email: str,
        verified: bool,
        groups: Collection[str],
        *,
        name: str,
        address: str,
        browser: str,
    ) -> SignedIn:
        """Whoever is linked to this identity; else the agent with the verified e-mail address, who
        is linked from then on; else, where a group of the person has a role, a new agent.

        An agent that the provider brought has the role of its groups, anew with each sign-in;
        without any it is refused, and its sessions end. One that was added by hand keeps the role
        given by hand.

        :raises SignInRefused: none of these, or the agent is disabled.
        """
        subject = subject.strip()
        if not issuer or issuer != self._settings.oidc_issuer:
            raise _refused("The host does not know that provider.")
        if not subject or len(subject) > _LONGEST_SUBJECT or not subject.isprintable():
            raise _refused("The provider did not say who signs in.")
        role = self._role(groups)
        with self._database.write() as connection:
            accounts.wait_for_turn(connection)
            agent = self._known(connection, issuer, subject)
            if agent is None:
                agent = self._linked(connection, issuer, subject, email, verified, role, name)
            if agent.disabled:
                raise _refused("This account is disabled.")
            if role is not None or not self._follows_groups(connection, agent):
                agent = self._with_role(connection, agent, role)
                return self._sessions.begin(
                    connection, agent, method="provider", address=address, browser=browser
                )
            ended = self._sessions.end_all(connection, agent.id)
            if ended:
                after = {"sessions": ended, "why": "no group"}
                note(
                    connection,
                    self._clock(),
                    PROVIDER,
                    "agent.sessions_ended",
                    agent.id,
                    after=after,
                )
        raise _refused("None of the groups of this account may use the host.")

    def _role(self, groups: Collection[str]) -> Role | None:
        """The highest that a group gives."""
        of = self._settings
        # A provider may write one group as a text, and what is no text is no group.
        theirs = (
            {groups} if isinstance(groups, str) else {it for it in groups if isinstance(it, str)}
        )
        for role, names in (
            (Role.ADMINISTRATOR, of.oidc_administrators),
            (Role.OPERATOR, of.oidc_operators),
            (Role.VIEWER, of.oidc_viewers),
        ):
            if not set(names).isdisjoint(theirs):
                return role
        return None

    def _known(self, connection: Connection, issuer: str, subject: str) -> Agent | None:
        query = select(*accounts.AGENT_COLUMNS).where(
            agents.c.issuer == issuer, agents.c.subject == subject
        )
        row = connection.execute(query).first()
        return None if row is None else accounts.agent_of(row)

    def _linked(
        self,
        connection: Connection,
        issuer: str,
        subject: str,
        email: str,
        verified: bool,
        role: Role | None,
        name: str,
    ) -> Agent:
        """The agent of the verified e-mail address, linked now, or a new one."""
        if verified is not True or not email.strip():  # a text such as "false" verifies nothing
            raise _refused(
                "The provider has not verified the e-mail address of this account.",
                "Verify it there, then sign in again.",
            )
        query = select(*accounts.AGENT_COLUMNS).where(
            agents.c.email_key == email_key(clean_text(email))
        )
        row = connection.execute(query).first()
        if row is None:
            agent = self._added(connection, email, role, name)
        else:
            agent = accounts.agent_of(row)
            if agent.disabled:
                raise _refused("This account is disabled.")
            if agent.provider:
                # The address was given to somebody else there, or the account was made anew.
                raise _refused(
                    "The agent with this e-mail address is linked to another account at the "
                    "provider.",
                    "An administrator can take the link away: `halo-host agents unlink E-MAIL`.",
                )
        accounts.set_values(connection, agent.id, issuer=issuer, subject=subject)
        after = {"provider": issuer, "subject": subject}
        note(connection, self._clock(), agent.name, "agent.linked", agent.id, after=after)
        return accounts.get(connection, agent.id)

    def _added(self, connection: Connection, email: str, role: Role | None, name: str) -> Agent:
        if role is None:
            raise _refused("There is no account for this e-mail address.")
        try:
            added = accounts.insert_agent(
                connection,
                name=accounts.free_name(connection, name, email),
                email=email,
                role=role,
                at=self._clock(),
            )
        except InvalidInput as error:
            raise _refused(f"The host cannot use this account. {error.message}") from None
        accounts.set_values(connection, added.id, role_from_provider=True)
        after: dict[str, Any] = {
            "name": added.name,
            "email": added.email,
            "role": role.value,
            "by": "provider",
        }
        note(connection, self._clock(), added.name, "agent.added", added.id, after=after)
        return added

    def _follows_groups(self, connection: Connection, agent: Agent) -> bool:
        query = select(agents.c.role_from_provider).where(agents.c.id == agent.id)
        return bool(connection.scalar(query))

    def _with_role(self, connection: Connection, agent: Agent, role: Role | None) -> Agent:
        """As the groups say, where they decide."""
        if role is None or role is agent.role or not self._follows_groups(connection, agent):
            return agent
        accounts.set_values(connection, agent.id, role=role.value)
        self._sessions.renew_all(connection, agent.id)
        note(
            connection,
            self._clock(),
            PROVIDER,
            "agent.changed",
            agent.id,
            {"role": agent.role.value},
            {"role": role.value},
        )
        return accounts.get(connection, agent.id)


def _refused(
    message: str, advice: str = "Ask an administrator of Halo Host for an account."
) -> SignInRefused:
    return SignInRefused(message, advice=advice)
