"""What every API request passes before its route: faults, headers, access token, rate limit."""

from __future__ import annotations

import math
import time

from flask import Flask, Response, g, request
from werkzeug.http import http_date

from .config import TokenKind
from .errors import internal_error, usage_error
from .faults import FAULT_KEY, is_private
from .knobs import Fault, FaultKind
from .rate_limit import Allowance
from .responses import json_response
from .twin import Twin

API_VERSION = "2015-07-06"
_HTML_502 = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n"
    "<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n"
)


def install_gate(app: Flask, twin: Twin) -> None:
    """Run the checks before each API request, and sign each answer with its headers."""

    @app.before_request
    def check() -> Response | None:
        g.request_id = twin.next_request_id()
        twin.catch_up()
        if is_private(request.path):
            return None
        token = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        fault: Fault | None = request.environ.get(FAULT_KEY)
        if fault is not None and fault.kind is FaultKind.RATE_LIMITED:
            reset = math.ceil(time.time()) + fault.seconds
            g.allowance = Allowance(twin.knobs.rate_limit, 0, reset, exceeded=True)
        else:
            g.allowance = twin.rate_limiter.take(token if token in twin.tokens else "", twin.knobs)
        if fault is not None and (answer := _faulty_answer(fault)) is not None:
            return answer
        _check_headers()
        kind = _check_token(twin, token)
        if g.allowance.exceeded:
            raise usage_error(429, "rate_limit_exceeded", "Rate limit exceeded")
        if kind is TokenKind.READ_ONLY and request.method != "GET":
            message = "Your access token does not have sufficient permissions for this request"
            raise usage_error(403, "insufficient_permissions", message)
        return None

    @app.after_request
    def sign(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.request_id
        if "allowance" in g:
            response.headers.update(g.allowance.headers(twin.seconds_ahead()))
        # One clock for everything: the time that a client reads here is that of `created_at`.
        response.headers["Date"] = http_date(twin.now())
        return response


def _faulty_answer(fault: Fault) -> Response | None:
    if fault.kind is FaultKind.SERVER_ERROR:
        raise internal_error()
    if fault.kind is FaultKind.REVOKED:
        raise usage_error(401, "access_token_revoked", "The access token has been revoked")
    if fault.kind is FaultKind.STRING_ERROR:
        return json_response({"error": "Something went wrong"}, 500)
    if fault.kind is FaultKind.HTML_ERROR:
        return Response(_HTML_502, 502, content_type="text/html")
    if fault.kind is FaultKind.MALFORMED_PAGE:
        resource = request.path.split("/")[1]
        return json_response({resource: {"unexpected": [None]}, "meta": "missing"})
    return None


def _check_headers() -> None:
    accept = request.accept_mimetypes
    if accept and not accept.accept_json:
        raise usage_error(406, "not_acceptable", "Only application/json can be given")
    version = request.headers.get("GoCardless-Version")
    if version is None:
        message = f"The GoCardless-Version header is missing; send {API_VERSION}"
        raise usage_error(400, "missing_version_header", message)
    if version != API_VERSION:
        message = f"The requested GoCardless-Version does not exist; send {API_VERSION}"
        raise usage_error(400, "version_not_found", message)


def _check_token(twin: Twin, token: str) -> TokenKind:
    header = request.headers.get("Authorization")
    if header is None:
        message = "No Authorization header was included in the request"
        raise usage_error(401, "missing_authorization_header", message)
    if not header.startswith("Bearer ") or not token:
        message = "The Authorization header must be of the form Bearer TOKEN"
        raise usage_error(401, "invalid_authorization_header", message)
    kind = twin.tokens.get(token)
    if kind is None:
        raise usage_error(401, "access_token_not_found", "The access token was not found")
    if kind is TokenKind.REVOKED:
        raise usage_error(401, "access_token_revoked", "The access token has been revoked")
    return kind
