"""The areas on the left, as a service desk knows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import current_app
from werkzeug.exceptions import HTTPException

from ...agents.roles import Role


@dataclass(frozen=True, slots=True)
class Area:
    """`slug` is what a page names as its `area`."""

    slug: str
    title: str
    icon: str
    url: str
    role: Role = Role.VIEWER


AREAS = (
    Area("home", "Home", "home", "/"),
    Area("customers", "Customers", "building", "/customers"),
    Area("users", "Users", "users", "/users"),
    Area("payments", "Payments", "credit-card", "/payments"),
    Area("integrations", "Integrations", "apps", "/integrations"),
    Area("activity", "Activity", "activity", "/activity"),
    Area("configuration", "Configuration", "settings", "/configuration"),
)


def areas_for(role: Role) -> Sequence[Area]:
    """Those that an agent with this role may open."""
    return [area for area in AREAS if role.allows(area.role) and leads_somewhere(area.url)]


def leads_somewhere(url: str) -> bool:
    """Whether the application has a page at this address."""
    known: dict[str, bool] = current_app.extensions.setdefault("halo_host_addresses", {})
    if url not in known:
        try:
            current_app.url_map.bind("").match(url, method="GET")
        except HTTPException:
            known[url] = False
        else:
            known[url] = True
    return known[url]
