"""The webhooks that the API lists: one record for each, with its last answer."""

from __future__ import annotations

from typing import Any

from ..lanes import Body
from .exchange import Answer

MOST_BODY = 10_000
"""Characters of an answer's body that are kept."""
MOST_HEADERS = 50
MOST_HEADER = 1000
"""Characters of one header that are kept."""


def new_record(url: str, *, is_test: bool) -> Body:
    """The fields of a webhook that has not been sent yet; its text needs its id."""
    return {
        "is_test": is_test,
        "request_body": "",
        "request_headers": {},
        "response_body": None,
        "response_body_truncated": False,
        "response_code": None,
        "response_headers": None,
        "response_headers_content_truncated": False,
        "response_headers_count_truncated": False,
        "successful": False,
        "url": url,
    }


def attempt_fields(request_headers: dict[str, str], answer: Answer) -> dict[str, Any]:
    """What an attempt changes in its webhook's record."""
    given = answer.headers or {}
    kept = dict(list(given.items())[:MOST_HEADERS])
    cut = {name: value[:MOST_HEADER] for name, value in kept.items()}
    body = answer.body
    return {
        "request_headers": request_headers,
        "response_body": None if body is None else body[:MOST_BODY],
        "response_body_truncated": body is not None and len(body) > MOST_BODY,
        "response_code": answer.code,
        "response_headers": None if answer.headers is None else cut,
        "response_headers_content_truncated": cut != kept,
        "response_headers_count_truncated": len(given) > MOST_HEADERS,
        "successful": answer.successful,
    }
