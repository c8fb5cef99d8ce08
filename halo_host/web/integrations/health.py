"""Health: whether the mirror is right, recent and proved; webhooks and their address."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response, request

from ...agents.roles import Role
from ...config_schema import secret_names
from ...connections.connections import ConnectionDetails
from ...errors import HostError
from ...host import Host
from ...jobs.job import Why
from ...webhooks.inbox import Selection
from ..shell.pages import back_to, requires, say, the_agent, the_host
from .module import address, integration_of, module_page
from .run_words import KIND_WORDS

views = Blueprint("health", __name__)
_TAB = "health"
_DELIVERIES, _DAYS = 10, 20


@views.get("/integrations/<connection>/health")
@requires(Role.VIEWER)
def show(connection: str) -> Response:
    host = the_host()
    details = host.connections.get(connection)
    health = host.health.look(details.slug)
    return module_page(
        "integrations/health.html",
        details,
        _TAB,
        fragment="lines",
        health=health,
        mirror=health.mirrors[0] if health.mirrors else None,
        proving=host.jobs.list(details.slug, kinds=("verify",), states=("queued", "running")),
        webhook_address=host.webhooks.address(details.slug),
        address_is_a_guess=not host.settings.public_url,
        deliveries=host.webhooks.find(Selection(connection=details.slug), limit=_DELIVERIES),
        tallies=host.webhooks.tallies(details.slug)[:_DAYS],
        alerts=host.alerts.list(details.slug, limit=20),
        missing_secrets=_missing_secrets(host, details),
        kind_words=KIND_WORDS,
    )


def _missing_secrets(host: Host, details: ConnectionDetails) -> Sequence[str]:
    """Titles of the secrets of webhooks that are not stored. A plugin's schema says which of its
    secrets are those of webhooks by their names alone."""
    found = integration_of(host, details)
    if isinstance(found, HostError):
        return []
    fields = found.config_schema.get("properties", {})
    wanted = sorted(it for it in secret_names(found.config_schema) if it.startswith("webhook"))
    return [fields[it].get("title", it) for it in wanted if it not in details.secrets]


@views.post("/integrations/<connection>/health/verify")
@requires(Role.OPERATOR)
def verify(connection: str) -> Response:
    """Queue a proof; one that repairs as well needs a mirror that was filled."""
    host = the_host()
    details = host.connections.get(connection)
    agent = the_agent().name
    if details.enabled:
        host.sync.refuse_unfilled(details.slug)
    if request.form.get("repair") and details.enabled:
        host.jobs.enqueue(
            "verify", details.slug, why=Why.REPAIR, agent=agent, arguments={"repair": True}
        )
    else:
        host.schedules.sync_now(details.slug, agent=agent, parts=("verify",))
    say("The proof is queued: an integrator begins it in a moment.")
    return back_to(address(details.slug, _TAB))
