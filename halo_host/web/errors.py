"""Errors as answers: JSON, in plain words, never a trace. The trace is in the log."""

from __future__ import annotations

import logging

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from ..errors import HostError
from .parts import error_answer, the_host

_log = logging.getLogger("halo_host.web")
_SENTENCES = {
    400: "The request cannot be read.",
    404: "There is nothing at this address.",
    405: "This address does not take that method.",
    408: "The request did not arrive whole.",
    413: "The request is too large.",
}


def prepare(app: Flask) -> None:
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(HostError, _failed)
    app.register_error_handler(Exception, _crashed)


def _refused(error: HTTPException) -> Response:
    status = error.code or 500
    answer = error_answer(status, _SENTENCES.get(status, f"{error.name}."))
    if isinstance(error, MethodNotAllowed):
        methods = sorted(set(error.valid_methods or ()))
        answer.headers["Allow"] = ", ".join(methods)
        parts = request.path.split("/")
        if len(parts) == 3 and parts[1] == "webhooks":
            the_host().webhooks.refuse(parts[2], status, "Its method is not POST.")
    return answer


def _failed(error: HostError) -> Response:
    _log.error("%s %s failed: %s", request.method, request.path, error.message)
    return error_answer(503, error.message)


def _crashed(error: Exception) -> Response:
    _log.error("%s %s failed.", request.method, request.path, exc_info=error)
    return error_answer(500, "Something unexpected happened; the log tells more.")
