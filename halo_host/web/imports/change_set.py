"""One import: how far it is, what it would do or has done, row by row."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

from flask import Blueprint, Response, request

from ...agents.roles import Role
from ...host import Host
from ...imports.change_set_states import RUNNING, UNDOABLE, WAITING
from ...imports.change_sets import ChangeSet, RowState, State
from ...imports.listing import Order, RowFilter
from ...imports.rules import CONFLICTS, Action
from ...jobs.presence import running_integrators
from ..shell.pages import page, requires, the_agent, the_host
from ..shell.paging import numbered, page_number
from .history import crumbs
from .words import ROW_STATES, WORDS, by_action, field_words

views = Blueprint("change_set", __name__)
SIZE = 50
Chosen = TypeVar("Chosen", bound=StrEnum)


@views.get("/imports/<int:number>")
@requires(Role.VIEWER)
def show(number: int) -> Response:
    host = the_host()
    change_set = host.imports.get(number)
    wanted = asked_filter()
    order = _chosen(Order, request.values.get("sort", "")) or Order.PAYERS
    at = page_number()
    rows = host.reviews.page(change_set, wanted, order=order, page=at, size=SIZE)
    counts = by_action(change_set)
    return page(
        "imports/change_set.html",
        **frame(host, change_set),
        fragment="rows",
        rows=rows,
        pager=numbered(at, SIZE, rows.total),
        sort=order.value if order is not Order.PAYERS else "",
        wanted=wanted,
        counts=counts,
        filtered={
            name: value
            for name in ("action", "state", "q")
            if (value := request.args.get(name, ""))
        },
        row_state_choices=_row_states_of(change_set),
        conflict_kinds=CONFLICTS,
        fields=field_words(host),
    )


@views.get("/imports/<int:number>/progress")
@requires(Role.VIEWER)
def progress(number: int) -> Response:
    """What the page asks for every second while work goes on; at its end it loads itself anew."""
    host = the_host()
    change_set = host.imports.get(number)
    asked = request.args.get("state", "")
    found = page("imports/progress.html", **frame(host, change_set), fragment="content")
    if asked and asked != change_set.state:
        found.headers["HX-Refresh"] = "true"
    return found


def frame(host: Host, change_set: ChangeSet, title: str = "") -> dict[str, Any]:
    """What every page of an import shows."""
    details = host.connections.get(change_set.connection)
    role = the_agent().role
    name = f"Import {change_set.number}"
    above = crumbs(details.name, details.slug)
    if title:
        above.append((name, f"/imports/{change_set.number}"))
    return {
        "title": title or name,
        "area": "integrations",
        "crumbs": above,
        "change_set": change_set,
        "connection": details,
        "may_work": role.allows(Role.OPERATOR),
        "waits": change_set.state in WAITING,
        "undoable": change_set.state in UNDOABLE and change_set.count(RowState.APPLIED) > 0,
        "work": _work(host, change_set) if change_set.state in RUNNING else None,
        "words": WORDS,
        "schedule": host.schedules.get(details.slug),
    }


def asked_filter() -> RowFilter:
    """What the address, or a form, asks for."""
    return _filter(request.values)


def list_of(address: str) -> tuple[RowFilter, Order]:
    """What the list at that address of an import shows, and in which order."""
    asked = dict(parse_qsl(urlsplit(address).query))
    return _filter(asked), _chosen(Order, asked.get("sort", "")) or Order.PAYERS


def _filter(asked: Mapping[str, str]) -> RowFilter:
    return RowFilter(
        action=_chosen(Action, asked.get("action", "")),
        state=_chosen(RowState, asked.get("state", "")),
        text=asked.get("q", "")[:200],
    )


def _chosen(kind: type[Chosen], value: str) -> Chosen | None:
    try:
        return kind(value)
    except ValueError:
        return None


def _row_states_of(change_set: ChangeSet) -> list[tuple[str, str]]:
    present = {state for states in change_set.rows.values() for state in states}
    return [(it.value, words[0]) for it, words in ROW_STATES.items() if it in present]


def _work(host: Host, change_set: ChangeSet) -> dict[str, Any]:
    """How far the work is: `most` 0 where nobody knows, `rate` in rows a second."""
    job = host.reviews.job(change_set)
    pending = change_set.count(RowState.PENDING)
    if change_set.state is State.APPLYING:
        done = change_set.count(RowState.APPLIED, RowState.REFUSED)
        most = done + pending
    elif change_set.state is State.UNDOING:
        done = change_set.count(RowState.UNDONE, RowState.KEPT)
        most = done + change_set.count(RowState.APPLIED)
    else:
        done, most = change_set.counts.get("fetched", 0), 0
    elapsed = timedelta(0)
    if job is not None and job.started_at is not None:
        elapsed = host.clock() - job.started_at
    seconds = elapsed.total_seconds()
    return {
        "job": job,
        "goes_on": host.reviews.is_worked_on(change_set),
        "somebody_works": bool(running_integrators(host.database, host.clock())),
        "done": done,
        "most": most,
        "rate": round(done / seconds) if seconds >= 1 and done else 0,
        "elapsed": elapsed,
    }
