"""The twin's own endpoints for its webhooks: add an address, send what is due, send a test."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request

from ..loopback import require_loopback
from ..responses import json_response

if TYPE_CHECKING:
    from ..twin import Twin

_FLUSH_SECONDS = 30
_TEST = ("resource_type", "action")


def webhook_pages(twin: Twin) -> Blueprint:
    """``/twin/webhook_endpoints`` and ``/twin/webhooks``; no token, loopback only."""
    pages = Blueprint("webhooks", __name__, url_prefix="/twin")
    pages.before_request(require_loopback)

    @pages.get("/webhook_endpoints")
    def endpoints() -> Response:
        return json_response(_endpoints(twin))

    @pages.post("/webhook_endpoints")
    def add_endpoint() -> Response:
        try:
            values = _values("url", "secret")
            twin.add_webhook_endpoint(values.get("url", ""), values.get("secret", ""))
        except ValueError as error:
            return _refusal(error)
        return json_response(_endpoints(twin), 201)

    @pages.get("/webhooks")
    def state() -> Response:
        return json_response(twin.store.webhooks.to_json())

    @pages.post("/webhooks/flush")
    def flush() -> Response:
        try:
            timeout = _values("timeout").get("timeout", _FLUSH_SECONDS)
            if isinstance(timeout, bool) or not isinstance(timeout, int | float) or timeout < 0:
                raise ValueError("timeout must be a number of seconds, 0 or more")
            attempted = twin.flush_webhooks(timeout)
        except ValueError as error:
            return _refusal(error)
        except TimeoutError as error:
            return json_response({"error": str(error)}, 504)
        return json_response({"attempted": attempted, **twin.store.webhooks.to_json()})

    @pages.post("/webhooks/test")
    def test() -> Response:
        try:
            return json_response({"webhooks": twin.send_test_webhook(**_values(*_TEST))}, 202)
        except ValueError as error:
            return _refusal(error)

    return pages


def _values(*names: str) -> dict[str, Any]:
    """The JSON object of the request, which may be left out; ValueError when it is wrong.

    Only JSON is taken, which also keeps out the forms of other web pages.
    """
    data = request.get_data()
    if not data:
        return {}
    if request.mimetype != "application/json":
        raise ValueError("the Content-Type must be application/json")
    try:
        values = json.loads(data)
    except (ValueError, RecursionError):
        raise ValueError("the body is not valid JSON") from None
    if not isinstance(values, dict):
        raise ValueError("the body must be a JSON object")
    unknown = sorted(set(values) - set(names))
    if unknown:
        raise ValueError(f"there is no {unknown[0]!r} here, only {', '.join(names)}")
    return values


def _endpoints(twin: Twin) -> dict[str, Any]:
    """Where webhooks go; a secret is never given out again."""
    return {"webhook_endpoints": [{"url": it.url} for it in twin.store.webhooks.endpoints]}


def _refusal(error: ValueError) -> Response:
    return json_response({"error": str(error)}, 422)
