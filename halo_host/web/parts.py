"""What views use of the application they run in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import orjson
from flask import Response, current_app, g

if TYPE_CHECKING:
    from ..host import Host
    from .answer_times import AnswerTimes


def the_host() -> Host:
    return cast("Host", current_app.extensions["halo_host"])


def the_answer_times() -> AnswerTimes:
    return cast("AnswerTimes", current_app.extensions["halo_host_answer_times"])


def json_answer(body: dict[str, Any], status: int = 200) -> Response:
    return Response(orjson.dumps(body) + b"\n", status=status, mimetype="application/json")


def error_answer(status: int, message: str) -> Response:
    """The one form of every error: status, a sentence, and the id to look for in the log."""
    return json_answer(
        {"status": status, "message": message, "request_id": g.get("request_id", "")}, status
    )
