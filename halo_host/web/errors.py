"""Errors as answers, in plain words, never a trace: pages for browsers, JSON for programs.

The trace is in the log.
"""

from __future__ import annotations

import logging
from http import HTTPStatus

from flask import Flask, Response, g, request
from werkzeug.exceptions import Forbidden, HTTPException, MethodNotAllowed

from ..api.api import answer_to, is_api
from ..errors import ChangedMeanwhile, ConnectionBusy, HostError, InvalidInput, NotFound
from .parts import error_answer, the_host
from .shell.access import is_elsewhere
from .shell.commands import in_words
from .shell.pages import page

_log = logging.getLogger("halo_host.web")
_SENTENCES = {
    400: "The request cannot be read.",
    404: "There is nothing at this address.",
    405: "This address does not take that method.",
    408: "The request did not arrive whole.",
    413: "The request is too large.",
}
_TITLES = {
    400: "That cannot be read",
    403: "That is not for you",
    404: "Not found",
    405: "That does not work here",
    409: "Somebody else is at it",
    413: "That is too large",
    422: "That cannot be done",
    500: "Something went wrong",
    503: "That does not work now",
}
_STATUSES: dict[type[HostError], int] = {
    NotFound: 404,
    InvalidInput: 422,
    ConnectionBusy: 409,
    ChangedMeanwhile: 409,
}


def prepare(app: Flask) -> None:
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(HostError, _failed)
    app.register_error_handler(Exception, _crashed)


def _refused(error: HTTPException) -> Response:
    if is_api(request.path):
        return answer_to(error)
    status = error.code or 500
    message = _SENTENCES.get(status, f"{error.name}.")
    if isinstance(error, Forbidden) and error.description:
        message = error.description
    answer = _answer(status, message)
    if isinstance(error, MethodNotAllowed):
        methods = sorted(set(error.valid_methods or ()))
        answer.headers["Allow"] = ", ".join(methods)
        parts = request.path.split("/")
        if len(parts) == 3 and parts[1] == "webhooks":
            the_host().webhooks.refuse(parts[2], status, "Its method is not POST.")
    return answer


def _failed(error: HostError) -> Response:
    if is_api(request.path):
        return answer_to(error)
    status = 503 if is_elsewhere() else _STATUSES.get(type(error), 503)
    level = logging.ERROR if status == 503 else logging.INFO
    _log.log(level, "%s %s failed: %s", request.method, request.path, error.message)
    return _answer(status, error.message, "" if is_elsewhere() else error.advice or "")


def _crashed(error: Exception) -> Response:
    if is_api(request.path):
        return answer_to(error)
    _log.error("%s %s failed.", request.method, request.path, exc_info=error)
    return _answer(500, "Something unexpected happened; the log tells more.")


def _answer(status: int, message: str, advice: str = "") -> Response:
    """A page for those who ask for pages; htmx shows the message of the JSON beside its page."""
    if is_elsewhere():
        return error_answer(status, message)
    if "text/html" not in request.headers.get("Accept", ""):
        return error_answer(status, in_words(f"{message} {advice}".rstrip()))
    try:
        return _page(status, message, advice)
    except Exception as error:  # as when the database is away, which knows who is signed in
        _log.warning("The page of an error could not be made: %s", error)
        g.signed_in = None
    try:
        return _page(status, message, advice)
    except Exception as error:
        _log.error("The page of an error could not be made.", exc_info=error)
    return error_answer(status, message)


def _page(status: int, message: str, advice: str) -> Response:
    return page(
        "shell/error.html",
        title=_TITLES.get(status, HTTPStatus(status).phrase),
        area="",
        status=status,
        code=status,
        message=message,
        advice=advice,
        request_id=g.get("request_id", ""),
    )
