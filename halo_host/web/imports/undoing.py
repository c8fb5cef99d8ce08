"""Taking an import back, with a look beforehand at what that comes to."""

from __future__ import annotations

from flask import Blueprint, Response

from ...agents.roles import Role
from ...errors import ChangedMeanwhile
from ...imports.change_sets import RowState
from ..shell.pages import back_to, page, requires, the_agent, the_host, wants_fragment
from .change_set import frame
from .decisions import stale_page, version
from .words import TAKEN_BACK, TAKEN_BACK_OF, field_words

views = Blueprint("undoing", __name__)


@views.get("/imports/<int:number>/undo")
@requires(Role.VIEWER)
def look(number: int) -> Response:
    """The preview comes in a second request: it looks at every row."""
    host = the_host()
    change_set = host.imports.get(number)
    return page(
        "imports/undo.html",
        **frame(host, change_set, "Undo"),
        fragment="preview",
        applied=change_set.count(RowState.APPLIED),
        taken_back=TAKEN_BACK,
        taken_back_of=TAKEN_BACK_OF,
        fields=field_words(host),
        preview=host.reviews.preview_undo(number) if wants_fragment() else None,
    )


@views.post("/imports/<int:number>/undo")
@requires(Role.OPERATOR)
def undo(number: int) -> Response:
    try:
        the_host().reviews.undo(number, agent=the_agent().name, version=version())
    except ChangedMeanwhile as stale:
        return stale_page(number, stale)
    return back_to(f"/imports/{number}")
