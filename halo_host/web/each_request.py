"""What every request gets: an id, which its log records share, and the headers of its answer."""

from __future__ import annotations

import re
import secrets
from itertools import count

from flask import Flask, Response, g, request

from ..logs import ids

REQUEST_ID = "X-Request-Id"
_GOOD_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")

# Nothing of this server is a page yet, so nothing may be loaded, framed, cached or guessed at.
SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def prepare(app: Flask) -> None:
    """For an application of one process: its ids begin with a number of its own."""
    process, numbers = secrets.token_hex(4), count(1)

    def begin() -> None:
        """A proxy's id is kept, so that its log and ours can be read together."""
        given = request.headers.get(REQUEST_ID, "")
        g.request_id = given if _GOOD_ID.fullmatch(given) else f"{process}{next(numbers):08x}"
        g.ids = ids(request=g.request_id)
        g.ids.__enter__()

    app.before_request(begin)
    app.after_request(_finish)
    app.teardown_request(_end)


def _finish(response: Response) -> Response:
    response.headers.extend(SECURITY_HEADERS)
    response.headers[REQUEST_ID] = g.get("request_id", "")
    return response


def _end(error: BaseException | None) -> None:
    if "ids" in g:
        g.ids.__exit__(None, None, None)
