"""The API of an application: its views under /api/v1, its description, the readable page."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import cache
from typing import Any

import orjson
from flask import Blueprint, Flask, Response, render_template, request
from werkzeug.exceptions import HTTPException

from ..errors import HostError
from . import (
    agents,
    alerts,
    audit,
    connections,
    deliveries,
    directory,
    files,
    imports,
    integrations,
    links,
    mappings,
    payments,
    search,
    sync,
    tokens,
    user_tabs,
    users,
)
from .callers import Pace
from .openapi import document
from .problems import problem, status_of
from .routes import Routes
from .serving import served

PREFIX = "/api/v1"
DESCRIPTION = f"{PREFIX}/openapi.json"
SUBJECTS: Sequence[Routes] = tuple(
    room.routes
    for room in (
        integrations,
        connections,
        mappings,
        imports,
        sync,
        directory,
        users,
        links,
        user_tabs,
        payments,
        search,
        files,
        deliveries,
        alerts,
        audit,
        agents,
        tokens,
    )
)
_log = logging.getLogger("halo_host.api")


def prepare(app: Flask) -> None:
    """Add the API to an application that holds its host in `extensions["halo_host"]`."""
    app.extensions["halo_host_api_pace"] = Pace()
    blueprint = Blueprint("api", __name__, template_folder="templates")
    for subject in SUBJECTS:
        for route in subject.all:
            blueprint.add_url_rule(
                PREFIX + route.path, route.name, served(route), methods=[route.method]
            )
    blueprint.add_url_rule(DESCRIPTION, "description", _description, methods=["GET"])
    blueprint.add_url_rule("/api/docs", "docs", _docs, methods=["GET"])
    app.register_blueprint(blueprint)


def is_api(path: str) -> bool:
    return path == "/api" or path.startswith("/api/")


def answer_to(error: Exception) -> Response:
    """An error as the API answers it, also where no view of it was found.

    The application's own handlers call it for every address of the API.
    """
    if isinstance(error, HTTPException):
        return _refused(error)
    if isinstance(error, HostError):
        return problem(status_of(error), error.message, advice=error.advice)
    _log.error("%s %s failed.", request.method, request.path, exc_info=error)
    return problem(500, "Something unexpected happened; the log tells more.")


_SENTENCES = {
    400: "The request cannot be read.",
    404: "There is nothing at this address.",
    405: "This address does not take that method.",
    408: "The request did not arrive whole.",
    413: "The body is too large.",
}


def _refused(error: HTTPException) -> Response:
    status = error.code or 500
    answer = problem(status, _SENTENCES.get(status, f"{error.name}."))
    for name, value in error.get_headers(request.environ):
        if name == "Allow":
            answer.headers["Allow"] = value
    return answer


def _description() -> Response:
    """Public: it tells what the API can do, and nothing of what is in it."""
    answer = Response(_packed(), mimetype="application/json")
    answer.headers["Cache-Control"] = "no-cache"
    answer.add_etag()
    answer.make_conditional(request.environ)
    return answer


def _docs() -> str:
    return render_template("api/docs.html", title="API", api=description(), path=DESCRIPTION)


@cache
def description() -> dict[str, Any]:
    return document(SUBJECTS)


@cache
def _packed() -> bytes:
    return orjson.dumps(description())
