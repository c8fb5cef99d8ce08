"""The grid of tiles: what plugins bring, what of it is enabled, and which plugins do not work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, request

from ...agents.roles import Role
from ...connections.connections import ConnectionDetails
from ...host import Host
from ...plugins import PluginReport
from ..shell.pages import page, requires, the_agent, the_host
from .module import AREA

views = Blueprint("tiles", __name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Tile:
    """One integration with its connections; `is_here` unless no plugin brings it any longer."""

    slug: str
    title: str
    description: str
    version: str
    connections: Sequence[ConnectionDetails]
    is_here: bool = True
    has_icon: bool = False

    @property
    def is_enabled(self) -> bool:
        return any(it.enabled for it in self.connections)

    def holds(self, text: str) -> bool:
        names = [word for it in self.connections for word in (it.name, it.slug)]
        return _holds([self.slug, self.title, self.description, *names], text)


@views.get("/integrations")
@requires(Role.VIEWER)
def listed() -> Response:
    host = the_host()
    text = request.args.get("q", "").strip().casefold()
    every = tiles(host)
    broken = [it for it in host.plugins.reports.values() if not it.ready]
    return page(
        "integrations/tiles.html",
        title="Integrations",
        area=AREA,
        fragment="tiles",
        tiles=[it for it in every if it.holds(text)],
        broken=[it for it in broken if _holds([it.name, it.distribution or ""], text)],
        is_empty=not every and not broken,
        may_configure=the_agent().role.allows(Role.ADMINISTRATOR),
    )


def tiles(host: Host) -> Sequence[Tile]:
    """By title; those that have connections and no plugin come last."""
    owned: dict[str, list[ConnectionDetails]] = {}
    for details in host.connections.all():
        owned.setdefault(details.integration, []).append(details)
    found = [
        Tile(
            slug=it.slug,
            title=it.title,
            description=it.description,
            version=_version(host, it.slug),
            connections=owned.pop(it.slug, []),
            has_icon=it.icon is not None,
        )
        for it in sorted(host.plugins.integrations, key=lambda it: it.title.casefold())
    ]
    lost = [
        Tile(
            slug=slug,
            title=slug,
            description="No installed plugin brings it any longer. What it brought can be read.",
            version="",
            connections=connections,
            is_here=False,
        )
        for slug, connections in sorted(owned.items())
    ]
    return [*found, *lost]


def _version(host: Host, integration: str) -> str:
    report = owner(host, integration)
    return report.version or "" if report else ""


def owner(host: Host, integration: str) -> PluginReport | None:
    """The plugin that brings an integration."""
    for report in host.plugins.reports.values():
        if integration in report.integrations:
            return report
    return None


def _holds(texts: Sequence[str], text: str) -> bool:
    return any(text in each.casefold() for each in texts)
