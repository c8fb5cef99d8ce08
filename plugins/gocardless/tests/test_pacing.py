"""Requests slow down before the limit that all users of a token share is used up."""

from __future__ import annotations

import pytest

URL = "https://api-sandbox.gocardless.com/customers"
NOON = "Thu, 03 May 2018 12:00:00 GMT"
THIRTY_NINE_LATER = "Thu, 03 May 2018 12:00:39 GMT"  # 40 seconds with the one that is added


def page(after, remaining, **headers):
    said = {"ratelimit-limit": "1000", "ratelimit-remaining": remaining}
    said |= {"ratelimit-reset": THIRTY_NINE_LATER, "Date": NOON} | headers
    return {"json": {"customers": [], "meta": {"cursors": {"after": after}}}, "headers": said}


@pytest.mark.parametrize(
    ("remaining", "naps"),
    [("999", []), ("101", []), ("100", [0.4]), ("10", [4.0]), ("1", [40.0]), ("0", [40.0])],
)
def test_the_rest_of_the_minute_is_shared_among_the_requests_left(
    client, requests_mock, passing_time, remaining, naps
):
    requests_mock.get(URL, [page("x", remaining), page(None, "999")])

    list(client.records("customers"))
    assert passing_time.naps == naps


def test_once_the_minute_is_over_nothing_is_waited_for(client, requests_mock, passing_time):
    requests_mock.get(URL, [page("x", "0"), page(None, "999")])
    records = client.records("customers")
    first = client.page("customers")
    passing_time.now += 41
    list(records)

    assert first.after == "x"
    assert passing_time.naps == []


@pytest.mark.parametrize(
    "header", ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "Date"]
)
def test_headers_that_make_no_sense_are_not_paced_by(client, requests_mock, passing_time, header):
    requests_mock.get(URL, [page("x", "0", **{header: "?"}), page(None, "999")])

    list(client.records("customers"))
    assert passing_time.naps == []
