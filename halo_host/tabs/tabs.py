"""Tabs of a user: their headings without input or output, their content when one is opened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from time import monotonic

from sqlalchemy import bindparam, select

from ..connections.connections import Connections
from ..database.database import Database
from ..database.tables import links
from ..directory import users
from ..errors import HostError, InvalidInput, NotFound, PluginError
from ..payments.mirror_view import UserMirror
from ..payments.payments import Payments
from ..plugins import Plugins
from ..settings import Settings
from ..sync.sync import Sync
from ..tab_types import Tab
from ..types import Connection, PaymentPage, PaymentQuery, User
from .clean import cleaned
from .context import Context
from .places import Errand, Places
from .render import Renderer
from .shown import Heading, Opened, Page

DEADLINE = 5.0  # seconds for a tab, from when it is opened
RIBBON_DEADLINE = 1.0  # for the headings of all connections together, which read nothing

_PAYERS = (
    select(links.c.external_id)
    .where(links.c.connection_id == bindparam("connection"), links.c.user_id == bindparam("user"))
    .order_by(links.c.created_at, links.c.external_id)
)


class Tabs:
    def __init__(
        self,
        database: Database,
        plugins: Plugins,
        connections: Connections,
        payments: Payments,
        sync: Sync,
        settings: Settings,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._plugins = plugins
        self._connections = connections
        self._payments = payments
        self._sync = sync
        self._clock = clock
        self.places = Places()
        self.heading_places = Places()  # of their own, so that no ribbon waits for a slow tab
        self._renderer = Renderer(settings.locale, settings.timezone)

    def headings(self, user_id: int, slug: str) -> list[Heading]:
        """The tabs that a connection adds to a user."""
        return self._headings(slug, self._user(user_id))

    def _headings(self, slug: str, user: User) -> list[Heading]:
        return [
            Heading(slug, tab.slug, tab.title, tab.badge)
            for tab in self._tabs(self._readable(slug, user), user)
        ]

    def _readable(self, slug: str, user: User) -> Connection:
        """The connection as its tabs get it: a disabled one, too, where its mirror holds payments
        of the user. They are read without asking anybody.

        :raises InvalidInput: it is disabled, and the host has nothing of the user to show.
        """
        if self._is_kept(slug, user):
            return self._connections.for_plugin(slug)
        return self._connections.ready(slug)

    def _is_kept(self, slug: str, user: User) -> bool:
        """Whether the connection is disabled, and left payments of the user in its mirror."""
        details = self._connections.get(slug)
        if details.enabled:
            return False
        payers = self._payers(details.id, user)
        if not payers:
            return False
        mirror = self._payments.mirror_of(self._connections.for_plugin(slug), payers)
        return mirror is not None and mirror.is_filled

    def ribbon(self, user_id: int, *, seconds: float = RIBBON_DEADLINE) -> list[Heading]:
        """The tabs of all enabled connections, and of disabled ones that left payments of the user
        in the mirror. One that fails, or hangs, keeps no other back.

        :raises NotFound: there is no such user.
        """
        user = self._user(user_id)
        asked: list[tuple[str, str, Errand[list[Heading]] | HostError]] = []
        for details in self._connections.all():
            try:
                if not details.enabled and not self._is_kept(details.slug, user):
                    continue
                asked.append((details.slug, details.name, self._begin_headings(details.slug, user)))
            except HostError as error:
                asked.append((details.slug, details.name, error))
        give_up = monotonic() + seconds
        found: list[Heading] = []
        for slug, name, errand in asked:
            try:
                if isinstance(errand, HostError):
                    raise errand
                found += errand.result(max(0.0, give_up - monotonic()))
            except HostError as error:
                found.append(Heading(slug, "", name, "!", error))
        return found

    def _begin_headings(self, slug: str, user: User) -> Errand[list[Heading]]:
        return self.heading_places.begin(slug, lambda: self._headings(slug, user))

    def open(
        self,
        user_id: int,
        slug: str,
        tab_slug: str | None = None,
        query: PaymentQuery | None = None,
        *,
        seconds: float = DEADLINE,
    ) -> Opened:
        """A tab for a page of the host, the connection's first by default.

        It is loaded in one of the connection's places; whatever its plugin does, this returns.

        :raises NotFound: there is no such user, connection or tab.
        :raises InvalidInput: the query is none of this tab's.
        """
        user = self._user(user_id)
        name = self._connections.get(slug).name
        try:
            errand = self.places.begin(
                slug, lambda: self._opened(user, slug, tab_slug, query or PaymentQuery())
            )
            return errand.result(seconds)
        except (NotFound, InvalidInput):
            raise
        except HostError as error:
            return Opened(tab_slug or "", name, error=error)

    def _opened(self, user: User, slug: str, tab_slug: str | None, query: PaymentQuery) -> Opened:
        connection = self._readable(slug, user)
        tab = _chosen(self._tabs(connection, user), slug, tab_slug)
        try:
            body, context = self._content(connection, user, tab, query)
        except InvalidInput:
            raise
        except HostError as error:
            return Opened(tab.slug, tab.title, error=error)
        return Opened(
            tab.slug,
            tab.title,
            cleaned(body),
            next_cursor=context.next_cursor,
            takes_query=context.takes_query,
            is_linked=bool(context.external_user_ids),
            is_mirrored=context.mirror is not None,
        )

    def refresh(self, user_id: int, slug: str, *, agent: str, seconds: float = DEADLINE) -> bool:
        """Read now what changed for the user's payers; whether that has ended in time.

        What is late goes on.

        :raises NotFound: there is no such user or connection.
        :raises ConnectionBusy: a sync runs, which does the same.
        """
        payers = self.payers_of(user_id, slug)
        if not payers:
            return True
        errand = self.places.begin(
            slug, lambda: self._sync.refresh_payer(slug, payers, agent=agent)
        )
        return errand.ends(seconds)

    def page(
        self,
        user_id: int,
        slug: str,
        tab_slug: str | None = None,
        query: PaymentQuery | None = None,
    ) -> Page:
        """A whole HTML page of one tab, the connection's first by default.

        A tab that fails becomes an error page that names its plugin.

        :raises NotFound: there is no such user, connection or tab.
        """
        user = self._user(user_id)
        connection = self._readable(slug, user)
        tab = _chosen(self._tabs(connection, user), slug, tab_slug)
        try:
            body, context = self._content(connection, user, tab, query or PaymentQuery())
        except HostError as error:
            html = self._renderer.error_page(user, connection.name, tab.title, error)
            return Page(html, error=error)
        html = self._renderer.page(user, connection.name, tab.title, body)
        return Page(html, context.next_cursor)

    def _content(
        self, connection: Connection, user: User, tab: Tab, query: PaymentQuery
    ) -> tuple[str, Context]:
        owner = self._plugins.owner_of(connection)
        payers = self._payers(connection.id, user)
        mirror = self._payments.mirror_of(connection, payers)
        context = Context(
            external_user_ids=payers,
            asked=replace(query, external_user_ids=payers),
            now=self._clock(),
            list_payments=lambda wanted: self._list_payments(connection, payers, mirror, wanted),
            mirror=mirror,
        )
        with self._plugins.attributed(owner, f"the tab {tab.slug}", connection):
            values = tab.load(context)
            body = self._renderer.fragment(tab.template, values)
        if mirror is not None:  # which a tab may ask itself for its page of payments
            context.next_cursor = context.next_cursor or mirror.next_cursor
        return body, context

    def _list_payments(
        self,
        connection: Connection,
        payers: tuple[str, ...],
        mirror: UserMirror | None,
        query: PaymentQuery,
    ) -> PaymentPage:
        """From the mirror once it is whole; from the provider before, and without a mirror."""
        strangers = set(query.external_user_ids) - set(payers)
        if strangers:
            raise PluginError("A tab asked for payments of payers that are not this user's.")
        if mirror is not None and mirror.is_filled:
            return mirror.payments(query)
        page = self._plugins.ask("halo_list_payments", connection, query=query)
        if page is None and mirror is not None:
            return mirror.payments(query)  # a part of them is all there is yet
        if page is None:
            raise InvalidInput(f"The integration {connection.integration} lists no payments.")
        if not isinstance(page, PaymentPage):
            raise PluginError("halo_list_payments returned no PaymentPage.")
        return page

    def _tabs(self, connection: Connection, user: User) -> list[Tab]:
        owner = self._plugins.owner_of(connection)
        with self._plugins.attributed(owner, "halo_user_tabs", connection):
            found = list(self._plugins.ask("halo_user_tabs", connection, user=user) or ())
            if not all(isinstance(tab, Tab) for tab in found):
                raise TypeError("it yields something that is no halo_host.Tab")
        return sorted(found, key=lambda tab: (tab.order, tab.slug))

    def _user(self, user_id: int) -> User:
        with self._database.read() as connection:
            return users.as_plugin_user(connection, user_id)

    def payers_of(self, user_id: int, slug: str) -> tuple[str, ...]:
        """The payers of a connection that are linked to a user, oldest link first.

        :raises NotFound: there is no such user or connection.
        """
        return self._payers(self._connections.ready(slug).id, self._user(user_id))

    def _payers(self, connection_id: int, user: User) -> tuple[str, ...]:
        values = {"connection": connection_id, "user": user.id}
        with self._database.read() as database:
            return tuple(database.scalars(_PAYERS, values))


def _chosen(tabs: list[Tab], connection: str, slug: str | None) -> Tab:
    for tab in tabs:
        if slug is None or tab.slug == slug:
            return tab
    known = ", ".join(tab.slug for tab in tabs) or "none"
    raise NotFound(f"The connection {connection} has no such tab. Tabs: {known}.")
