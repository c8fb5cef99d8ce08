"""Imports: have a provider read, look at the rows, decide, apply, undo; all work runs as jobs."""

from __future__ import annotations

from typing import Any

from ..agents.roles import Role
from ..errors import InvalidInput, NotFound
from ..imports.held import HeldPayer
from ..imports.listing import RowFilter
from ..imports.rules import CONFLICTS
from ..jobs.job import Job
from .callers import the_caller, the_host
from .import_shapes import (
    LAST_POSITION,
    Approval,
    Asked,
    ChangeSet,
    Decision,
    Decisions,
    ImportQuery,
    Looked,
    Position,
    Release,
    Released,
    Resolved,
    Row,
    RowQuery,
    Tick,
    Ticked,
    UndoPreview,
)
from .routes import Answer, Items, Page, Routes
from .shapes import Number, Slug, page

routes = Routes(
    "Imports",
    "A change set is what an import would do, does or did, row by row. Starting one has an "
    "integrator read the provider; it then waits to be applied.",
)


@routes.post(
    "/connections/<slug>/imports", answer=ChangeSet, role=Role.OPERATOR, status=202, work=True
)
def start(slug: Slug, body: Asked = Asked()) -> Any:  # noqa: B008 - it is never changed
    """Have the provider read; the change set fills, and then waits to be applied."""
    made = the_host().reviews.start(slug, agent=the_caller().name, replaces=body.replaces)
    return Answer(made, location=f"/api/v1/imports/{made.number}")


@routes.get("/imports", answer=Page[ChangeSet])
def listed(query: ImportQuery) -> Any:
    """List change sets, the newest first."""
    found = the_host().imports.newest(query.connection, query.limit + 1, before=query.place)
    return page(found, query.limit, lambda it: it.number)


@routes.get("/imports/<number>", answer=ChangeSet)
def show(number: Number) -> Any:
    """Show a change set; poll it with If-None-Match while it is worked on."""
    return the_host().imports.get(number)


@routes.get("/imports/<number>/job", answer=Job)
def job(number: Number) -> Any:
    """Show the newest run about a change set: its progress, or why it failed."""
    host = the_host()
    found = host.reviews.job(host.imports.get(number))
    if found is None:
        raise NotFound(f"No run of change set {number} is kept.")
    return found


@routes.get("/imports/<number>/rows", answer=Page[Row])
def rows(number: Number, query: RowQuery) -> Any:
    """List the rows of a change set in their order."""
    imports = the_host().imports
    imports.get(number)
    found = imports.rows(
        number,
        action=query.action,
        state=query.state,
        rule=query.rule,
        text=query.q,
        after_position=min(query.place or 0, LAST_POSITION),
        limit=query.limit + 1,
    )
    return page(found, query.limit, lambda it: it.position)


@routes.get("/imports/<number>/rows/<position>", answer=Row)
def row(number: Number, position: Position) -> Any:
    """Show one row."""
    return the_host().reviews.row(number, position).rows[0]


@routes.post("/imports/<number>/tick", answer=Ticked, role=Role.OPERATOR)
def tick(number: Number, body: Tick) -> Any:
    """Take rows into what will be applied, or leave them out."""
    wanted = RowFilter(action=body.action, state=body.state, text=body.text)
    host = the_host()
    host.imports.get(number)
    changed = host.reviews.tick(
        number,
        body.wanted,
        wanted if body.positions is None else body.positions,
        agent=the_caller().name,
        version=body.version,
    )
    return {"changed": changed}


@routes.post("/imports/<number>/rows/<position>/resolve", answer=Row, role=Role.OPERATOR)
def resolve(number: Number, position: Position, body: Decision) -> Any:
    """Decide one conflict by hand; of a change set that waits, any row."""
    return the_host().imports.resolve(
        number, position, body.choice(), agent=the_caller().name, version=body.version
    )


@routes.post("/imports/<number>/resolve", answer=Resolved, role=Role.OPERATOR)
def resolve_all(number: Number, body: Decisions) -> Any:
    """Decide every open conflict, or those of one kind, in the same way."""
    if body.kind is not None and body.kind not in CONFLICTS:
        raise InvalidInput(f"{body.kind} is no kind of conflict.")
    resolved, left = the_host().imports.resolve_all(
        number, body.choice(), agent=the_caller().name, kind=body.kind, version=body.version
    )
    return {"resolved": resolved, "left": left}


@routes.post("/imports/<number>/apply", answer=ChangeSet, role=Role.OPERATOR, status=202, work=True)
def apply(number: Number, body: Approval = Approval()) -> Any:  # noqa: B008 - never changed
    """Have the rows applied that are not left out."""
    host = the_host()
    host.imports.get(number)
    return host.reviews.apply(
        number,
        agent=the_caller().name,
        version=body.version,
        hold_left_out=body.hold_left_out,
    )


@routes.post("/imports/<number>/discard", answer=ChangeSet, role=Role.OPERATOR)
def discard(number: Number, body: Looked = Looked()) -> Any:  # noqa: B008 - it is never changed
    """Dismiss a change set that waits; nothing of it is applied."""
    return the_host().imports.discard(number, agent=the_caller().name, version=body.version)


@routes.get("/imports/<number>/undo", answer=UndoPreview)
def preview_undo(number: Number) -> Any:
    """Show what an undo would take back now, and what it would leave."""
    host = the_host()
    host.imports.get(number)
    found = host.reviews.preview_undo(number)
    return {
        "undone": found.undone,
        "kept": found.kept,
        "first_kept": [{"row": kept, "reason": reason} for kept, reason in found.first_kept],
    }


@routes.post("/imports/<number>/undo", answer=ChangeSet, role=Role.OPERATOR, status=202, work=True)
def undo(number: Number, body: Looked = Looked()) -> Any:  # noqa: B008 - it is never changed
    """Have taken back what a change set did, except what has been changed since."""
    host = the_host()
    host.imports.get(number)
    return host.reviews.undo(number, agent=the_caller().name, version=body.version)


@routes.post("/imports/<number>/stop", answer=ChangeSet, role=Role.OPERATOR)
def stop(number: Number) -> Any:
    """End the work on a change set. What was applied stays."""
    return the_host().reviews.stop(number, agent=the_caller().name)


@routes.post("/imports/<number>/go-on", answer=ChangeSet, role=Role.OPERATOR, status=202, work=True)
def go_on(number: Number) -> Any:
    """Have work finished that was stopped."""
    return the_host().reviews.go_on(number, agent=the_caller().name)


@routes.get("/connections/<slug>/held-payers", answer=Items[HeldPayer])
def held_payers(slug: Slug) -> Any:
    """List the payers that imports leave alone."""
    return {"items": the_host().imports.held(slug)}


@routes.post("/connections/<slug>/held-payers/release", answer=Released, role=Role.OPERATOR)
def release(slug: Slug, body: Release) -> Any:
    """Let the next import look at held payers again: those named, or all of a change set."""
    count = the_host().imports.release(
        slug, body.payers, agent=the_caller().name, change_set=body.change_set
    )
    return {"released": count}
