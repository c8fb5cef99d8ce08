"""The frame of a connection's module page: its head, the ribbon of tabs, who may do what.

The template of a tab extends `integrations/module.html` and fills the block `tab`. Areas whose page
is a tab of a connection use it too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response

from ...agents.roles import Role
from ...connections.connections import ConnectionDetails
from ...errors import HostError
from ...host import Host
from ...types import Integration
from ..shell.navigation import leads_somewhere
from ..shell.pages import page, the_agent, the_host

AREA = "integrations"


@dataclass(frozen=True, slots=True)
class Tab:
    slug: str
    title: str
    icon: str
    url: str


_TABS = (
    ("details", "Details", "adjustments"),
    ("sites", "Sites", "map-pin"),
    ("mappings", "Field mappings", "columns"),
    ("imports", "Import", "transfer-in"),
    ("integrator", "Integrator", "refresh"),
    ("health", "Health", "heart-rate-monitor"),
)


def tabs_of(slug: str) -> Sequence[Tab]:
    """Those that there is a page for."""
    every = [Tab(tab, title, icon, address(slug, tab)) for tab, title, icon in _TABS]
    return [it for it in every if leads_somewhere(it.url)]


def address(slug: str, *parts: object) -> str:
    return "/".join(["/integrations", slug, *map(str, parts)])


def integration_of(host: Host, details: ConnectionDetails) -> Integration | HostError:
    """What a plugin declares for the connection, or why there is none: its plugin is broken, or was
    uninstalled. What the connection brought can be read all the same."""
    try:
        return host.plugins.integration(details.integration)
    except HostError as error:
        return error


def module_page(
    template: str,
    details: ConnectionDetails,
    tab: str,
    *,
    title: str = "",
    above: Sequence[tuple[str, str]] = (),
    edit: str = "",
    edit_needs: Role = Role.ADMINISTRATOR,
    fragment: str | None = None,
    status: int = 200,
    **values: Any,
) -> Response:
    """A page of a connection, with the tab of that slug open.

    `title` is the tab's unless given; `above` are crumbs between the connection and the page;
    `edit` is the address of the form that changes what the tab shows, for those whose role is
    `edit_needs` or higher.
    """
    host = the_host()
    found = integration_of(host, details)
    role = the_agent().role
    titles = {slug: said for slug, said, _ in _TABS}
    return page(
        template,
        title=title or titles[tab],
        area=AREA,
        crumbs=[
            ("Integrations", "/integrations"),
            (details.name, address(details.slug, "details")),
            *above,
        ],
        fragment=fragment,
        status=status,
        connection=details,
        integration=found if isinstance(found, Integration) else None,
        plugin_problem=found if isinstance(found, HostError) else None,
        tabs=tabs_of(details.slug),
        tab=tab,
        edit=edit if role.allows(edit_needs) else "",
        base=address(details.slug),
        may_work=role.allows(Role.OPERATOR),
        may_configure=role.allows(Role.ADMINISTRATOR),
        **values,
    )
