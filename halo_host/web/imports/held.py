"""Payers that imports leave alone, and letting the next import look at them again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from flask import Blueprint, Response, request

from ...agents.roles import Role
from ...imports.held import Reason
from ...plurals import counted
from ..integrations.module import address, module_page
from ..numbers import number_of
from ..shell.pages import back_to, requires, say, the_agent, the_host

views = Blueprint("held_payers", __name__)
REASONS: Mapping[Reason, str] = {
    Reason.UNDONE: "Undone",
    Reason.SKIPPED: "Skipped by hand",
    Reason.LEFT_OUT: "Left out of the import",
}
_SHOWN = 500


@views.get("/integrations/<connection>/imports/held")
@requires(Role.VIEWER)
def listed(connection: str) -> Response:
    host = the_host()
    details = host.connections.get(connection)
    held = host.imports.held(details.slug)
    by_import = Counter(payer.change_set for payer in held)
    return module_page(
        "imports/held.html",
        details,
        "imports",
        title="Held payers",
        above=[("Import", address(details.slug, "imports"))],
        payers=held[:_SHOWN],
        total=len(held),
        by_import=sorted(by_import.items(), reverse=True),
        reasons=REASONS,
    )


@views.post("/integrations/<connection>/imports/held")
@requires(Role.OPERATOR)
def release(connection: str) -> Response:
    """The ticked ones, or all of an import."""
    host = the_host()
    agent = the_agent().name
    if "change_set" in request.form:
        number = request.form.get("change_set", -1, type=number_of)
        count = host.imports.release(connection, [], agent=agent, change_set=number)
        nothing = "No payer of this import is held any more."
    else:
        count = host.imports.release(connection, request.form.getlist("payer"), agent=agent)
        nothing = "No payer is ticked."
    if count:
        say(f"{counted(count, 'payer')} released; the next import looks again.")
    else:
        say(nothing, "warning")
    return back_to(address(connection, "imports", "held"))
