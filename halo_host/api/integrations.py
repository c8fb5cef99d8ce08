"""Integrations: the tiles, and who is calling."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ..agents.agent import ApiToken
from ..agents.roles import Role
from ..errors import NotFound
from ..jobs.presence import RunningIntegrator, running_integrators
from .callers import the_caller, the_host
from .routes import Items, Routes
from .shapes import Name, Shape, Slug

routes = Routes("Integrations", "What plugins bring, and who is calling.")


class Me(Shape):
    """Whose token it is, and what it is good for: the lower of its role and the agent's."""

    agent: str
    role: Role
    token: ApiToken
    now: datetime


class Tile(Shape):
    """An integration. One whose plugin is broken has no `config_schema`; `reason` says why.

    `connections` are the slugs of those that were made of it, disabled ones too.
    """

    slug: str
    title: str
    description: str
    website: str | None
    plugin: str
    distribution: str | None
    version: str | None
    ready: bool
    reason: str | None
    advice: str | None
    connections: list[Slug]
    config_schema: Mapping[str, Any] | None


@routes.get("/me", answer=Me)
def me() -> Any:
    """Show whose token this is and what it is good for."""
    host, caller = the_host(), the_caller()
    token = host.agents.tokens.get(caller.token_id)
    return Me(agent=caller.name, role=caller.role, token=token, now=host.clock())


@routes.get("/integrations", answer=Items[Tile])
def listed() -> Any:
    """List the integrations of all plugins, broken ones with the reason."""
    return {"items": _tiles()}


@routes.get("/integrations/<integration>", answer=Tile)
def show(integration: Name) -> Any:
    """Show one integration with the schema of its settings."""
    for tile in _tiles():
        if tile.slug == integration:
            return tile
    known = ", ".join(tile.slug for tile in _tiles()) or "none"
    raise NotFound(f"There is no integration {integration[:60]}. Integrations: {known}.")


@routes.get("/integrators", answer=Items[RunningIntegrator])
def integrators() -> Any:
    """List the integrators that run: who carries out queued work."""
    host = the_host()
    return {"items": running_integrators(host.database, host.clock())}


def _tiles() -> list[Tile]:
    host = the_host()
    made: dict[str, list[str]] = {}
    for made_of in host.connections.all():
        made.setdefault(made_of.integration, []).append(made_of.slug)
    known = {it.slug: it for it in host.plugins.integrations}
    tiles = []
    for report in host.plugins.reports.values():
        for slug in report.integrations or ([] if report.ready else [report.name]):
            it = known.get(slug)
            tiles.append(
                Tile(
                    slug=slug,
                    title=it.title if it else report.name,
                    description=it.description if it else "",
                    website=it.website if it else None,
                    plugin=report.name,
                    distribution=report.distribution,
                    version=report.version,
                    ready=report.ready and it is not None,
                    reason=report.reason,
                    advice=report.advice,
                    connections=made.get(slug, []),
                    config_schema=it.config_schema if it else None,
                )
            )
    return sorted(tiles, key=lambda it: it.slug)
