"""What may pass by itself is tried again, for a bounded time; what cannot is not."""

from __future__ import annotations

import pytest
import requests
from halo_gocardless.errors import GoCardlessError
from halo_gocardless.retries import FOR_A_PERSON_WAITING, FOR_IMPORT, backoff

URL = "https://api-sandbox.gocardless.com/customers"
GOOD = {"json": {"customers": [], "meta": {"cursors": {"after": None}}}}
NOON = "Thu, 03 May 2018 12:00:00 GMT"
TWENTY_SECONDS_LATER = "Thu, 03 May 2018 12:00:20 GMT"


@pytest.mark.parametrize(
    "failure",
    [
        {"status_code": 500, "json": {"error": {"message": "Uh-oh!", "type": "gocardless"}}},
        {"status_code": 502, "text": "<html><h1>Bad gateway</h1></html>"},
        {"status_code": 504, "text": ""},
        {"status_code": 503, "json": {"error": "unavailable"}},
        {"status_code": 200, "text": '{"customers": [{"id": "CU'},
        {"status_code": 200, "text": "<html>Sign in to the guest network</html>"},
        {"status_code": 429, "json": {"error": "slow down"}},
        {"exc": requests.exceptions.ReadTimeout},
        {"exc": requests.exceptions.ConnectTimeout},
        {"exc": requests.exceptions.ConnectionError},
        {"exc": requests.exceptions.SSLError},
    ],
)
def test_a_passing_failure_is_tried_again(client, requests_mock, passing_time, failure):
    requests_mock.get(URL, [failure, failure, GOOD])

    assert list(client.records("customers")) == []
    assert passing_time.naps == [0.5, 1.0]


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 406, 409, 410, 415, 422, 451])
def test_a_refusal_is_not_tried_again(client, requests_mock, passing_time, status):
    requests_mock.get(URL, status_code=status, json={"error": {"message": "no"}})

    with pytest.raises(GoCardlessError) as failure:
        list(client.records("customers"))
    assert failure.value.status == status
    assert requests_mock.call_count == 1
    assert passing_time.naps == []


def test_trying_ends_after_so_many_tries(client, requests_mock, passing_time):
    requests_mock.get(URL, status_code=500, json={"error": {"message": "Uh-oh!"}})

    with pytest.raises(GoCardlessError, match="Tried 8 times"):
        list(client.records("customers"))
    assert requests_mock.call_count == FOR_IMPORT.tries
    assert sum(passing_time.naps) < FOR_IMPORT.seconds


def test_a_person_does_not_wait_long(make_client, requests_mock, passing_time):
    requests_mock.get(URL, status_code=500, json={})

    with make_client(patience=FOR_A_PERSON_WAITING) as client, pytest.raises(GoCardlessError):
        list(client.records("customers"))
    assert requests_mock.call_count == FOR_A_PERSON_WAITING.tries
    assert sum(passing_time.naps) < FOR_A_PERSON_WAITING.seconds


def test_backoff_doubles_and_is_spread(client):
    assert [backoff(attempt, 1.0) for attempt in (1, 2, 3, 4)] == [0.5, 1.0, 2.0, 4.0]
    assert backoff(3, 0.0) == 1.0
    assert backoff(30, 1.0) == 75.0


def test_a_full_rate_limit_is_waited_out_by_the_servers_own_clock(
    client, requests_mock, passing_time
):
    headers = {"ratelimit-reset": TWENTY_SECONDS_LATER, "Date": NOON}
    requests_mock.get(URL, [{"status_code": 429, "json": {}, "headers": headers}, GOOD])

    list(client.records("customers"))
    assert passing_time.naps == [21.0]  # a second more, as both dates are whole seconds


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"ratelimit-reset": TWENTY_SECONDS_LATER},
        {"ratelimit-reset": "1525348800", "Date": NOON},
        {"ratelimit-reset": "soon", "Date": NOON},
        {"ratelimit-reset": NOON, "Date": TWENTY_SECONDS_LATER},
        {"ratelimit-reset": NOON.replace("GMT", "-0000"), "Date": NOON},
    ],
)
def test_without_a_usable_reset_it_backs_off(client, requests_mock, passing_time, headers):
    requests_mock.get(URL, [{"status_code": 429, "json": {}, "headers": headers}, GOOD])

    list(client.records("customers"))
    assert passing_time.naps == [0.5]


def test_a_reset_in_the_far_future_is_not_believed(client, requests_mock, passing_time):
    headers = {"ratelimit-reset": "Fri, 03 May 2030 12:00:00 GMT", "Date": NOON}
    requests_mock.get(URL, [{"status_code": 429, "json": {}, "headers": headers}, GOOD])

    list(client.records("customers"))
    assert passing_time.naps == [75.0]


def test_a_storm_of_429_ends_with_a_clear_error(client, requests_mock, passing_time):
    headers = {"ratelimit-reset": "Thu, 03 May 2018 12:01:00 GMT", "Date": NOON}
    requests_mock.get(URL, status_code=429, json={"error": "slow down"}, headers=headers)

    with pytest.raises(GoCardlessError, match="rate limit was exceeded") as failure:
        list(client.records("customers"))
    assert "1,000 requests a minute" in str(failure.value)
    assert failure.value.status == 429
    assert sum(passing_time.naps) <= FOR_IMPORT.seconds
