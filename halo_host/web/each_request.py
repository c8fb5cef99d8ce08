"""What every request gets: an id, which its log records share, and the headers of its answer."""

from __future__ import annotations

import re
import secrets
from itertools import count

from flask import Flask, Response, g, request
from werkzeug.exceptions import NotFound
from werkzeug.routing import RequestRedirect

from ..logs import ids

REQUEST_ID = "X-Request-Id"
_GOOD_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")

# What is no page may load nothing, and nothing may be framed, cached or guessed at.
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

# Pages load what this server itself serves, and run no script that stands in them.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)


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
    app.before_request(_refuse_other_writings)
    app.after_request(_finish)
    app.teardown_request(_end)


def _refuse_other_writings() -> None:
    """Such as `//users`, which werkzeug would lead to `/users` at whatever host the request names.

    :raises NotFound: an address has one writing.
    """
    if isinstance(request.routing_exception, RequestRedirect):
        raise NotFound


def _finish(response: Response) -> Response:
    kept_for_long = response.headers.get("Cache-Control")
    response.headers.extend(SECURITY_HEADERS)
    if kept_for_long is not None:
        response.headers["Cache-Control"] = kept_for_long
    if response.mimetype == "text/html":
        response.headers["Content-Security-Policy"] = PAGE_POLICY
    response.headers[REQUEST_ID] = g.get("request_id", "")
    return response


def _end(error: BaseException | None) -> None:
    if "ids" in g:
        g.ids.__exit__(None, None, None)
