"""Payers that imports leave alone, and letting the next import look at them again."""

from __future__ import annotations

from flask import Blueprint, Response, request

from ...agents.roles import Role
from ...plurals import counted
from ..integrations.module import address, module_page
from ..shell.pages import back_to, requires, say, the_agent, the_host

views = Blueprint("held_payers", __name__)
_SHOWN = 500


@views.get("/integrations/<connection>/imports/held")
@requires(Role.VIEWER)
def listed(connection: str) -> Response:
    host = the_host()
    details = host.connections.get(connection)
    held = host.imports.held(details.slug)
    return module_page(
        "imports/held.html",
        details,
        "imports",
        title="Held payers",
        above=[("Import", address(details.slug, "imports"))],
        payers=held[:_SHOWN],
        total=len(held),
    )


@views.post("/integrations/<connection>/imports/held")
@requires(Role.OPERATOR)
def release(connection: str) -> Response:
    """The ticked ones."""
    payers = request.form.getlist("payer")
    count = the_host().imports.release(connection, payers, agent=the_agent().name)
    if count:
        say(f"{counted(count, 'payer')} released; the next import looks again.")
    else:
        say("No payer is ticked.", "warning")
    return back_to(address(connection, "imports", "held"))
