"""Each failure is told in words that an operator can act on, and gives nothing away."""

from __future__ import annotations

import pytest
import requests
from halo_gocardless.errors import GoCardlessError

from halo_host import ProviderError

URL = "https://api-sandbox.gocardless.com/customers"


@pytest.fixture
def failure_of(client, requests_mock):
    def failure_of(**answer):
        requests_mock.get(URL, **answer)
        with pytest.raises(GoCardlessError) as failure:
            client.page("customers")
        return failure.value

    return failure_of


def test_a_failure_is_one_that_the_host_shows(failure_of):
    assert isinstance(failure_of(status_code=404, json={}), ProviderError)


def test_official_unauthorized(failure_of, official):
    error = failure_of(status_code=401, json=official("unauthorized_error"))

    assert str(error) == (
        "GoCardless did not accept the access token (HTTP 401, request HARDCODED_REQUEST_ID).\n"
        "It is mistyped, revoked, or was made in the other environment. Make a new one at "
        "https://manage-sandbox.gocardless.com/developers/access-tokens/create and store it in "
        "the connection."
    )
    assert error.reasons == ("unauthorized",)


def test_official_validation_failure_names_the_fields(failure_of, official):
    error = failure_of(status_code=422, json=official("validation_failed_error"))

    assert error.message == (
        "GoCardless refused to list customers (HTTP 422, request "
        "dd50eaaf-8213-48fe-90d6-5466872efbc4). It says: Validation failed; "
        "branch_code must be a number; country_code is invalid"
    )


def test_official_invalid_state(failure_of, official):
    error = failure_of(status_code=422, json=official("invalid_state_error"))
    assert "Mandate is already active or being submitted" in error.message


def test_official_server_failure(failure_of, official):
    error = failure_of(status_code=500, json=official("gocardless_error"))
    assert "GoCardless failed (HTTP 500, request 41a59cf8-ca4c-474c-9931-7f01fb547bc7)" in str(
        error
    )
    assert "Try again later" in str(error)


def test_official_rate_limit(failure_of, official):
    error = failure_of(status_code=429, json=official("rate_limit_exceeded"))
    assert "rate limit" in error.message


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (403, "may not list customers"),
        (404, "has no such record"),
        (410, "no longer keeps this record"),
        (302, "redirect, which is not followed"),
        (400, "refused to list customers"),
    ],
)
def test_refusals_are_told_apart(failure_of, status, words):
    assert words in failure_of(status_code=status, json={"error": {}}).message


def test_a_gateways_page_is_not_repeated(failure_of):
    error = failure_of(status_code=502, text="<html><script>alert(1)</script></html>")
    assert "HTTP 502" in error.message
    assert "error page instead of an answer" in error.message
    assert "<" not in str(error)


def test_an_error_that_is_a_string_is_shown(failure_of):
    assert "It says: Not today" in failure_of(status_code=400, json={"error": "Not today"}).message


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "text",
        {"error": None},
        {"error": []},
        {"error": {"errors": "x"}},
        {"error": {"errors": [None, 7, {"reason": {}}, {"field": 7}]}},
        {"error": {"message": {"a": 1}, "request_id": ["x"]}},
    ],
)
@pytest.mark.parametrize("status", [400, 401, 422, 500])
def test_an_error_of_any_shape_is_still_told(failure_of, status, body):
    assert f"HTTP {status}" in failure_of(status_code=status, json=body).message


def test_the_request_id_of_the_headers_will_do(failure_of):
    headers = {"X-Request-Id": "0AA4000DECCD_AC121CEB1F90_5BE18701_19AD0009"}
    error = failure_of(status_code=404, json={}, headers=headers)
    assert "request 0AA4000DECCD_AC121CEB1F90_5BE18701_19AD0009" in error.message


def test_a_request_id_that_is_something_else_is_left_out(failure_of):
    body = {"error": {"request_id": "x y\n<b>"}}
    assert failure_of(status_code=404, json=body).message.endswith("(HTTP 404).")


@pytest.mark.parametrize(
    "secret",
    [
        "live_abcDEF-123",
        "Bearer 0123abcd",
        "55779911",
        "20-00-00 55779911",
        "DE89370400440532013000",
        "FR14 2004 1010 0505 0001 3M02 606",
    ],
)
def test_tokens_and_bank_details_in_an_answer_are_not_repeated(failure_of, secret):
    details = [{"field": "iban", "message": f"{secret} is not valid"}]
    body = {"error": {"message": f"Bad: {secret}", "errors": details}}
    shown = str(failure_of(status_code=422, json=body))

    assert secret not in shown
    assert "iban … is not valid" in shown


def test_a_long_or_odd_message_is_shortened_to_one_line(failure_of):
    error = failure_of(status_code=400, json={"error": "a\x00\n\u202e" + "b" * 100_000})
    assert len(str(error)) < 400
    assert error.message.isprintable()


def test_nothing_that_is_shown_holds_the_token(client, requests_mock, token, caplog):
    caplog.set_level("DEBUG")
    requests_mock.get(URL, exc=requests.exceptions.ConnectionError)
    with pytest.raises(GoCardlessError) as failure:
        client.page("customers")

    shown = f"{failure.value!r} {failure.value} {client!r} {vars(client)!r} {caplog.text}"
    assert token not in shown
