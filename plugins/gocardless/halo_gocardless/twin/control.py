"""The control endpoint: turn the knobs of a running twin, or put it back to its start."""

from __future__ import annotations

import json

from flask import Blueprint, Response, abort, request

from .loopback import require_loopback
from .responses import json_response
from .twin import Twin


def control_pages(twin: Twin) -> Blueprint:
    """Get or post ``/twin/knobs``, post ``/twin/reset``; no token, loopback only."""
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

    @pages.post("/reset")
    def reset() -> Response:
        twin.reset()
        return Response(status=204)

    return pages
