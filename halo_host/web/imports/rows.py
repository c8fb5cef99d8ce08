"""One row of an import: why, before and after, and placing it by hand."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, Response, request

from ...agents.roles import Role
from ...errors import ChangedMeanwhile, HostError, InvalidInput
from ...host import Host
from ...imports.change_set_states import WAITING
from ...imports.change_sets import ChangeRow, RowState
from ...imports.listing import RowFilter
from ...imports.resolve import Choice, Lead, LinkTo, MakeNew, Skip, is_placeable
from ...imports.rules import Action, Rule
from ..numbers import number_of
from ..shell.next_page import safe_page
from ..shell.pages import back_to, page, requires, say, the_agent, the_host
from .change_set import frame, list_of
from .decisions import list_address, stale_page, version
from .sentences import undirected
from .words import field_words

views = Blueprint("rows", __name__)
views.add_app_template_filter(undirected, "undirected")


@views.get("/imports/<int:number>/rows/<int:position>")
@requires(Role.VIEWER)
def show(number: int, position: int) -> Response:
    return _shown(number, position)


@views.post("/imports/<int:number>/rows/<int:position>")
@requires(Role.OPERATOR)
def place(number: int, position: int) -> Response:
    """Decide it: at once, or for when the import is applied."""
    host = the_host()
    was_open = host.reviews.row(number, position).rows[0].state is RowState.OPEN
    try:
        row = host.imports.resolve(
            number, position, _choice(), agent=the_agent().name, version=version()
        )
    except ChangedMeanwhile as stale:
        return stale_page(number, stale)
    except HostError as error:
        return _shown(number, position, error)
    say(undirected(row.why.partition(" Before: ")[0]))
    following = _next_conflict(host, row) if was_open else None
    return back_to(following or f"{list_address(number)}#row-{position}")


def _next_conflict(host: Host, row: ChangeRow) -> str | None:
    """The page of the next conflict of the same list that waits for a decision: after this row, or
    from the list's begin on."""
    back = list_address(row.change_set)
    wanted, order = list_of(back)
    conflicts = RowFilter(action=Action.CONFLICT, state=RowState.OPEN, text=wanted.text)
    before, after = host.reviews.neighbours(row, conflicts, order)
    position = after or before
    return None if position is None else _address(row.change_set, position, back)


def _address(number: int, position: int, back: str) -> str:
    return f"/imports/{number}/rows/{position}?{urlencode({'back': back})}"


def _choice() -> Choice:
    user, site = (request.form.get(name, type=number_of) for name in ("user", "site"))
    match request.form.get("choice"):
        case "link" if user:
            return LinkTo(user)
        case "new" if site:
            return MakeNew(site)
        case "skip":
            return Skip()
        case "lead":
            return Lead()
        case "link":
            raise InvalidInput("Choose the user to whom the payer belongs.")
        case "new":
            raise InvalidInput("Choose the site for the new user.")
        case _:
            raise InvalidInput("Choose where the payer is to go.")


def _shown(number: int, position: int, error: HostError | None = None) -> Response:
    host = the_host()
    change_set = host.imports.get(number)
    found = host.reviews.row(number, position)
    row = found.rows[0]
    around = frame(host, change_set, row.name)
    waits = change_set.state in WAITING
    may_place = is_placeable(row) if waits else row.state is RowState.OPEN
    back = safe_page(request.values.get("back", ""))
    if not back.startswith(f"/imports/{number}"):
        back = f"/imports/{number}"
    before, after = host.reviews.neighbours(row, *list_of(back))
    return page(
        "imports/row.html",
        **around,
        status=422 if error else 200,
        row=row,
        found=found,
        error=error,
        may_place=may_place and around["may_work"],
        may_lead=row.rule is Rule.PAYERS_DIFFER,
        fields=field_words(host),
        back=back,
        previous=None if before is None else _address(number, before, back),
        next=None if after is None else _address(number, after, back),
    )
