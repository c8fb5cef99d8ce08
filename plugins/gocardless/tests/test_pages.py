"""Lists are read page by page, and are whole only when GoCardless says so."""

from __future__ import annotations

import gc
import json

import pytest
from halo_gocardless.errors import GoCardlessError

URL = "https://api-sandbox.gocardless.com/customers"


def page(records, after, resource="customers"):
    cursors = {"before": None, "after": after}
    return {resource: records, "meta": {"cursors": cursors, "limit": 500}}


def test_every_page_is_read_with_five_hundred_a_page(client, requests_mock):
    requests_mock.get(URL, [{"json": page([1, 2], "x")}, {"json": page([3], None)}])

    assert list(client.records("customers")) == [1, 2, 3]
    first, second = requests_mock.request_history
    assert first.qs == {"limit": ["500"]}
    assert second.qs == {"limit": ["500"], "after": ["x"]}


def test_requests_carry_what_gocardless_asks_for(client, requests_mock, token):
    requests_mock.get(URL, json=page([], None))
    list(client.records("customers"))

    headers = requests_mock.last_request.headers
    assert headers["Authorization"] == f"Bearer {token}"
    assert headers["GoCardless-Version"] == "2015-07-06"
    assert headers["Accept"] == "application/json"
    assert headers["User-Agent"].startswith("halo-gocardless/")


def test_the_next_page_is_asked_for_only_when_it_is_wanted(client, requests_mock):
    requests_mock.get(URL, [{"json": page([1, 2], "x")}, {"json": page([3], None)}])
    records = client.records("customers")

    assert [next(records), next(records)] == [1, 2]
    assert requests_mock.call_count == 1


def test_one_page_is_held_at_a_time(client, requests_mock):
    class Watched(dict):
        pass

    def second(request, context):
        gc.collect()
        alive.append(sum(isinstance(thing, Watched) for thing in gc.get_objects()))
        return json.dumps(page([], None))

    alive = []
    requests_mock.get(URL, [{"json": page([{}, {}], "x")}, {"text": second}])
    original = client.page

    def watching(*args, **kwargs):
        found = original(*args, **kwargs)
        return found._replace(records=[Watched(record) for record in found.records])

    client.page = watching
    for _ in client.records("customers"):
        pass
    assert alive[0] <= 1  # the consumer's own last record


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"customers": {}},
        {"customers": []},
        {"customers": [], "meta": None},
        {"customers": [], "meta": {"limit": 500}},
        {"customers": [], "meta": {"cursors": []}},
        {"customers": [], "meta": {"cursors": {}}},
        page([], ""),
        page([], 7),
        page([], {"next": "x"}),
        page([], "\ud800"),
        {"payments": [], "meta": {"cursors": {"after": None}}},
    ],
)
def test_a_page_that_does_not_prove_where_it_stands_ends_the_list(client, requests_mock, body):
    requests_mock.get(URL, [{"json": page([1], "x")}, {"text": json.dumps(body)}])
    records = client.records("customers")

    assert next(records) == 1
    with pytest.raises(GoCardlessError, match="Page 2 of GoCardless's list of customers is malf"):
        next(records)


def test_cursors_that_go_round_in_circles_end_the_list(client, requests_mock):
    pages = [page([1], "x"), page([2], "y"), page([3], "x")]
    requests_mock.get(URL, [{"json": body} for body in pages])

    with pytest.raises(GoCardlessError, match="leads back to an earlier page"):
        list(client.records("customers"))
    assert requests_mock.call_count == 3


def test_a_lone_surrogate_or_a_bad_byte_in_a_name_does_not_stop_the_list(client, requests_mock):
    tail = b'"}], "meta": {"cursors": {"after": null}}}'
    for name in (b"\\ud800", b"\xff"):
        requests_mock.get(
            URL, content=b'{"customers": [{"id": "CU1", "given_name": "' + name + tail
        )
        assert [record["id"] for record in client.records("customers")] == ["CU1"]
