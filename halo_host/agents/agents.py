"""Agents as faces manage them, and the one door for everything about signing in.

Pages, API and command line call `Agents`; who does it is `agent`, the name for the audit log.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from ..database.agent_tables import agents
from ..database.columns import clean_text, email_key
from ..database.database import Database
from ..errors import InvalidInput, NotFound
from ..masking import MASKED
from ..only_once import only_once
from ..settings import Settings
from . import accounts
from .agent import Agent, Session, SignedIn
from .api_tokens import ApiTokens
from .journal import note
from .one_time_links import OneTimeLinks
from .passwords import Passwords
from .provider import Provider
from .roles import Role
from .sessions import Sessions
from .sign_in import SignIn
from .throttle import Throttle

if TYPE_CHECKING:
    from .openid import OpenIdConnect


class Agents:
    """The agents of one host. `tokens` are those of the JSON API."""

    def __init__(
        self, database: Database, settings: Settings, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._clock = clock
        self._base = settings.public_url or f"http://{settings.listen}"
        self._passwords = Passwords(
            rounds=settings.password_rounds, memory_mib=settings.password_memory
        )
        self._sessions = Sessions(
            database,
            clock,
            idle=timedelta(hours=settings.session_hours),
            longest=timedelta(days=settings.session_days),
        )
        self._throttle = Throttle(database, clock)
        self._sign_in = SignIn(database, self._passwords, self._sessions, self._throttle, clock)
        self._links = OneTimeLinks(database, self._passwords, self._sign_in, self._sessions, clock)
        self._provider = Provider(database, settings, self._sessions, clock)
        self._settings = settings
        self.tokens = ApiTokens(database, clock)

    @only_once
    def openid(self) -> OpenIdConnect | None:
        """The OpenID Connect provider of the settings; None without one. What it answers goes to
        `signed_in_by_provider`."""
        if not self._settings.oidc_issuer:
            return None
        from .openid import OpenIdConnect  # its libraries take time to load

        return OpenIdConnect(self._settings)

    # Who there is.

    def all(self, *, disabled: bool = True) -> Sequence[Agent]:
        """By name; without `disabled` only those who may sign in."""
        query = select(*accounts.AGENT_COLUMNS).order_by(agents.c.name_key, agents.c.id)
        if not disabled:
            query = query.where(agents.c.disabled_at.is_(None))
        with self._database.read() as connection:
            return [accounts.agent_of(row) for row in connection.execute(query)]

    def get(self, agent_id: int) -> Agent:
        """:raises NotFound: there is no agent of that number."""
        with self._database.read() as connection:
            return accounts.get(connection, agent_id)

    def find(self, who: str) -> Agent:
        """By e-mail address or number, as people type it.

        :raises NotFound: there is no such agent.
        """
        who = clean_text(who[:1_000])
        column: Any = agents.c.email_key
        value: str | int = email_key(who)
        if who.isascii() and who.isdecimal() and len(who) < 10:
            column, value = agents.c.id, int(who)
        with self._database.read() as connection:
            query = select(*accounts.AGENT_COLUMNS).where(column == value)
            row = connection.execute(query).first()
        if row is None:
            raise NotFound(f"There is no agent {who[:254]}.", advice="See `halo-host agents list`.")
        return accounts.agent_of(row)

    # Changes. Each leaves an audit row with what was before and after.

    def add(
        self, name: str, email: str, role: Role, *, agent: str, password: str | None = None
    ) -> Agent:
        """Add an agent, who without a password signs in by a link or at the provider.

        :raises InvalidInput: the name, the address or the password cannot be used, or another
            agent has the name or the address.
        """
        hashed = "" if password is None else self._passwords.new_hash(password, name, email)
        with self._database.write() as connection:
            added = accounts.insert_agent(
                connection,
                name=name,
                email=email,
                role=role,
                at=self._clock(),
                password_hash=hashed,
            )
            self._note(
                connection,
                agent,
                "agent.added",
                added.id,
                after=_shown(added) | ({"password": MASKED} if hashed else {}),
            )
        return added

    def change(
        self, agent_id: int, *, agent: str, name: str | None = None, email: str | None = None
    ) -> Agent:
        """Change the name, the e-mail address or both.

        :raises InvalidInput: one cannot be used, or another agent has it.
        :raises NotFound: there is no agent of that number.
        """
        with self._database.write() as connection:
            before = accounts.for_change(connection, agent_id)
            accounts.change_agent(connection, agent_id, name=name, email=email)
            return self._changed(connection, agent, before)

    def set_role(self, agent_id: int, role: Role, *, agent: str) -> Agent:
        """Give another role. It counts from the next request on, also for API tokens; the tokens of
        sessions are renewed. The groups of a provider do not change it any more.

        :raises InvalidInput: it would leave the host without an administrator.
        :raises NotFound: there is no agent of that number.
        """
        with self._database.write() as connection:
            before = accounts.for_change(connection, agent_id)
            accounts.set_values(connection, agent_id, role_from_provider=False)
            if before.role is role:
                return before
            if not before.disabled and before.role is Role.ADMINISTRATOR:
                accounts.refuse_without_administrator(connection, before)
            accounts.set_values(connection, agent_id, role=role.value)
            self._sessions.renew_all(connection, agent_id)
            return self._changed(connection, agent, before)

    def set_password(self, agent_id: int, password: str, *, agent: str) -> Agent:
        """Set the password of somebody else, or of whoever forgot it: all sessions end, and a wait
        after too many wrong passwords is over.

        :raises InvalidInput: the password cannot be used.
        :raises NotFound: there is no agent of that number.
        """
        owner = self.get(agent_id)
        hashed = self._passwords.new_hash(password, owner.name, owner.email)
        with self._database.write() as connection:
            before = accounts.for_change(connection, agent_id)
            self._sign_in.put_password(connection, before, hashed, agent=agent)
            return accounts.get(connection, agent_id)

    def change_password(self, token: str, old: str, new: str, *, address: str) -> SignedIn:
        """Change the own password, for the session of `token`: other sessions end, and this one
        gets a new token, which the result holds.

        :raises SignInRefused: the old password is wrong, or there were too many wrong ones.
        :raises InvalidInput: the new one cannot be used.
        """
        return self._sign_in.change_password(token, old, new, address=address)

    def disable(self, agent_id: int, *, agent: str) -> Agent:
        """Let an agent in no more: sessions end at once, API tokens are refused. History stays.

        :raises InvalidInput: it is the only administrator.
        :raises NotFound: there is no agent of that number.
        """
        with self._database.write() as connection:
            before = accounts.for_change(connection, agent_id)
            if before.disabled:
                return before
            if before.role is Role.ADMINISTRATOR:
                accounts.refuse_without_administrator(connection, before)
            accounts.set_values(connection, agent_id, disabled_at=self._clock())
            self._sessions.end_all(connection, agent_id)
            self._links.end(connection, agent_id)
            return self._changed(connection, agent, before, "agent.disabled")

    def enable(self, agent_id: int, *, agent: str) -> Agent:
        """Let a disabled agent in again, with the password and the API tokens from before.

        :raises NotFound: there is no agent of that number.
        """
        with self._database.write() as connection:
            before = accounts.for_change(connection, agent_id)
            if not before.disabled:
                return before
            accounts.set_values(connection, agent_id, disabled_at=None)
            return self._changed(connection, agent, before, "agent.enabled")

    def unlink_provider(self, agent_id: int, *, agent: str) -> Agent:
        """Forget who the agent is at the provider; the next sign-in there links anew by a verified
        e-mail address. Sessions that began there end.

        :raises InvalidInput: the agent is linked to none.
        :raises NotFound: there is no agent of that number.
        """
        with self._database.write() as connection:
            before = accounts.for_change(connection, agent_id)
            if not before.provider:
                raise InvalidInput(f"{before.name} is linked to no provider.")
            accounts.set_values(
                connection, agent_id, issuer=None, subject=None, role_from_provider=False
            )
            self._sessions.end_all(connection, agent_id)
            return self._changed(connection, agent, before, "agent.unlinked")

    # Signing in.

    def sign_in(self, email: str, password: str, address: str, *, browser: str = "") -> SignedIn:
        """Sign in with a password. `address` is the network address of the client as the host
        trusts it, `browser` its User-Agent; the result's `token` is for the cookie.

        :raises SignInRefused: for whatever reason, in the same words; with `retry_after` when
            there were too many attempts.
        """
        return self._sign_in.sign_in(email, password, address=address, browser=browser)

    def session(self, token: str) -> SignedIn | None:
        """Whose session a cookie's token opens; None where one must sign in. Call it once for each
        request, and put the result's `token`, if there is one, into the cookie."""
        return self._sessions.find(token)

    def sign_out(self, token: str) -> None:
        """End the session of a token; nothing happens where there is none."""
        self._sign_in.sign_out(token)

    def signed_in_by_provider(
        self,
        issuer: str,
        subject: str,
        email: str,
        verified: bool,
        groups: Collection[str] = (),
        *,
        name: str = "",
        address: str = "",
        browser: str = "",
    ) -> SignedIn:
        """Sign in whom the OpenID Connect provider vouches for; see `Provider.signed_in`.

        The claims must come from an ID token whose signature, issuer, audience, nonce and expiry
        were checked.

        :raises SignInRefused: the host knows nobody by these claims, or lets nobody in by them.
        """
        return self._provider.signed_in(
            issuer,
            subject,
            email,
            verified,
            groups,
            name=name,
            address=address,
            browser=browser,
        )

    # Sessions.

    def sessions(self, agent_id: int | None = None) -> Sequence[Session]:
        """Open sessions of one agent or of all, the one used last first."""
        return self._sessions.list(agent_id)

    def end_session(self, session_id: int, *, agent: str) -> None:
        """:raises NotFound: no such session is open."""
        with self._database.write() as connection:
            owner = self._sessions.end_one(connection, session_id)
            if owner is None:
                raise NotFound("That session is over already.")
            self._note(connection, agent, "agent.sessions_ended", owner, after={"sessions": 1})

    def end_sessions(
        self, agent_id: int | None = None, *, agent: str, but: int | None = None
    ) -> int:
        """End the sessions of an agent or of all, except the one numbered `but`; how many.

        :raises NotFound: there is no agent of that number.
        """
        with self._database.write() as connection:
            accounts.wait_for_turn(connection)
            if agent_id is not None:
                accounts.get(connection, agent_id)
            count = self._sessions.end_all(connection, agent_id, but=but)
            if count:
                whom = "" if agent_id is None else agent_id
                after = {"sessions": count}
                self._note(connection, agent, "agent.sessions_ended", whom, after=after)
        return count

    # Links that work once.

    def begin_first_link(self) -> str | None:
        """The token of a link by which the first administrator makes the own account; None once
        there is any agent. It is valid for an hour; each start of a server may print one."""
        return self._links.begin_first()

    def first_link_is_open(self, token: str) -> bool:
        """Whether `redeem_first_link` would take the token: look before showing the form."""
        return self._links.first_is_open(token)

    def redeem_first_link(
        self,
        token: str,
        name: str,
        email: str,
        password: str,
        *,
        address: str = "",
        browser: str = "",
    ) -> SignedIn:
        """Make the first administrator and sign in. After a refused name, address or password the
        link is still good.

        :raises SignInRefused: the link is used up, too old or unknown.
        :raises InvalidInput: the name, the address or the password cannot be used.
        """
        return self._links.redeem_first(
            token, name, email, password, address=address, browser=browser
        )

    def begin_password_link(self, agent_id: int, *, agent: str) -> str:
        """The token of a link by which an agent chooses a password, so that no administrator knows
        it. It is valid for a day, and the ones before it are void.

        :raises InvalidInput: the agent is disabled.
        :raises NotFound: there is no agent of that number.
        """
        return self._links.begin_password(agent_id, agent=agent)

    def password_link_address(self, token: str) -> str:
        """The link itself, for the agent."""
        return f"{self._base}/new-password?token={token}"

    def password_link(self, token: str) -> Agent | None:
        """Whose password the link sets, if it is still good."""
        return self._links.password_owner(token)

    def redeem_password_link(
        self, token: str, password: str, *, address: str = "", browser: str = ""
    ) -> SignedIn:
        """Set the password and sign in. After a refused password the link is still good.

        :raises SignInRefused: the link is used up, too old or unknown.
        :raises InvalidInput: the password cannot be used.
        """
        return self._links.redeem_password(token, password, address=address, browser=browser)

    def _changed(
        self, connection: Connection, by: str, before: Agent, action: str = "agent.changed"
    ) -> Agent:
        """Note what is different now."""
        after = accounts.get(connection, before.id)
        was, now = _shown(before), _shown(after)
        different = [key for key in now if was[key] != now[key]]
        if different:
            self._note(
                connection,
                by,
                action,
                after.id,
                before={key: was[key] for key in different},
                after={key: now[key] for key in different},
            )
        return after

    def _note(
        self, connection: Connection, by: str, action: str, agent_id: object, **values: Any
    ) -> None:
        note(connection, self._clock(), by, action, agent_id, **values)


def _shown(agent: Agent) -> dict[str, Any]:
    """An agent as audit rows show one."""
    return {
        "name": agent.name,
        "email": agent.email,
        "role": agent.role.value,
        "provider": agent.provider,
        "disabled": agent.disabled,
    }
