"""`POST /webhooks/<connection>`: where providers deliver."""

from __future__ import annotations

import time

from flask import Blueprint, Response, request

from .parts import error_answer, the_answer_times, the_host
from .shell.access import public

views = Blueprint("webhooks", __name__)


@views.post("/webhooks/<slug>")
@public("providers sign what they deliver", elsewhere=True)
def receive(slug: str) -> Response:
    began = time.perf_counter()
    headers = {name.lower(): value for name, value in request.headers.items()}
    answer = the_host().webhooks.receive(slug, headers, _read_body)
    the_answer_times().add(time.perf_counter() - began)
    if answer.is_good:
        return Response(status=answer.status)
    refusal = error_answer(answer.status, answer.message)
    if answer.status == 503:
        refusal.headers["Retry-After"] = "10"
    return refusal


def _read_body(limit: int) -> bytes:
    """:raises OSError: it broke off, came too slowly, or was badly framed."""
    parts: list[bytes] = []
    left = limit
    try:
        while left and (part := request.stream.read(left)):
            parts.append(part)
            left -= len(part)
    except Exception as error:  # each server has its own for this
        raise OSError("The body did not arrive whole.") from error
    return b"".join(parts)
