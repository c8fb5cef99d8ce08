"""The integrator of a connection: schedule, sync now, pause, reset, runs, failed records."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from ..agents.roles import Role
from ..jobs.job import Job, JobState
from ..sync.due import Planned, Standing
from ..sync.schedule import LONGEST_MINUTES, MOST_FAILURES, Schedule
from ..sync.sync import FailedRecord
from .callers import the_caller, the_host
from .routes import Items, Page, Routes
from .shapes import Body, Number, PageQuery, Slug, page

routes = Routes("Syncs and runs", "Schedules, work that is queued or runs, and how it went.")

Part = Literal["users", "payments", "verify"]
Minutes = Annotated[int, Field(ge=1, le=LONGEST_MINUTES)]
Time = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class ScheduleChange(Body):
    """What is left out stays. Quiet times are local, in the host's time zone; null for both ends
    quiet hours."""

    users_on: bool = True
    users_minutes: Minutes = 60
    payments_on: bool = True
    payments_minutes: Minutes = 5
    verify_on: bool = True
    verify_minutes: Minutes = 1440
    quiet_from: Time | None = None
    quiet_to: Time | None = None
    alert_failures: Annotated[int, Field(ge=1, le=MOST_FAILURES)] = 3
    alert_minutes: Annotated[int, Field(ge=0, le=LONGEST_MINUTES)] = 0


class SyncNow(Body):
    parts: Annotated[list[Part], Field(min_length=1, max_length=3)] = Field(default=["payments"])


class Proving(Body):
    """`repair` mends what differs, and removes what the provider does not have."""

    repair: bool = False


class JobQuery(PageQuery):
    connection: Slug | None = None
    kind: Literal["import", "sync", "verify", "reread", "webhooks"] | None = None
    state: JobState | None = None


@routes.get("/connections/<slug>/schedule", answer=Schedule)
def schedule(slug: Slug) -> Any:
    """Show when work of a connection begins by itself."""
    return the_host().schedules.get(slug)


@routes.patch(
    "/connections/<slug>/schedule",
    answer=Schedule,
    role=Role.ADMINISTRATOR,
    guarded=schedule,
)
def set_schedule(slug: Slug, body: ScheduleChange) -> Any:
    """Change when work of a connection begins by itself."""
    changes = body.model_dump(exclude_unset=True)
    return the_host().schedules.set(slug, agent=the_caller().name, **changes)


@routes.get("/connections/<slug>/plan", answer=Items[Planned])
def plan(slug: Slug) -> Any:
    """List the next run of each part, or why it does not run by itself."""
    return {"items": the_host().schedules.plan(slug)}


@routes.get("/connections/<slug>/standing", answer=Items[Standing])
def standing(slug: Slug) -> Any:
    """List how each part went last, how often it has failed since, and when it is next."""
    return {"items": the_host().schedules.standing(slug)}


@routes.post(
    "/connections/<slug>/sync", answer=Items[Job], role=Role.OPERATOR, status=202, work=True
)
def sync_now(slug: Slug, body: SyncNow = SyncNow()) -> Any:  # noqa: B008 - it is never changed
    """Queue a sync now, also in quiet hours and where the connection is paused."""
    parts = list(dict.fromkeys(body.parts))
    return {"items": the_host().schedules.sync_now(slug, agent=the_caller().name, parts=parts)}


@routes.post("/due", answer=Items[Job], role=Role.OPERATOR, status=202, work=True)
def due() -> Any:
    """Queue what schedules say is due; the jobs that this has queued."""
    return {"items": the_host().schedules.enqueue_due()}


@routes.post("/connections/<slug>/verify", answer=Job, role=Role.OPERATOR, status=202, work=True)
def verify(slug: Slug, body: Proving = Proving()) -> Any:  # noqa: B008 - it is never changed
    """Queue a proof of the mirror against the provider, record by record.

    The job's `result` says what differs; the proof itself is in the connection's health.
    """
    host = the_host()
    if host.connections.get(slug).enabled:
        host.sync.refuse_unfilled(slug)
    return host.schedules.verify_now(slug, agent=the_caller().name, repair=body.repair)


@routes.post("/connections/<slug>/pause", answer=Schedule, role=Role.OPERATOR)
def pause(slug: Slug) -> Any:
    """Let nothing of a connection begin by itself."""
    return the_host().schedules.pause(slug, agent=the_caller().name)


@routes.post("/connections/<slug>/resume", answer=Schedule, role=Role.OPERATOR)
def resume(slug: Slug) -> Any:
    """Let the work of a paused connection begin by itself again."""
    return the_host().schedules.resume(slug, agent=the_caller().name)


@routes.post("/connections/<slug>/reset", answer=Items[Planned], role=Role.ADMINISTRATOR)
def reset(slug: Slug) -> Any:
    """Reset the last sync: the next one reads everything again."""
    the_host().sync.reset(slug, agent=the_caller().name)
    return {"items": the_host().schedules.plan(slug)}


@routes.get("/connections/<slug>/failed-records", answer=Items[FailedRecord])
def failed_records(slug: Slug) -> Any:
    """List the records that could not be read, each with its reason."""
    return {"items": the_host().sync.failed(slug)}


@routes.post(
    "/connections/<slug>/failed-records/retry",
    answer=Job,
    role=Role.OPERATOR,
    status=202,
    work=True,
)
def retry_records(slug: Slug) -> Any:
    """Try the records that could not be read again."""
    host = the_host()
    host.connections.get(slug)
    return host.jobs.enqueue("reread", slug, why="hand", agent=the_caller().name)


@routes.get("/jobs", answer=Page[Job])
def jobs(query: JobQuery) -> Any:
    """List runs, the newest first."""
    found = the_host().jobs.list(
        query.connection,
        kinds=(query.kind,) if query.kind else (),
        states=(query.state,) if query.state else (),
        before=query.place,
        limit=query.limit + 1,
    )
    return page(found, query.limit, lambda it: it.id)


@routes.get("/jobs/<number>", answer=Job)
def job(number: Number) -> Any:
    """Show one run: poll it with If-None-Match until its state is done, failed or cancelled."""
    return the_host().jobs.get(number)


@routes.post("/jobs/<number>/cancel", answer=Job, role=Role.OPERATOR)
def cancel(number: Number) -> Any:
    """End a run that is queued or at work. What it has written stands."""
    return the_host().jobs.cancel(number, agent=the_caller().name)


@routes.post("/jobs/<number>/retry", answer=Job, role=Role.OPERATOR, status=202, work=True)
def retry(number: Number) -> Any:
    """Queue the work of a run that has ended once more."""
    return the_host().jobs.retry(number, agent=the_caller().name)
