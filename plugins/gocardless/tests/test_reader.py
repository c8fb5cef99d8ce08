"""The reader against a simulated API: which requests it makes, and what it makes of odd answers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from halo_gocardless.errors import GoCardlessError
from halo_gocardless.reader import WORTH_A_PAGE, Reader

from halo_host import ExternalUser, StreamKind, UnreadableRecord, Usage

API = "https://api-sandbox.gocardless.com"
NOW = datetime(2026, 3, 18, 9, 30, 1, 234_567, tzinfo=UTC)
SENT_NOW = "2026-03-18t09:30:01.234z"  # requests-mock lowers the query
PAYMENT = {"id": "PM1", "amount": 1999, "currency": "GBP", "status": "submitted"}


def page(resource, records, after=None, **more):
    return {resource: records, "meta": {"cursors": {"before": None, "after": after}}} | more


def refusal(status, reason="not_found"):
    error = {"message": reason, "code": status, "errors": [{"reason": reason, "message": reason}]}
    return {"status_code": status, "json": {"error": error}}


@pytest.fixture
def reader(client):
    return Reader(client)


@pytest.fixture
def asked(requests_mock):
    """What was asked so far, as (path, query)."""
    return lambda: [
        (request.path, {key: value for key, (value,) in request.qs.items()})
        for request in requests_mock.request_history
    ]


def walk(read):
    """Every page of a way through lists."""
    pages = [read(cursor=None)]
    while pages[-1].next_cursor is not None:
        pages.append(read(cursor=pages[-1].next_cursor))
    return pages


def test_a_list_is_pinned_and_read_five_hundred_a_page(reader, requests_mock, asked):
    first = page("payments", [PAYMENT | {"created_at": "2026-03-17T08:00:00.000Z"}], "x")
    requests_mock.get(f"{API}/payments", [{"json": first}, {"json": page("payments", [7])}])

    one, two = walk(lambda cursor: reader.list_page(StreamKind.PAYMENTS, cursor=cursor, until=NOW))
    assert [record.id for record in one.batch.records] == ["PM1"]
    assert one.batch.raw == first["payments"]
    assert isinstance(two.batch.records[0], UnreadableRecord)
    assert asked() == [
        ("/payments", {"limit": "500", "created_at[lte]": SENT_NOW}),
        ("/payments", {"limit": "500", "created_at[lte]": SENT_NOW, "after": "x"}),
    ]


def test_customers_are_the_hosts_external_users(reader, requests_mock, asked):
    requests_mock.get(f"{API}/customers", json=page("customers", [{"id": "CU1", "email": "a@b"}]))
    found = reader.list_page(StreamKind.CUSTOMERS, cursor=None, until=None)
    assert found.batch.records == [ExternalUser(id="CU1", email="a@b")]
    assert asked() == [("/customers", {"limit": "500"})]


def test_refunds_of_both_types_follow_one_another(reader, requests_mock, asked):
    refunds = [{"id": f"RF{number}", "amount": 1, "currency": "GBP"} for number in range(3)]
    requests_mock.get(
        f"{API}/refunds",
        [
            {"json": page("refunds", refunds[:1], "x")},
            {"json": page("refunds", refunds[1:2])},
            {"json": page("refunds", refunds[2:])},
        ],
    )
    pages = walk(lambda cursor: reader.list_page(StreamKind.REFUNDS, cursor=cursor, until=NOW))
    assert [record.id for each in pages for record in each.batch.records] == ["RF0", "RF1", "RF2"]
    assert [query["refund_type"] for _, query in asked()] == ["payment", "payment", "mandate"]
    assert [query.get("after") for _, query in asked()] == [None, "x", None]


@pytest.mark.parametrize("status", [404, 410])
def test_items_that_gocardless_no_longer_keeps_are_none(reader, requests_mock, status):
    requests_mock.get(f"{API}/payout_items", **refusal(status))
    found = reader.list_page(StreamKind.PAYOUT_ITEMS, cursor=None, until=NOW, of="PO1")
    assert found.batch.kind is StreamKind.PAYOUT_ITEMS
    assert (found.batch.records, found.next_cursor) == ([], None)


def test_items_know_their_payout(reader, requests_mock, asked):
    items = [{"type": "payment_paid_out", "amount": "45.0", "links": {"payment": "PM1"}}]
    requests_mock.get(f"{API}/payout_items", json=page("payout_items", items))
    found = reader.list_page(StreamKind.PAYOUT_ITEMS, cursor=None, until=NOW, of="PO1")
    assert found.batch.records[0].payout_id == "PO1"
    assert asked() == [("/payout_items", {"limit": "500", "payout": "po1"})]


def test_changes_bring_the_records_as_they_are_now(reader, requests_mock, asked):
    events = [
        {
            "id": f"EV{number}",
            "created_at": "2026-03-18T09:00:00.000Z",
            "resource_type": "payments",
            "action": "failed",
            "links": {"payment": "PM1"},
        }
        for number in range(2)
    ]
    body = page("events", events, linked={"payments": [PAYMENT], "mandates": None})
    requests_mock.get(f"{API}/events", json=body)

    found = reader.changes_page(StreamKind.PAYMENTS, cursor=None, since=NOW)
    assert [event.id for event in found.batch.records] == ["EV0", "EV1"]
    (current,) = found.current
    assert (current.kind, current.raw) == (StreamKind.PAYMENTS, [PAYMENT])
    assert current.records[0].status == "submitted"
    assert asked() == [
        (
            "/events",
            {
                "limit": "500",
                "resource_type": "payments",
                "include": "payment",
                "created_at[gte]": SENT_NOW,
            },
        )
    ]


def test_pages_tell_gocardless_own_time(reader, requests_mock):
    body = {"json": page("events", []), "headers": {"Date": "Wed, 18 Mar 2026 09:31:00 GMT"}}
    requests_mock.get(f"{API}/events", **body)
    answered = datetime(2026, 3, 18, 9, 31, tzinfo=UTC)
    assert reader.changes_page(StreamKind.PAYMENTS, cursor=None, since=NOW).at == answered
    assert reader.list_page(StreamKind.EVENTS, cursor=None, until=NOW).at == answered

    requests_mock.get(f"{API}/mandates", json=page("mandates", []), headers={"Date": "today"})
    assert reader.recheck_page(StreamKind.MANDATES, cursor=None, now=NOW).at == answered


@pytest.mark.parametrize("linked", [None, [], {"payments": {}}, {"payments": []}])
def test_changes_may_come_without_the_records(reader, requests_mock, linked):
    requests_mock.get(f"{API}/events", json=page("events", [], linked=linked))
    assert reader.changes_page(StreamKind.PAYMENTS, cursor=None, since=NOW).current == ()


def test_a_payout_that_bounced_is_looked_for_among_the_accounts_events(
    reader, requests_mock, asked
):
    requests_mock.get(f"{API}/events", json=page("events", []))
    walk(lambda cursor: reader.changes_page(StreamKind.PAYOUTS, cursor=cursor, since=NOW))
    payouts, creditors = (query for _, query in asked())
    assert (payouts["resource_type"], payouts["include"]) == ("payouts", "payout")
    assert (creditors["resource_type"], creditors["action"]) == ("creditors", "bounced_payout")
    assert "include" not in creditors


def test_payments_that_may_still_change_are_asked_for_by_status(reader, requests_mock, asked):
    requests_mock.get(f"{API}/payments", json=page("payments", []))
    walk(lambda cursor: reader.recheck_page(StreamKind.PAYMENTS, cursor=cursor, now=NOW))
    assert [(query["status"], query.get("charge_date[gte]")) for _, query in asked()] == [
        ("pending_customer_approval", None),
        ("pending_submission", None),
        ("submitted", None),
        ("confirmed", None),
        ("paid_out", "2026-03-04"),
        ("charged_back", "2026-01-15"),
        ("failed", "2026-02-16"),
    ]


def test_other_records_that_may_still_change(reader, requests_mock, asked):
    for kind in (StreamKind.MANDATES, StreamKind.PAYOUTS, StreamKind.REFUNDS):
        requests_mock.get(f"{API}/{kind}", json=page(kind.value, []))
        walk(lambda cursor, kind=kind: reader.recheck_page(kind, cursor=cursor, now=NOW))
    mandates, pending, recent, payment_refunds, mandate_refunds = (query for _, query in asked())
    assert "active" in mandates["status"].split(",")
    assert "cancelled" not in mandates["status"]
    assert pending == {"limit": "500", "status": "pending"}
    assert recent["created_at[gte]"] == "2026-03-04t09:30:01.234z"
    assert payment_refunds["refund_type"] == "payment"
    assert mandate_refunds["created_at[gte]"] == "2026-01-17t09:30:01.234z"


def test_single_records_are_read_by_id_and_the_absent_are_named(reader, requests_mock):
    requests_mock.get(f"{API}/payments/PM1", json={"payments": PAYMENT})
    requests_mock.get(f"{API}/payments/index_ID_123", **refusal(404))
    requests_mock.get(f"{API}/payments/PM9", **refusal(410))

    found = reader.read(StreamKind.PAYMENTS, ["PM1", "index_ID_123", "PM9", "PM1"])
    assert [record.id for record in found.batch.records] == ["PM1"]
    assert found.missing == ("index_ID_123", "PM9")
    assert requests_mock.call_count == 3


@pytest.mark.parametrize("identity", ["", "../customers/CU1", "PM1?x=1", "PM 1", "PM\n", "é"])
def test_an_id_that_cannot_be_one_is_asked_of_nobody(reader, requests_mock, identity):
    found = reader.read(StreamKind.PAYMENTS, [identity])
    assert found.missing == (identity,)
    assert requests_mock.call_count == 0


def test_many_records_that_changed_lately_come_with_their_events(reader, requests_mock, asked):
    payments = [PAYMENT | {"id": f"PM{number}"} for number in range(1200)]
    pages = [
        page("events", [], after, linked={"payments": payments[start : start + 500]})
        for start, after in ((0, "x"), (500, "y"), (1000, "z"))
    ]
    requests_mock.get(f"{API}/events", [{"json": body} for body in pages])
    requests_mock.get(f"{API}/payments/PM-old", json={"payments": PAYMENT | {"id": "PM-old"}})

    wanted = [f"PM{number}" for number in range(1100)]
    found = reader.read(StreamKind.PAYMENTS, [*wanted, "PM-old"])
    assert [record.id for record in found.batch.records] == [*wanted, "PM-old"]
    assert found.missing == ()
    assert [path for path, _ in asked()] == ["/events"] * 3 + ["/payments/pm-old"]


def test_records_that_did_not_change_lately_cost_one_look_more(reader, requests_mock, asked):
    strangers = {"payments": [PAYMENT | {"id": "PM-other"}, 7, {"id": None}]}
    requests_mock.get(f"{API}/events", json=page("events", [], "x", linked=strangers))
    ids = [f"PM{number}" for number in range(WORTH_A_PAGE)]
    for identity in ids:
        body = {"payments": PAYMENT | {"id": identity}}
        requests_mock.get(f"{API}/payments/{identity}", json=body)

    assert len(reader.read(StreamKind.PAYMENTS, ids).batch.records) == WORTH_A_PAGE
    assert len(asked()) == WORTH_A_PAGE + 1


@pytest.mark.parametrize("body", [[], {}, {"payments": None}, {"mandates": PAYMENT}])
def test_an_answer_without_the_record_is_malformed(reader, requests_mock, body):
    requests_mock.get(f"{API}/payments/PM1", json=body)
    with pytest.raises(GoCardlessError, match="one of the payments is malformed"):
        reader.read(StreamKind.PAYMENTS, ["PM1"])


def test_a_list_that_goes_round_in_circles_ends_in_an_error(reader, requests_mock):
    bodies = [page("payments", [], after) for after in ("x", "y", "x")]
    requests_mock.get(f"{API}/payments", [{"json": body} for body in bodies])
    with pytest.raises(GoCardlessError, match="a page leads back to an earlier one"):
        walk(lambda cursor: reader.list_page(StreamKind.PAYMENTS, cursor=cursor, until=NOW))
    assert requests_mock.call_count == 3


def test_a_page_may_be_asked_for_again(reader, requests_mock):
    bodies = [page("payments", [], after) for after in ("x", "y", "y", None)]
    requests_mock.get(f"{API}/payments", [{"json": body} for body in bodies])
    first = reader.list_page(StreamKind.PAYMENTS, cursor=None, until=NOW)
    for _ in range(2):
        again = reader.list_page(StreamKind.PAYMENTS, cursor=first.next_cursor, until=NOW)
    last = reader.list_page(StreamKind.PAYMENTS, cursor=again.next_cursor, until=NOW)
    assert last.next_cursor is None


@pytest.mark.parametrize("status", [400, 422])
def test_a_place_that_gocardless_forgot_is_found_again_by_its_time(
    reader, requests_mock, asked, status
):
    last = PAYMENT | {"created_at": "2026-03-17T08:00:00.000Z"}
    requests_mock.get(
        f"{API}/payments",
        [
            {"json": page("payments", [last], "x")},
            refusal(status, "invalid_cursor"),
            {"json": page("payments", [last, PAYMENT])},
        ],
    )
    pages = walk(lambda cursor: reader.list_page(StreamKind.PAYMENTS, cursor=cursor, until=NOW))
    assert [len(each.batch.records) for each in pages] == [1, 2]
    assert asked()[2] == (
        "/payments",
        {"limit": "500", "created_at[lte]": "2026-03-17t08:00:00.001z"},
    )


def test_a_refusal_that_is_not_about_the_place_is_raised(reader, requests_mock):
    requests_mock.get(
        f"{API}/payments", [{"json": page("payments", [], "x")}, refusal(422, "invalid")]
    )
    with pytest.raises(GoCardlessError, match="HTTP 422"):
        walk(lambda cursor: reader.list_page(StreamKind.PAYMENTS, cursor=cursor, until=NOW))


@pytest.mark.parametrize("cursor", ["", "x", "9||x", "-1||", "|x", "0|", "²||"])
def test_a_cursor_of_another_list_is_refused(reader, requests_mock, cursor):
    with pytest.raises(GoCardlessError, match="mark of the next page"):
        reader.list_page(StreamKind.PAYMENTS, cursor=cursor, until=NOW)


def test_usage_counts_tries_and_waits_for_the_rate_limit(reader, requests_mock, passing_time):
    limits = {"ratelimit-limit": "1000", "Date": "Wed, 18 Mar 2026 09:30:00 GMT"}
    spent = limits | {
        "ratelimit-remaining": "0",
        "ratelimit-reset": "Wed, 18 Mar 2026 09:30:20 GMT",
    }
    requests_mock.get(
        f"{API}/payments",
        [
            {"status_code": 500, "json": {}},
            refusal(429, "rate_limit_exceeded") | {"headers": spent},
            {"json": page("payments", [])},
        ],
    )
    assert reader.usage() == Usage()
    reader.list_page(StreamKind.PAYMENTS, cursor=None, until=NOW)
    usage = reader.usage()
    assert (usage.requests, usage.rate_limited) == (3, 1)
    assert usage.waited == pytest.approx(21, abs=0.1)
    assert sum(passing_time.naps) > usage.waited  # the first failure was waited out as well
