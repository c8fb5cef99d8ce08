"""JSON in and out: key order is kept, text is UTF-8, a body must be a JSON object."""

from __future__ import annotations

import json
from typing import Any

from flask import Response, request

from .errors import usage_error


def json_response(
    content: Any, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """A compact JSON answer."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return Response(text, status, headers=headers, content_type="application/json")


def request_parameters(envelope: str, *, optional: bool = False) -> dict[str, Any]:
    """What stands under ``envelope`` in the request's body; ``optional`` allows none at all."""
    data = request.get_data()
    if optional and not data:
        return {}
    if request.mimetype != "application/json":
        message = "The Content-Type must be application/json"
        raise usage_error(415, "unsupported_media_type", message)
    document = _parsed(data)
    if optional and document in (None, {}):
        return {}
    if not isinstance(document, dict):
        message = "Root element must be an object."
        raise usage_error(400, "invalid_document_structure", message)
    values = document.get(envelope)
    if not isinstance(values, dict):
        message = f"The parameters must be an object under {envelope!r}."
        raise usage_error(400, "invalid_document_structure", message)
    return values


def _parsed(data: bytes) -> Any:
    try:
        document = json.loads(data)
        json.dumps(document, ensure_ascii=False).encode()  # refuses lone surrogates
    except (ValueError, RecursionError):
        raise usage_error(400, "bad_request", "The body is not valid JSON") from None
    return document
