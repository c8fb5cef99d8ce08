"""The start page: connections and their health, open alerts, the last imports, what to do first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response

from ...agents.roles import Role
from ...errors import HostError
from ...host import Host
from ...payments.health import HostHealth
from ..imports.words import STATES
from ..shell.pages import page, requires, the_agent, the_host, wants_fragment
from .waiting import waiting

views = Blueprint("home", __name__, template_folder="templates")
_ALERTS, _IMPORTS = 6, 6


@dataclass(frozen=True, slots=True)
class Step:
    """One of the first things to do on a new host."""

    text: str
    help: str
    done: bool
    url: str


@views.get("/")
@requires(Role.VIEWER)
def start() -> Response:
    """Health is looked at in a second request: it counts, and the page shall stand at once."""
    host = the_host()
    connections = host.connections.all()
    titles = {it.slug: it.title for it in host.plugins.integrations}
    return page(
        "home/home.html",
        title="Home",
        area="home",
        fragment="health",
        connections=connections,
        titles=titles,
        names={it.slug: it.name for it in connections},
        states=STATES,
        alerts=host.alerts.list(limit=_ALERTS),
        imports=host.imports.newest(limit=_IMPORTS),
        steps=_steps(host),
        waits=waiting(host, connections),
        health=_health(host) if wants_fragment() else None,
        looks=wants_fragment(),
        greeting=_greeting(host),
        first_name=the_agent().name.split()[0],
    )


def _health(host: Host) -> HostHealth | str:
    try:
        return host.health.look()
    except HostError as error:
        return str(error)


def _greeting(host: Host) -> str:
    from zoneinfo import ZoneInfo

    hour = host.clock().astimezone(ZoneInfo(host.settings.timezone)).hour
    if 5 <= hour < 12:
        return "Good morning"
    return "Good afternoon" if 12 <= hour < 18 else "Good evening"


def _steps(host: Host) -> Sequence[Step]:
    """Empty once all is done: the list is for the first day."""
    connections = host.connections.all()
    steps = [
        Step(
            "Bring in your customers",
            "Add them, or load a file with `halo-host directory import`.",
            bool(host.directory.customers(limit=1)),
            "/customers",
        ),
        Step(
            "Enable an integration",
            "Choose your payment provider and give its access token.",
            bool(connections),
            "/integrations",
        ),
        Step(
            "Say where its users belong",
            "Match by company name, and choose a Default Site for the others.",
            any(it.matching.default_site is not None for it in connections),
            "/integrations",
        ),
        Step(
            "Import users",
            "Look at each change before it is made; every import can be undone.",
            bool(host.imports.newest(limit=1)),
            "/integrations",
        ),
    ]
    return [] if all(step.done for step in steps) else steps
