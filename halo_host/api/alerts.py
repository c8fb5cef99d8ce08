"""Alerts: what somebody should know."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any

from pydantic import Field

from ..agents.roles import Role
from ..alerts.alerts import Alert
from ..alerts.raising import MONEY_KINDS
from .callers import the_caller, the_host
from .routes import Items, Page, Routes
from .shapes import Number, PageQuery, Shape, Slug, page

routes = Routes("Alerts", "What somebody should know. Those about money wait for an agent.")


class AlertQuery(PageQuery):
    connection: Slug | None = None
    ended: Annotated[bool, Field(description="Also those that have ended.")] = False
    money: Annotated[bool, Field(description="Only late failures and chargebacks.")] = False


class CustomerAlert(Shape):
    """An alert with the user whose payer it is about."""

    alert: Alert
    user: int


class MarksShape(Shape):
    """Numbers of those with open alerts about money, for marks in lists."""

    users: list[int]
    customers: list[int]


@routes.get("/alerts", answer=Page[Alert])
def listed(query: AlertQuery) -> Any:
    """List open alerts, or with `ended` all of them, the newest first."""
    host = the_host()
    if query.connection is not None:
        host.connections.get(query.connection)
    kinds: Collection[str] = MONEY_KINDS if query.money else ()
    found = host.alerts.list(
        query.connection,
        ended=query.ended,
        kinds=kinds,
        before=query.place,
        limit=query.limit + 1,
    )
    return page(found, query.limit, lambda it: it.id)


@routes.get("/alerts/marks", answer=MarksShape)
def marks() -> Any:
    """List the numbers of users and customers with open alerts about money."""
    found = the_host().alerts.marks()
    return {"users": sorted(found.users), "customers": sorted(found.customers)}


@routes.get("/users/<number>/alerts", answer=Items[Alert])
def of_user(number: Number) -> Any:
    """List the open alerts about money of a user's payers."""
    host = the_host()
    return {"items": host.alerts.of_user(host.directory.user(number).id)}


@routes.get("/customers/<number>/alerts", answer=Items[CustomerAlert])
def of_customer(number: Number) -> Any:
    """List the newest open alerts about money of all users of a customer."""
    host = the_host()
    found = host.alerts.of_customer(host.directory.customer(number).id)
    return {"items": [{"alert": alert, "user": user} for alert, user in found]}


@routes.get("/alerts/<number>", answer=Alert)
def show(number: Number) -> Any:
    """Show one alert."""
    return the_host().alerts.get(number)


@routes.post("/alerts/<number>/acknowledge", answer=Alert, role=Role.OPERATOR)
def acknowledge(number: Number) -> Any:
    """Say that an alert was seen. That ends one about money; the others end by themselves."""
    return the_host().alerts.acknowledge(number, agent=the_caller().name)
