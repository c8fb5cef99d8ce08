"""Tabs of a user: their headings without input or output, their content when one is opened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select

from ..connections.connections import Connections
from ..database.database import Database
from ..database.tables import links
from ..directory import users
from ..errors import HostError, InvalidInput, NotFound, PluginError
from ..payments.mirror_view import UserMirror
from ..payments.payments import Payments
from ..plugins import Plugins
from ..settings import Settings
from ..tab_types import MirrorView, Tab
from ..types import Connection, PaymentPage, PaymentQuery, User
from .render import Renderer


@dataclass(frozen=True, slots=True)
class Heading:
    """A tab in the ribbon of a user page; addressed by connection and slug."""

    connection: str
    slug: str
    title: str
    badge: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """A whole HTML page.

    `next_cursor` leads to the next page of payments, where there is one; `error` is what went wrong
    where this is the page of a tab that failed.
    """

    html: str
    next_cursor: str | None = None
    error: HostError | None = None


@dataclass(slots=True)
class Context:
    """What a tab may ask of the host while it loads (`halo_host.TabContext`)."""

    external_user_ids: tuple[str, ...]
    query: PaymentQuery
    now: datetime
    list_payments: Callable[[PaymentQuery], PaymentPage]
    mirror: MirrorView | None = None
    next_cursor: str | None = None

    def payments(self, query: PaymentQuery) -> PaymentPage:
        page = self.list_payments(query)
        self.next_cursor = page.next_cursor
        return page


class Tabs:
    def __init__(
        self,
        database: Database,
        plugins: Plugins,
        connections: Connections,
        payments: Payments,
        settings: Settings,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._plugins = plugins
        self._connections = connections
        self._payments = payments
        self._clock = clock
        self._renderer = Renderer(settings.locale, settings.timezone)

    def headings(self, user_id: int, slug: str) -> list[Heading]:
        """The tabs that a connection adds to a user."""
        connection = self._connections.ready(slug)
        return [
            Heading(slug, tab.slug, tab.title, tab.badge)
            for tab in self._tabs(connection, self._user(user_id))
        ]

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
        connection = self._connections.ready(slug)
        user = self._user(user_id)
        tab = _chosen(self._tabs(connection, user), slug, tab_slug)
        try:
            body, next_cursor = self._content(connection, user, tab, query or PaymentQuery())
        except HostError as error:
            html = self._renderer.error_page(user, connection.name, tab.title, error)
            return Page(html, error=error)
        html = self._renderer.page(user, connection.name, tab.title, body)
        return Page(html, next_cursor)

    def _content(
        self, connection: Connection, user: User, tab: Tab, query: PaymentQuery
    ) -> tuple[str, str | None]:
        owner = self._plugins.owner_of(connection)
        payers = self._payers(connection, user)
        mirror = self._payments.mirror_of(connection, payers)
        context = Context(
            external_user_ids=payers,
            query=replace(query, external_user_ids=payers),
            now=self._clock(),
            list_payments=lambda wanted: self._list_payments(connection, payers, mirror, wanted),
            mirror=mirror,
        )
        with self._plugins.attributed(owner, f"the tab {tab.slug}", connection):
            values = tab.load(context)
            body = self._renderer.fragment(tab.template, values)
        # A tab may ask the mirror itself for its page of payments.
        return body, context.next_cursor or (mirror.next_cursor if mirror else None)

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
        return self._payers(self._connections.ready(slug), self._user(user_id))

    def _payers(self, connection: Connection, user: User) -> tuple[str, ...]:
        query = (
            select(links.c.external_id)
            .filter_by(connection_id=connection.id, user_id=user.id)
            .order_by(links.c.created_at, links.c.external_id)
        )
        with self._database.read() as database:
            return tuple(database.scalars(query))


def _chosen(tabs: list[Tab], connection: str, slug: str | None) -> Tab:
    for tab in tabs:
        if slug is None or tab.slug == slug:
            return tab
    known = ", ".join(tab.slug for tab in tabs) or "none"
    raise NotFound(f"The connection {connection} has no such tab. Tabs: {known}.")
