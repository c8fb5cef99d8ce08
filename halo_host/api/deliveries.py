"""Webhook deliveries: what providers delivered, and having it processed again."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

import orjson
from pydantic import Field

from ..agents.roles import Role
from ..webhooks.inbox import Delivery, Selection, Tally
from .callers import the_caller, the_host
from .routes import Items, Page, Routes
from .shapes import Body, Moment, Number, PageQuery, Query, Shape, Slug, bad_cursor

routes = Routes("Webhooks", "What providers delivered, and what became of it.")

_BEGIN = datetime(1970, 1, 1, tzinfo=UTC)
State = Literal["new", "processed", "failed"]


class DeliveryQuery(PageQuery):
    connection: Slug | None = None
    state: State | None = None
    since: Moment | None = None
    until: Moment | None = None


class DeliveryInFull(Shape):
    """`payload` is the body where it is JSON, else `payload_base64`."""

    delivery: Delivery
    headers: Mapping[str, str]
    payload: Any = None
    payload_base64: str | None = None


class Replay(Body):
    """Which deliveries: those numbered, or all of a connection, a state, a time."""

    numbers: Annotated[list[Number], Field(max_length=1_000)] = Field(default_factory=list)
    connection: Slug | None = None
    state: State | None = None
    since: Moment | None = None
    until: Moment | None = None


class Replayed(Shape):
    count: int


class Address(Shape):
    """What to register at the provider."""

    connection: Slug
    url: str


class TallyQuery(Query):
    connection: Slug | None = None


@routes.get("/connections/<slug>/webhook-address", answer=Address)
def address(slug: Slug) -> Any:
    """Show the address to register at the provider."""
    return {"connection": slug, "url": the_host().webhooks.address(slug)}


@routes.get("/deliveries", answer=Page[Delivery])
def listed(query: DeliveryQuery) -> Any:
    """List deliveries, the newest first."""
    found = the_host().webhooks.find(
        _selection(query), limit=query.limit + 1, before=_place(query.cursor)
    )
    items = found[: query.limit]
    return {"items": items, "next": _cursor(items[-1]) if len(found) > query.limit else None}


@routes.get("/deliveries/<number>", answer=DeliveryInFull, role=Role.OPERATOR)
def show(number: Number) -> Any:
    """Show one delivery with its payload."""
    found = the_host().webhooks.get(number)
    whole: dict[str, Any] = {"delivery": found.delivery, "headers": found.headers}
    try:
        return whole | {"payload": orjson.loads(found.body)}
    except orjson.JSONDecodeError:
        return whole | {"payload_base64": base64.b64encode(found.body).decode()}


@routes.post("/deliveries/replay", answer=Replayed, role=Role.OPERATOR, status=202, work=True)
def replay(body: Replay) -> Any:
    """Have deliveries processed again: nothing is done twice."""
    webhooks, agent = the_host().webhooks, the_caller().name
    if body.numbers:
        return {"count": webhooks.replay(body.numbers, agent=agent)}
    return {"count": webhooks.replay_all(_selection(body), agent=agent)}


@routes.get("/delivery-counts", answer=Items[Tally])
def counts(query: TallyQuery) -> Any:
    """Count the deliveries of each day: accepted, repeated, rejected and why."""
    return {"items": the_host().webhooks.tallies(query.connection)}


def _selection(given: DeliveryQuery | Replay) -> Selection:
    return Selection(
        connection=given.connection, state=given.state, since=given.since, until=given.until
    )


def _cursor(last: Delivery) -> str:
    return f"{(last.received_at - _BEGIN) // timedelta(microseconds=1)}-{last.id}"


def _place(cursor: str | None) -> tuple[datetime, int] | None:
    """Where the page before ended: when the last delivery arrived, and its number."""
    if cursor is None:
        return None
    moment, dash, number = cursor.partition("-")
    parts = (moment, number)
    if not dash or not all(it.isascii() and it.isdecimal() and len(it) < 17 for it in parts):
        raise bad_cursor()
    try:
        return _BEGIN + timedelta(microseconds=int(moment)), int(number)
    except OverflowError:
        raise bad_cursor() from None
