"""The tab Import of a connection: start an import, and what earlier ones have done."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response, request

from ...agents.roles import Role
from ...errors import ConnectionBusy, HostError
from ...host import Host
from ...imports.change_set_states import RUNNING
from ...imports.change_sets import ChangeSet, State
from ..integrations.first_sync import awaits_first_sync
from ..integrations.module import address, module_page
from ..numbers import number_of
from ..shell.pages import back_to, requires, say, the_agent, the_host
from ..shell.paging import followed
from .words import WORDS, by_action

views = Blueprint("history", __name__)
_SIZE = 20


@views.get("/integrations/<connection>/imports")
@requires(Role.VIEWER)
def listed(connection: str) -> Response:
    return _shown(connection)


@views.post("/integrations/<connection>/imports")
@requires(Role.OPERATOR)
def start(connection: str) -> Response:
    """Have the provider read. Of two operators who ask at once, the second sees the first's; and
    an import that waits for its review is replaced only by who was asked about that one."""
    host = the_host()
    replaces = request.form.get("replaces", type=number_of)
    waiting = host.imports.open_review(connection)
    if waiting is not None and waiting != replaces:
        say(f"Import {waiting} waits for its review. Apply or discard it first.", "warning")
        return back_to(f"/imports/{waiting}")
    try:
        change_set = host.reviews.start(connection, agent=the_agent().name, replaces=replaces)
    except ConnectionBusy as busy:
        running = _under_way(host, connection)
        if running is None:
            raise
        say(busy.message, "warning")
        return back_to(f"/imports/{running.number}")
    return back_to(f"/imports/{change_set.number}")


def _shown(connection: str) -> Response:
    host = the_host()
    details = host.connections.get(connection)

    def read(limit: int, after: int) -> Sequence[ChangeSet]:
        return host.imports.newest(details.slug, limit, before=after or None)

    found, pager = followed(read, _SIZE, lambda it: it.number)
    number = host.imports.open_review(details.slug)
    waiting = None if number is None else host.imports.get(number)
    return module_page(
        "imports/history.html",
        details,
        "imports",
        imports=[(it, by_action(it)) for it in found],
        pager=pager,
        running=_under_way(host, details.slug),
        waiting=waiting,
        held_set=waiting if waiting is not None and waiting.state is State.HELD else None,
        first_sync=awaits_first_sync(host, details.slug),
        held_payers=len(host.imports.held(details.slug)),
        obstacle=_obstacle(host, details.slug) if details.enabled else None,
        words=WORDS,
    )


def _under_way(host: Host, connection: str) -> ChangeSet | None:
    return next((it for it in host.imports.newest(connection, 5) if it.state in RUNNING), None)


def _obstacle(host: Host, connection: str) -> HostError | None:
    """Why no import could begin now."""
    try:
        host.reviews.expect_startable(connection)
    except HostError as error:
        return error
    return None


def crumbs(name: str, slug: str) -> list[tuple[str, str]]:
    """The pages above a page of one import."""
    return [
        ("Integrations", "/integrations"),
        (name, address(slug, "details")),
        ("Import", address(slug, "imports")),
    ]
