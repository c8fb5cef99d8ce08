"""The top of a user's page: the ribbon with the tabs of plugins, and the marks of open alerts.

A page that shows one tab of a user extends `directory/user.html` and fills its block `tab`:

    user = the_host().directory.user(number)
    ribbon = user_ribbon(user, "acme/payments")
    return page("…", title=user.name, area="users", crumbs=ribbon.crumbs, ribbon=ribbon, …)
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ...alerts.alerts import Alert
from ...directory.users import DirectoryUser
from ...host import Host
from ...tabs.shown import Heading
from ..shell.pages import the_host

# Where the tabs of a connection stand while its plugin names none: whoever goes there reads why.
UNNAMED = "unavailable"
_log = logging.getLogger("halo_host.web")


@dataclass(frozen=True, kw_only=True, slots=True)
class RibbonTab:
    """What `ui.ribbon` shows. The slug of a plugin's tab is "<connection>/<its own slug>"."""

    slug: str
    title: str
    url: str
    icon: str = ""
    badge: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Ribbon:
    """What `directory/user.html` shows. `alerts` are open ones about money of this user."""

    user: DirectoryUser
    tabs: Sequence[RibbonTab]
    current: str
    alerts: Sequence[Alert]

    @property
    def crumbs(self) -> Sequence[tuple[str, str]]:
        """Customer > Site > User, for `page(…, crumbs=ribbon.crumbs)`."""
        user = self.user
        customer = f"/customers/{user.customer_id}"
        return [
            ("Customers", "/customers"),
            (user.customer, customer),
            (user.site, f"{customer}/sites/{user.site_id}"),
        ]

    @property
    def url(self) -> str:
        """Of the tab that is open, so that a form leads back to it."""
        return next((tab.url for tab in self.tabs if tab.slug == self.current), self.tabs[0].url)


def user_ribbon(user: DirectoryUser, current: str) -> Ribbon:
    """`current` is "details", "custom-fields", "activity" or "<connection>/<slug>".

    A plugin that fails to name its tabs gets one that leads to what went wrong.
    """
    url, host = f"/users/{user.id}", the_host()
    return Ribbon(
        user=user,
        tabs=[
            RibbonTab(slug="details", title="Details", url=url, icon="user"),
            *_of_plugins(host, user),
            RibbonTab(
                slug="custom-fields",
                title="Custom Fields",
                url=f"{url}/custom-fields",
                icon="forms",
            ),
            RibbonTab(slug="activity", title="Activity", url=f"{url}/activity", icon="history"),
        ],
        current=current,
        alerts=host.alerts.of_user(user.id),
    )


def _of_plugins(host: Host, user: DirectoryUser) -> Sequence[RibbonTab]:
    """Two connections may bring tabs of the same title: then each says whose it is."""
    found = host.tabs.ribbon(user.id)
    times = Counter(it.title for it in found)
    ambiguous = any(number > 1 for number in times.values())
    names = {it.slug: it.name for it in host.connections.all()} if ambiguous else {}
    return [
        _tab(user, it, f"{it.title} · {names[it.connection]}" if times[it.title] > 1 else it.title)
        for it in found
    ]


def _tab(user: DirectoryUser, heading: Heading, title: str) -> RibbonTab:
    slug = heading.slug
    if heading.error is not None:
        slug = UNNAMED
        _log.warning(
            "The connection %s names no tabs: %s", heading.connection, heading.error.message
        )
    return RibbonTab(
        slug=f"{heading.connection}/{slug}",
        title=title,
        url=f"/users/{user.id}/tabs/{heading.connection}/{slug}",
        icon="alert-triangle" if heading.error else "credit-card",
        badge=heading.badge,
    )
