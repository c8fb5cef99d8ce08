"""The control endpoint: knobs, clock and tokens of a running twin, and back to its start."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, abort, request

from .config import TokenKind
from .loopback import require_loopback
from .responses import json_response
from .times import iso
from .twin import Twin


def control_pages(twin: Twin) -> Blueprint:
    """Knobs, clock, access tokens and reset, below ``/twin``; no token, loopback only."""
    pages = Blueprint("control", __name__, url_prefix="/twin")
    pages.before_request(require_loopback)

    @pages.get("/knobs")
    def show_knobs() -> Response:
        return json_response(twin.knobs.to_json())

    @pages.post("/knobs")
    def turn_knobs() -> Response:
        if request.mimetype != "application/json":
            abort(415)  # also keeps out forms of other web pages
        try:
            twin.set_knobs(twin.knobs.changed(json.loads(request.get_data())))
        except ValueError as error:
            return json_response({"error": str(error)}, 422)
        return json_response(twin.knobs.to_json())

    @pages.get("/clock")
    def show_clock() -> Response:
        return json_response(_clock(twin))

    @pages.post("/clock")
    def move_clock() -> Response:
        if request.mimetype != "application/json":
            abort(415)
        try:
            twin.advance(_delta(json.loads(request.get_data())))
        except (ValueError, OverflowError) as error:
            return json_response({"error": str(error)}, 422)
        return json_response(_clock(twin))

    @pages.get("/tokens")
    def show_tokens() -> Response:
        return json_response({token: kind.value for token, kind in twin.tokens.items()})

    @pages.post("/tokens")
    def change_tokens() -> Response:
        if request.mimetype != "application/json":
            abort(415)
        try:
            kinds = _token_kinds(json.loads(request.get_data()))
        except ValueError as error:
            return json_response({"error": str(error)}, 422)
        twin.tokens = {**twin.tokens, **kinds}
        return show_tokens()

    @pages.post("/reset")
    def reset() -> Response:
        twin.reset()
        return Response(status=204)

    return pages


def _clock(twin: Twin) -> dict[str, Any]:
    return {
        "now": iso(twin.store.clock.current_ms()),
        "virtual": twin.config.virtual_clock,
        "living": twin.config.living,
    }


def _delta(values: object) -> timedelta:
    """``{"advance_days": 1}`` or ``{"advance_seconds": 60}``."""
    units = {"advance_days": "days", "advance_seconds": "seconds"}
    if not isinstance(values, dict) or len(values) != 1 or not set(values) <= set(units):
        raise ValueError("give either advance_days or advance_seconds")
    [(name, number)] = values.items()
    if isinstance(number, bool) or not isinstance(number, int):
        raise ValueError(f"{name} must be a whole number")
    return timedelta(**{units[name]: number})


def _token_kinds(values: object) -> dict[str, TokenKind]:
    """Tokens and what each may do from now on: full, read_only or revoked."""
    if not isinstance(values, dict):
        raise ValueError("give an object of tokens and their kinds")
    try:
        return {token: TokenKind(kind) for token, kind in values.items()}
    except ValueError:
        known = ", ".join(kind.value for kind in TokenKind)
        raise ValueError(f"a token's kind must be one of {known}") from None
