"""Webhook deliveries of a connection: list, payload, replay."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
from flask import Blueprint, Response, request

from ...agents.roles import Role
from ...errors import InvalidInput, NotFound
from ...host import Host
from ...plurals import counted
from ...webhooks.inbox import DeliveryDetails, Selection
from ...webhooks.tables import FAILED, NEW, PROCESSED
from ..shell.pages import back_to, requires, say, the_agent, the_host
from ..shell.paging import Pager, here
from .module import address, module_page

views = Blueprint("deliveries", __name__)
_TAB = "health"
_PAGE = 50
_STATES = {NEW: "Waiting", PROCESSED: "Processed", FAILED: "Failed"}
_SHOWN = 200_000  # characters of a payload on a page


@views.get("/integrations/<connection>/health/deliveries")
@requires(Role.VIEWER)
def listed(connection: str) -> Response:
    host = the_host()
    details = host.connections.get(connection)
    state = request.args.get("state", "")
    until = _until(request.args.get("until", ""))
    wanted = Selection(
        connection=details.slug, state=state if state in _STATES else None, until=until
    )
    found = host.webhooks.find(wanted, limit=_PAGE + 1)
    more = len(found) > _PAGE
    found = found[:_PAGE]
    return module_page(
        "integrations/deliveries.html",
        details,
        _TAB,
        title="Webhook deliveries",
        above=[("Health", address(details.slug, _TAB))],
        fragment="rows",
        deliveries=found,
        pager=Pager(
            first=here(until=None) if until else None,
            next=here(until=_mark(found[-1].received_at)) if more else None,
        ),
        states=[("", "All states"), *_STATES.items()],
        narrowed=bool(wanted.state or until),
    )


@views.get("/integrations/<connection>/health/deliveries/<int:number>")
@requires(Role.VIEWER)
def show(connection: str, number: int) -> Response:
    host = the_host()
    details = host.connections.get(connection)
    found = _of(host, details.slug, number)
    payload = _readable(found.body)
    return module_page(
        "integrations/delivery.html",
        details,
        _TAB,
        title=f"Delivery {number}",
        above=[
            ("Health", address(details.slug, _TAB)),
            ("Webhook deliveries", address(details.slug, _TAB, "deliveries")),
        ],
        delivery=found.delivery,
        headers=found.headers,
        payload=payload[:_SHOWN],
        is_cut=len(payload) > _SHOWN,
    )


@views.post("/integrations/<connection>/health/deliveries/<int:number>/replay")
@requires(Role.OPERATOR)
def replay(connection: str, number: int) -> Response:
    host = the_host()
    _of(host, connection, number)
    _said(host.webhooks.replay([number], agent=the_agent().name))
    return back_to(address(connection, _TAB, "deliveries", number))


@views.post("/integrations/<connection>/health/deliveries/replay")
@requires(Role.OPERATOR)
def replay_all(connection: str) -> Response:
    """Every delivery of a state that has been processed."""
    host = the_host()
    state = request.form.get("state", "")
    if state not in {PROCESSED, FAILED}:
        raise InvalidInput("Only deliveries that were processed, or failed, are replayed.")
    wanted = Selection(connection=connection, state=state)
    _said(host.webhooks.replay_all(wanted, agent=the_agent().name))
    return back_to(address(connection, _TAB, "deliveries"))


def _said(count: int) -> None:
    if count:
        is_are, them = ("is", "it") if count == 1 else ("are", "them")
        said = counted(count, "delivery", "deliveries")
        say(f"{said} {is_are} replayed; the integrator processes {them} next.")
    else:
        say("Nothing was replayed: what was meant waits to be processed already.", "info")


def _of(host: Host, slug: str, number: int) -> DeliveryDetails:
    """:raises NotFound: it is no delivery of that connection."""
    found = host.webhooks.get(number)
    if found.delivery.connection != slug:
        raise NotFound(f"Delivery {number} is none of {slug[:60]}.")
    return found


def _readable(body: bytes) -> str:
    try:
        return orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONDecodeError:
        return body.decode(errors="replace")


def _mark(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _until(text: str) -> datetime | None:
    """Nonsense is no limit."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
