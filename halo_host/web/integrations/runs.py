"""One run of a connection: how it goes, how it ended, and what can be done about it."""

from __future__ import annotations

from flask import Blueprint, Response

from ...agents.roles import Role
from ...errors import NotFound
from ...host import Host
from ...jobs.job import ENDED, Job
from ..shell.pages import back_to, requires, say, the_agent, the_host
from .module import address, module_page
from .run_words import KIND_WORDS

views = Blueprint("runs", __name__)
_TAB = "integrator"


@views.get("/integrations/<connection>/integrator/runs/<int:number>")
@requires(Role.VIEWER)
def show(connection: str, number: int) -> Response:
    host = the_host()
    details = host.connections.get(connection)
    job = _of(host, details.slug, number)
    return module_page(
        "integrations/run.html",
        details,
        _TAB,
        title=f"Run {number}",
        above=[("Integrator", address(details.slug, _TAB))],
        fragment="run",
        job=job,
        has_ended=job.state in ENDED,
        kind_words=KIND_WORDS,
    )


@views.post("/integrations/<connection>/integrator/runs/<int:number>/cancel")
@requires(Role.OPERATOR)
def cancel(connection: str, number: int) -> Response:
    host = the_host()
    job = _of(host, connection, number)
    host.jobs.cancel(job.id, agent=the_agent().name)
    say(f"Run {number} is cancelled. What it has written stands.")
    return back_to(address(job.connection, _TAB))


@views.post("/integrations/<connection>/integrator/runs/<int:number>/again")
@requires(Role.OPERATOR)
def again(connection: str, number: int) -> Response:
    host = the_host()
    job = host.jobs.retry(_of(host, connection, number).id, agent=the_agent().name)
    say(f"The same work is queued as run {job.id}.")
    return back_to(address(job.connection, _TAB, "runs", job.id))


def _of(host: Host, slug: str, number: int) -> Job:
    """:raises NotFound: it is no run of that connection."""
    job = host.jobs.get(number)
    if job.connection != slug:
        raise NotFound(f"Run {number} is none of {slug[:60]}.")
    return job
