"""Headers, tokens and errors: what every request has to get past."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests
from halo_gocardless.twin import Knobs, TokenKind, TwinServer
from halo_gocardless.twin.rate_limit import RateLimiter

from .conftest import Api


def _reason(answer: requests.Response) -> tuple[int, str]:
    error = answer.json()["error"]
    assert error["code"] == answer.status_code
    assert error["request_id"] == answer.headers["X-Request-Id"]
    assert error["documentation_url"].startswith("https://developer.gocardless.com/")
    return answer.status_code, error["errors"][0]["reason"]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"GoCardless-Version": None}, (400, "missing_version_header")),
        ({"GoCardless-Version": "2099-01-01"}, (400, "version_not_found")),
        ({"Authorization": None}, (401, "missing_authorization_header")),
        ({"Authorization": "Basic eHg6eHg="}, (401, "invalid_authorization_header")),
        ({"Authorization": "Bearer sandbox_unknown"}, (401, "access_token_not_found")),
        ({"Accept": "text/html"}, (406, "not_acceptable")),
    ],
)
def test_a_request_with_wrong_headers_is_refused(
    api: Api, headers: dict[str, Any], expected: tuple[int, str]
) -> None:
    assert _reason(api.get("/customers", headers=headers)) == expected


def test_a_revoked_token_is_refused(server: TwinServer, make_api: Callable[..., Api]) -> None:
    api = make_api(server, TokenKind.REVOKED)
    assert _reason(api.get("/customers")) == (401, "access_token_revoked")


def test_a_token_can_be_revoked_while_the_twin_runs(server: TwinServer, api: Api) -> None:
    assert api.get("/customers").status_code == 200
    server.twin.tokens[server.access_token] = TokenKind.REVOKED
    assert _reason(api.get("/customers")) == (401, "access_token_revoked")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_read_only_token_does_not_write(
    server: TwinServer, make_api: Callable[..., Api], method: str
) -> None:
    api = make_api(server, TokenKind.READ_ONLY)
    answer = api.request(method, "/customers", json={"customers": {}})
    assert _reason(answer) == (403, "insufficient_permissions")


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"data": "company_name=Acme"}, (415, "unsupported_media_type")),
        ({"data": b"{", "headers": {"Content-Type": "application/json"}}, (400, "bad_request")),
        (
            {"data": b'{"customers":{"email":"\\ud800"}}'}
            | {"headers": {"Content-Type": "application/json"}},
            (400, "bad_request"),
        ),
        ({"json": [1]}, (400, "invalid_document_structure")),
        ({"json": {"company_name": "Acme"}}, (400, "invalid_document_structure")),
        (
            {"json": {"customers": {"company_name": "Acme"}}}
            | {"headers": {"Idempotency-Key": "k" * 129}},
            (400, "idempotency_key_too_long"),
        ),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(
    api: Api, sent: dict[str, Any], expected: tuple[int, str]
) -> None:
    answer = api.post("/customers", **sent)
    assert _reason(answer) == expected


def test_a_body_over_a_megabyte_is_refused(server: TwinServer, api: Api) -> None:
    answer = api.post("/customers", json={"customers": {"company_name": "x" * 5_000_000}})
    assert answer.status_code == 413
    assert api.get("/customers").status_code == 200


@pytest.mark.parametrize("path", ["/nothing", "/customers/", "/customers/CU123", "/blocks"])
def test_what_is_not_there_is_a_json_404(api: Api, path: str) -> None:
    assert _reason(api.get(path)) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path"),
    [("PATCH", "/customers/CU1"), ("POST", "/events"), ("DELETE", "/payments/PM1")],
)
def test_a_method_that_the_api_does_not_have_is_a_json_405(
    api: Api, method: str, path: str
) -> None:
    answer = api.request(method, path, json={})
    assert _reason(answer) == (405, "method_not_allowed")
    assert "GET" in answer.headers["Allow"]


def test_every_answer_tells_the_rate_limit_and_a_request_id(api: Api) -> None:
    answers = [api.get("/customers"), api.get("/nothing"), api.get("/customers?limit=0")]
    remaining = [int(answer.headers["ratelimit-remaining"]) for answer in answers]

    assert remaining == [999, 998, 997]
    assert len({answer.headers["X-Request-Id"] for answer in answers}) == 3
    for answer in answers:
        assert answer.headers["ratelimit-limit"] == "1000"
        date = parsedate_to_datetime(answer.headers["Date"])
        reset = parsedate_to_datetime(answer.headers["ratelimit-reset"])
        assert 0 <= (reset - date).total_seconds() <= 61


def test_requests_over_the_limit_are_refused_for_that_token(
    make_server: Callable[..., TwinServer], make_api: Callable[..., Api]
) -> None:
    server = make_server(knobs=Knobs(rate_limit=2, rate_window_seconds=3600))
    api = make_api(server)
    statuses = [api.get("/customers").status_code for _ in range(3)]
    refused = api.get("/customers")

    assert statuses == [200, 200, 429]
    assert _reason(refused) == (429, "rate_limit_exceeded")
    assert refused.headers["ratelimit-remaining"] == "0"
    assert make_api(server, TokenKind.READ_ONLY).get("/customers").status_code == 200


def test_the_limit_begins_anew_at_the_reset() -> None:
    time = [1000.25]
    limiter = RateLimiter(lambda: time[0])
    knobs = Knobs(rate_limit=1, rate_window_seconds=60)

    first, second = limiter.take("token", knobs), limiter.take("token", knobs)
    time[0] = float(second.reset)
    third = limiter.take("token", knobs)

    assert (first.exceeded, second.exceeded, third.exceeded) == (False, True, False)
    assert (second.reset, second.remaining) == (1061, 0)
