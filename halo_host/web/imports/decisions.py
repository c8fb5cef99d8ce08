"""What operators decide about an import: which rows, apply, discard, stop, go on, conflicts."""

from __future__ import annotations

from flask import Blueprint, Response, request

from ...agents.roles import Role
from ...errors import ChangedMeanwhile, InvalidInput
from ...host import Host
from ...imports.resolve import Choice, Lead, LinkTo, MakeNew, Skip
from ...imports.rules import CONFLICTS, Rule
from ...plurals import counted
from ..numbers import number_of
from ..shell.next_page import safe_page
from ..shell.pages import back_to, page, requires, say, the_agent, the_host, wants_fragment
from .change_set import asked_filter, frame

views = Blueprint("decisions", __name__)


@views.post("/imports/<int:number>/ticks")
@requires(Role.OPERATOR)
def tick(number: int) -> Response:
    """Take rows in or leave them out: those named by `row`, or all that the filter means."""
    host = the_host()
    rows = request.form.getlist("row", type=number_of)
    wanted = request.form.get("wanted", "") == "1"
    meant = rows or asked_filter()
    try:
        changed = host.reviews.tick(
            number, wanted, meant, agent=the_agent().name, version=version()
        )
    except ChangedMeanwhile as stale:
        if not wants_fragment():
            return stale_page(number, stale)
        _say_stale(stale.message)
        return Response(status=204, headers={"HX-Refresh": "true"})  # every box as it stands now
    if wants_fragment():
        return page("imports/bar.html", **frame(host, host.imports.get(number)), fragment="content")
    said = "ticked" if wanted else "left out"
    say(f"{counted(changed, 'row')} {said}.")
    return back_to(list_address(number))


@views.post("/imports/<int:number>/apply")
@requires(Role.OPERATOR)
def apply(number: int) -> Response:
    try:
        the_host().reviews.apply(
            number,
            agent=the_agent().name,
            version=version(),
            hold_left_out=request.form.get("hold_left_out") == "1",
        )
    except ChangedMeanwhile as stale:
        return stale_page(number, stale)
    return back_to(f"/imports/{number}")


@views.post("/imports/<int:number>/discard")
@requires(Role.OPERATOR)
def discard(number: int) -> Response:
    try:
        the_host().imports.discard(number, agent=the_agent().name, version=version())
    except ChangedMeanwhile as stale:
        return stale_page(number, stale)
    say(f"Import {number} is discarded; nothing of it was applied.")
    return back_to(f"/imports/{number}")


@views.post("/imports/<int:number>/stop")
@requires(Role.OPERATOR)
def stop(number: int) -> Response:
    the_host().reviews.stop(number, agent=the_agent().name)
    say(f"Import {number} is stopped.")
    return back_to(f"/imports/{number}")


@views.post("/imports/<int:number>/go-on")
@requires(Role.OPERATOR)
def go_on(number: int) -> Response:
    the_host().reviews.go_on(number, agent=the_agent().name)
    return back_to(f"/imports/{number}")


@views.post("/imports/<int:number>/conflicts")
@requires(Role.OPERATOR)
def resolve_all(number: int) -> Response:
    """Decide every open conflict of a kind in the same way; what cannot be, stays open."""
    host = the_host()
    kind = request.form.get("kind", "")
    if kind and kind not in CONFLICTS:
        raise InvalidInput("That is no kind of conflict.")
    if version() != host.imports.get(number).version:
        return stale_page(number)
    resolved, left = host.imports.resolve_all(
        number, _choice(host, number), agent=the_agent().name, kind=Rule(kind) if kind else None
    )
    if resolved:
        say(f"{counted(resolved, 'conflict')} decided.")
    if left:
        say(f"{counted(len(left), 'conflict')} left open. {left[0].reason}", "warning")
    return back_to(list_address(number))


def _choice(host: Host, number: int) -> Choice:
    match request.form.get("choice"):
        case "candidate":
            return LinkTo()
        case "skip":
            return Skip()
        case "lead":
            return Lead()
        case "new":
            slug = host.imports.get(number).connection
            default = host.connections.get(slug).matching.default_site
            if default is not None:
                return MakeNew(default)
            raise InvalidInput("The connection has no Default Site; choose one on its tab Sites.")
        case _:
            raise InvalidInput("Choose what to do with the conflicts.")


def version() -> int:
    """Of the change set that the page showed."""
    return request.form.get("version", -1, type=number_of)


def stale_page(number: int, stale: ChangedMeanwhile | None = None) -> Response:
    """Show the import as it is now, and say why nothing was done."""
    text = stale.message if stale else (
        f"Import {number} has changed since you loaded this page; nothing was done."
    )  # fmt: skip
    _say_stale(text)
    return back_to(list_address(number))


def _say_stale(text: str) -> None:
    say(f"{text} This is how it stands now.", "warning")


def list_address(number: int) -> str:
    """The list from which the form was sent."""
    back = safe_page(request.form.get("back", ""))
    return back if back.startswith(f"/imports/{number}") else f"/imports/{number}"
