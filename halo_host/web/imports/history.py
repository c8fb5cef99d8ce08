"""The tab Import of a connection: start an import, and what earlier ones have done."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response

from ...agents.roles import Role
from ...errors import ConnectionBusy, HostError
from ...host import Host
from ...imports.change_set_states import RUNNING, WAITING
from ...imports.change_sets import ChangeSet, State
from ..integrations.module import address, module_page
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
    """Have the provider read. Of two operators who ask at once, the second sees the first's."""
    host = the_host()
    try:
        change_set = host.reviews.start(connection, agent=the_agent().name)
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
    newest = host.imports.newest(details.slug, 1)
    return module_page(
        "imports/history.html",
        details,
        "imports",
        imports=[(it, by_action(it)) for it in found],
        pager=pager,
        running=_under_way(host, details.slug),
        waiting=next((it for it in newest if it.state in WAITING), None),
        held_set=next((it for it in newest if it.state is State.HELD), None),
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
