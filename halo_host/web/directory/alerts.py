"""Acknowledging an alert: somebody has seen that money went back."""

from __future__ import annotations

from flask import Response, request

from ...agents.roles import Role
from ..shell.pages import back_to, requires, say, the_agent, the_host
from .blueprint import views


@views.post("/alerts/<int:number>/acknowledge")
@requires(Role.OPERATOR)
def acknowledge(number: int) -> Response:
    """The form's `back` is the page that showed the alert."""
    alert = the_host().alerts.acknowledge(number, agent=the_agent().name)
    say("Acknowledged." if alert.ended_at else "Acknowledged; it ends with what it tells of.")
    return back_to(request.form.get("back", "/"))
