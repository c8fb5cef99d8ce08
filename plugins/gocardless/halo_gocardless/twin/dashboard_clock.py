"""The page of the clock: what time it is for the twin, and buttons that let time pass."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from .twin import Twin

_STEPS = {"day": 1, "week": 7, "month": 30}


def add_clock_page(pages: Blueprint, twin: Twin) -> None:
    """``/dashboard/clock``; a real clock is shown, but cannot be moved."""

    @pages.get("/clock")
    def clock() -> str:
        return render_template(
            "clock.html",
            now=twin.now(),
            virtual=twin.config.virtual_clock,
            living=twin.config.living,
            steps=_STEPS,
            passed=request.args.get("passed", ""),
        )

    @pages.post("/clock")
    def move_clock() -> Response:
        days = _STEPS.get(request.form.get("step", ""))
        if days is None or not twin.config.virtual_clock:
            abort(422, "the clock can be moved by a day, week or month, if it is virtual")
        twin.advance(timedelta(days=days))
        return redirect(url_for("dashboard.clock", passed=request.form["step"]), 303)
