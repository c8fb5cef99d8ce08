"""Runs: what the integrator and people had fetched, compared and repaired."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from flask import Response, request

from ...agents.roles import Role
from ...jobs.job import ENDED, LANES, Job, JobState
from ..shell.pages import back_to, page, requires, say, the_agent, the_host
from ..shell.paging import followed
from .blueprint import views
from .tabs import activity_tabs

_PAGE_SIZE = 50
KINDS = {
    "import": "Import of users",
    "sync": "Sync of payments",
    "verify": "Verification",
    "webhooks": "Webhooks",
    "reread": "Reading again",
}
REASONS = {
    "schedule": "by its schedule",
    "hand": "by hand",
    "webhook": "by a webhook",
    "repair": "as a repair",
    "retry": "once more",
}
TONES = {"done": "success", "failed": "danger", "running": "info", "cancelled": "warning"}


@views.get("/activity")
@requires(Role.VIEWER)
def runs() -> Response:
    """While a run is at work the list is asked for again every few seconds."""
    host = the_host()
    connections = host.connections.all()
    slugs = [it.slug for it in connections]
    slug, kind, state = (request.args.get(name, "") for name in ("connection", "kind", "state"))

    def read(limit: int, after: int) -> Sequence[Job]:
        return host.jobs.list(
            slug if slug in slugs else None,
            kinds=[kind] if kind in LANES else [],
            states=[state] if state in set(JobState) else [],
            before=after or None,
            limit=limit,
        )

    found, pager = followed(read, _PAGE_SIZE, lambda job: job.id)
    return page(
        "activity/runs.html",
        title="Activity",
        area="activity",
        fragment="rows",
        tabs=activity_tabs(),
        runs=found,
        pager=pager,
        open=any(job.state not in ENDED for job in found),
        connections=[("", "All connections"), *((it.slug, it.name) for it in connections)],
        kinds=[("", "All kinds"), *((it, KINDS[it]) for it in LANES if it in KINDS)],
        states=[("", "All states"), *((it.value, it.value.capitalize()) for it in JobState)],
        names={it.slug: it.name for it in connections},
        kind_words=KINDS,
        why_words=REASONS,
        tones=TONES,
    )


@views.get("/activity/runs/<int:number>")
@requires(Role.VIEWER)
def run(number: int) -> Response:
    host = the_host()
    job = host.jobs.get(number)
    return page(
        "activity/run.html",
        title=f"Run {number}",
        area="activity",
        crumbs=[("Activity", "/activity")],
        fragment="state",
        job=job,
        names={it.slug: it.name for it in host.connections.all()},
        has_ended=job.state in ENDED,
        lasted=_lasted(job),
        waited=timedelta(milliseconds=job.waited_ms),
        kind_words=KINDS,
        why_words=REASONS,
        tones=TONES,
    )


@views.post("/activity/runs/<int:number>/cancel")
@requires(Role.OPERATOR)
def cancel_run(number: int) -> Response:
    the_host().jobs.cancel(number, agent=the_agent().name)
    say(f"Run {number} was cancelled. What it had written stands.")
    return back_to(f"/activity/runs/{number}")


@views.post("/activity/runs/<int:number>/retry")
@requires(Role.OPERATOR)
def retry_run(number: int) -> Response:
    again = the_host().jobs.retry(number, agent=the_agent().name)
    say(f"The same work is queued as run {again.id}.")
    return back_to(f"/activity/runs/{again.id}")


def _lasted(job: Job) -> timedelta | None:
    if job.started_at is None:
        return None
    return (job.finished_at or the_host().clock()) - job.started_at
