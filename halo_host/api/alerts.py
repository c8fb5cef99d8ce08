"""Alerts: what somebody should know."""

from __future__ import annotations

from typing import Any

from ..agents.roles import Role
from ..alerts.alerts import Alert
from .callers import the_caller, the_host
from .routes import Page, Routes
from .shapes import Number, PageQuery, Slug, page

routes = Routes("Alerts", "What somebody should know. Those about money wait for an agent.")


class AlertQuery(PageQuery):
    connection: Slug | None = None
    ended: bool = False


@routes.get("/alerts", answer=Page[Alert])
def listed(query: AlertQuery) -> Any:
    """List open alerts, or with `ended` all of them, the newest first."""
    host = the_host()
    if query.connection is not None:
        host.connections.get(query.connection)
    found = host.alerts.list(
        query.connection, ended=query.ended, before=query.place, limit=query.limit + 1
    )
    return page(found, query.limit, lambda it: it.id)


@routes.get("/alerts/<number>", answer=Alert)
def show(number: Number) -> Any:
    """Show one alert."""
    return the_host().alerts.get(number)


@routes.post("/alerts/<number>/acknowledge", answer=Alert, role=Role.OPERATOR)
def acknowledge(number: Number) -> Any:
    """Say that an alert was seen. That ends one about money; the others end by themselves."""
    return the_host().alerts.acknowledge(number, agent=the_caller().name)
