"""The Flask app: the API's routes over the store."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from .control import control_pages
from .dashboard import dashboard_pages
from .errors import ApiError, idempotency_conflict, internal_error, not_found, usage_error
from .faults import FaultInjector
from .filters import parse_query
from .gate import install_gate
from .lanes import Body
from .listing import list_page
from .payout_items import payout_item_page
from .resources import OPERATIONS
from .responses import json_response, request_parameters
from .simulators import run_simulator
from .twin import Twin
from .vocabulary import EVENT_RESOURCES
from .webhooks.pages import webhook_pages

MAX_BODY = 1_000_000
_MAX_IDEMPOTENCY_KEY = 128
_RESOURCE = f"<any({', '.join(OPERATIONS)}):resource>"

log = logging.getLogger(__name__)


def create_app(twin: Twin) -> Flask:
    """A WSGI app that answers as the GoCardless API does, from the root of its address.

    The faults of the wire need the twin's own server (`TwinServer`).
    """
    app = Flask(__name__)
    app.config.update(MAX_CONTENT_LENGTH=MAX_BODY, PROVIDE_AUTOMATIC_OPTIONS=False)
    install_gate(app, twin)
    _install_errors(app)
    _install_routes(app, twin)
    app.register_blueprint(control_pages(twin))
    app.register_blueprint(webhook_pages(twin))
    app.register_blueprint(dashboard_pages(twin))
    app.wsgi_app = FaultInjector(app.wsgi_app, twin)  # type: ignore[method-assign]
    return app


def _install_errors(app: Flask) -> None:
    """Every error leaves as the JSON envelope."""

    @app.errorhandler(ApiError)
    def api_error(error: ApiError) -> Response:
        return json_response(error.to_json(g.request_id), error.status, error.headers)

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        if error.code == 404:
            return api_error(not_found())
        reasons = {405: "method_not_allowed", 413: "payload_too_large"}
        reason = reasons.get(error.code or 400, "bad_request")
        answer = api_error(usage_error(error.code or 400, reason, error.name))
        if isinstance(error, MethodNotAllowed) and error.valid_methods:
            answer.headers["Allow"] = ", ".join(sorted(error.valid_methods))
        return answer

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        log.error("the twin failed at %s %s", request.method, request.path, exc_info=error)
        return api_error(internal_error())


def _install_routes(app: Flask, twin: Twin) -> None:
    @app.get(f"/{_RESOURCE}")
    def index(resource: str) -> Response:
        return json_response(_list(twin, resource))

    @app.get("/payout_items")
    def payout_items() -> Response:
        return json_response(payout_item_page(twin.store, request.args.to_dict(flat=False)))

    @app.get(f"/{_RESOURCE}/<identity>")
    def show(resource: str, identity: str) -> Response:
        return json_response({resource: twin.store.collections[resource].get(identity)})

    @app.post(f"/{_RESOURCE}")
    def create(resource: str) -> Response:
        operations = OPERATIONS[resource]
        if operations.create is None:
            raise MethodNotAllowed(["GET"])
        values = request_parameters(resource)
        store = twin.store
        with store.lock:
            key = _idempotency_key(resource)
            if key in store.idempotency_keys:
                raise idempotency_conflict(store.idempotency_keys[key])
            body = operations.create(store, values)
            if key[1]:
                store.idempotency_keys[key] = body["id"]
        return json_response({resource: body}, 201, {"Location": f"/{resource}/{body['id']}"})

    @app.put(f"/{_RESOURCE}/<identity>")
    def update(resource: str, identity: str) -> Response:
        operations = OPERATIONS[resource]
        if operations.update is None:
            raise MethodNotAllowed(["GET"])
        values = request_parameters(resource)
        with twin.store.lock:
            return json_response({resource: operations.update(twin.store, identity, values)})

    @app.delete(f"/{_RESOURCE}/<identity>")
    def remove(resource: str, identity: str) -> Response:
        operations = OPERATIONS[resource]
        if operations.remove is None:
            raise MethodNotAllowed(["GET", "PUT"] if operations.update else ["GET"])
        with twin.store.lock:
            operations.remove(twin.store, identity)
        return Response(status=204)

    @app.post("/scenario_simulators/<identity>/actions/run")
    def simulate(identity: str) -> Response:
        values = request_parameters("data")
        with twin.store.lock:
            body = run_simulator(twin.store, identity, values)
        return json_response({"scenario_simulators": body})

    @app.post(f"/{_RESOURCE}/<identity>/actions/<action>")
    def act(resource: str, identity: str, action: str) -> Response:
        operations = OPERATIONS[resource]
        if action not in operations.actions:
            raise not_found()
        values = request_parameters("data", optional=True)
        with twin.store.lock:
            body = operations.actions[action](twin.store, identity, values)
        return json_response({resource: body})


def _idempotency_key(resource: str) -> tuple[str, str]:
    key = request.headers.get("Idempotency-Key", "")
    if len(key) > _MAX_IDEMPOTENCY_KEY:
        message = f"The Idempotency-Key is longer than {_MAX_IDEMPOTENCY_KEY} characters"
        raise usage_error(400, "idempotency_key_too_long", message)
    return resource, key


def _list(twin: Twin, resource: str) -> dict[str, Any]:
    """A page, with what it links to where ``include`` asks for that."""
    store = twin.store
    collection = store.collections[resource]
    query = parse_query(store, collection, request.args.to_dict(flat=False))
    page = list_page(collection, query)
    answer: dict[str, Any] = {resource: page.bodies}
    include = request.args.get("include")
    if include is not None:
        answer["linked"] = {EVENT_RESOURCES[include]: _linked(twin, page.bodies, include)}
    cursors = {"before": page.before, "after": page.after}
    answer["meta"] = {"cursors": cursors, "limit": query.limit}
    return answer


def _linked(twin: Twin, events: Iterable[Body], include: str) -> list[Body]:
    """The resources that the events link to, each once, as they are now."""
    collection = twin.store.collections.get(EVENT_RESOURCES[include])
    if collection is None:
        return []
    identities = dict.fromkeys(event["links"].get(include) for event in events)
    bodies = (collection.find(identity) for identity in identities if identity)
    return [body for body in bodies if body is not None]
