"""Integrator: how the recurring work of a connection stands, its schedule, its failed records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, request

from ...agents.roles import Role
from ...connections.connections import ConnectionDetails
from ...errors import InvalidInput
from ...host import Host
from ...jobs.job import Job, JobState
from ...jobs.presence import running_integrators
from ...plurals import counted
from ...sync.due import KINDS
from ...sync.quiet import local_time
from ...sync.schedule import Schedule
from ..shell.commands import told
from ..shell.forms import Field, Form
from ..shell.pages import back_to, requires, say, the_agent, the_host
from ..shell.paging import Pager, here
from .first_sync import awaits_first_sync
from .module import address, module_page
from .run_words import KIND_WORDS, PART_WORDS

views = Blueprint("integrator", __name__)
_TAB = "integrator"
_RUNS, _FAILED = 20, 50
_OPEN = (JobState.QUEUED.value, JobState.RUNNING.value)
_MINUTES = ("users_minutes", "payments_minutes", "verify_minutes")


@views.get("/integrations/<connection>/integrator")
@requires(Role.VIEWER)
def show(connection: str) -> Response:
    host = the_host()
    details = host.connections.get(connection)
    runs, pager = _runs(host, details.slug)
    return module_page(
        "integrations/integrator.html",
        details,
        _TAB,
        fragment="work",
        parts=host.schedules.standing(details.slug),
        review=host.imports.open_review(details.slug),
        first_sync=awaits_first_sync(host, details.slug),
        schedule=host.schedules.get(details.slug),
        timezone=host.settings.timezone,
        open_runs=host.jobs.list(details.slug, states=_OPEN),
        runs=runs,
        pager=pager,
        failed=host.sync.failed(details.slug, limit=_FAILED),
        failed_count=host.sync.failed_count(details.slug),
        integrators=running_integrators(host.database, host.clock()),
        part_words=PART_WORDS,
        kind_words=KIND_WORDS,
    )


@views.post("/integrations/<connection>/integrator/sync")
@requires(Role.OPERATOR)
def sync_now(connection: str) -> Response:
    host = the_host()
    details = host.connections.get(connection)
    part = request.form.get("part", "")
    if part not in {*KINDS, "all"}:
        raise InvalidInput(f"{part[:40]} is no part of a connection's work.")
    parts = host.schedules.offered(details) if part == "all" else (part,)
    waiting = host.imports.open_review(details.slug) if "users" in parts else None
    if waiting is not None:
        say(
            f"Nothing was begun, because import {waiting} waits for its review. "
            "Apply or discard it first.",
            "warning",
        )
        return back_to(f"/imports/{waiting}")
    host.schedules.sync_now(details.slug, agent=the_agent().name, parts=parts)
    say("It is queued: an integrator begins it in a moment.")
    return back_to(address(details.slug, _TAB))


@views.post("/integrations/<connection>/integrator/pause")
@requires(Role.OPERATOR)
def pause(connection: str) -> Response:
    the_host().schedules.pause(connection, agent=the_agent().name)
    say("Paused: nothing begins by itself. What runs goes on to its end.")
    return back_to(address(connection, _TAB))


@views.post("/integrations/<connection>/integrator/resume")
@requires(Role.OPERATOR)
def resume(connection: str) -> Response:
    the_host().schedules.resume(connection, agent=the_agent().name)
    say("It goes on by itself again.")
    return back_to(address(connection, _TAB))


@views.post("/integrations/<connection>/integrator/reset")
@requires(Role.ADMINISTRATOR)
def reset(connection: str) -> Response:
    the_host().sync.reset(connection, agent=the_agent().name)
    say("The next sync reads everything again.")
    return back_to(address(connection, _TAB))


@views.post("/integrations/<connection>/integrator/retry")
@requires(Role.OPERATOR)
def retry_failed(connection: str) -> Response:
    host = the_host()
    details = host.connections.get(connection)
    count = host.sync.failed_count(details.slug)
    host.jobs.enqueue("reread", details.slug, why="hand", agent=the_agent().name)
    say(f"{counted(count, 'record')} {'is' if count == 1 else 'are'} read again in a moment.")
    return back_to(address(details.slug, _TAB))


@views.get("/integrations/<connection>/integrator/schedule")
@requires(Role.ADMINISTRATOR)
def edit(connection: str) -> Response:
    host = the_host()
    details = host.connections.get(connection)
    return _form_page(host, details, _form(host, details))


@views.post("/integrations/<connection>/integrator/schedule")
@requires(Role.ADMINISTRATOR)
def save(connection: str) -> Response:
    host = the_host()
    details = host.connections.get(connection)
    form = _form(host, details)
    if form.read() and _numbers_are_good(form) and _times_are_good(form):
        try:
            host.schedules.set(details.slug, agent=the_agent().name, **_changes(form))
        except InvalidInput as error:
            form.error = error.message
        else:
            say("The schedule is saved.")
            return back_to(address(details.slug, _TAB))
    return _form_page(host, details, form, status=422)


def _runs(host: Host, slug: str) -> tuple[Sequence[Job], Pager]:
    text = request.args.get("before", "")
    before = int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else None
    found = host.jobs.list(slug, before=before, limit=_RUNS + 1)
    more = len(found) > _RUNS
    return found[:_RUNS], Pager(
        first=here(before=None) if before else None,
        next=here(before=found[_RUNS - 1].id) if more else None,
    )


def _form(host: Host, details: ConnectionDetails) -> Form:
    schedule = host.schedules.get(details.slug)
    fields: list[Field] = []
    for part in host.schedules.offered(details):
        fields += _part_fields(part, schedule)
    return Form(
        *fields,
        Field(name="quiet_from", label="Quiet from", value=schedule.quiet_from or "",
              placeholder="22:00", help="Nothing begins by itself in quiet hours; the time is that "
              f"of {host.settings.timezone}. Leave both empty for none."),
        Field(name="quiet_to", label="Quiet until", value=schedule.quiet_to or "",
              placeholder="06:00"),
        Field(name="alert_failures", label="Alert after failures in a row", kind="number",
              value=str(schedule.alert_failures), required=True, attributes={"min": "1"}),
        Field(name="alert_minutes", label="Alert when older than, in minutes", kind="number",
              value=str(schedule.alert_minutes), required=True, attributes={"min": "0"},
              help="0 for an age that fits how often it runs."),
        edits=True,
    )  # fmt: skip


def _part_fields(part: str, schedule: Schedule) -> Sequence[Field]:
    minutes = int(schedule.every(part).total_seconds()) // 60
    return [
        Field(
            name=f"{part}_on",
            label=f"{PART_WORDS[part]} by itself",
            kind="checkbox",
            value="1" if schedule.is_on(part) else "",
        ),
        Field(
            name=f"{part}_minutes",
            label=f"{PART_WORDS[part]}: every so many minutes",
            kind="number",
            value=str(minutes),
            required=True,
            attributes={"min": "1"},
        ),
    ]


def _times_are_good(form: Form) -> bool:
    """Say beside the fields of the quiet hours what is wrong with them."""
    begin, end = form["quiet_from"], form["quiet_to"]
    for each in (begin, end):
        try:
            local_time(each.value or "00:00")
        except InvalidInput as error:
            each.error = f"{each.label}: {told(error)}"
    if bool(begin.value) is not bool(end.value):
        (
            end if begin.value else begin
        ).error = "Quiet hours need both their beginning and their end."
    return form.good


def _numbers_are_good(form: Form) -> bool:
    for name in (*_MINUTES, "alert_failures", "alert_minutes"):
        if name in form.fields:
            text = form[name].value
            if not (text.isascii() and text.isdecimal() and len(text) < 10):
                form[name].error = f"{form[name].label}: a whole number is needed."
    return form.good


def _changes(form: Form) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for name, text in form.values().items():
        if name.startswith("quiet_"):
            changes[name] = text or None
        elif name.endswith("_on"):
            changes[name] = bool(text)
        else:
            changes[name] = int(text)
    return changes


def _form_page(host: Host, details: ConnectionDetails, form: Form, status: int = 200) -> Response:
    return module_page(
        "integrations/edit_schedule.html",
        details,
        _TAB,
        title="Edit schedule",
        above=[("Integrator", address(details.slug, _TAB))],
        status=status,
        form=form,
        parts=host.schedules.offered(details),
        part_words=PART_WORDS,
        cancel=address(details.slug, _TAB),
    )
