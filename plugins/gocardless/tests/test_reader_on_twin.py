"""The reader against a twin over HTTP: whole lists, few requests, and what adds up."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from halo_gocardless import plugin
from halo_gocardless.twin import Fault, FaultKind, Knobs, TwinConfig, TwinServer

from halo_host import Connection, ProviderError, Secret, StreamKind, UnreadableRecord

NOW = datetime(2026, 3, 18, 9, 30, tzinfo=UTC)
RECORDS = [kind for kind in StreamKind if kind is not StreamKind.PAYOUT_ITEMS]
WITH_CHANGES = [
    StreamKind.MANDATES,
    StreamKind.SUBSCRIPTIONS,
    StreamKind.PAYMENTS,
    StreamKind.REFUNDS,
    StreamKind.PAYOUTS,
]


@pytest.fixture(scope="module")
def twin():
    with TwinServer(TwinConfig(customers=1200, now=NOW)) as server:
        yield server


@pytest.fixture
def open_reader(twin, monkeypatch):
    monkeypatch.setenv("HALO_GOCARDLESS_ALLOW_API_URL", "loopback")
    monkeypatch.setattr("halo_gocardless.client.backoff", lambda attempt, jitter: 0.0)

    @contextmanager
    def opened(token=twin.access_token):
        settings = {
            "access_token": Secret(token),
            "environment": "sandbox",
            "api_url": twin.url,
        }
        with plugin.halo_open_reader(
            Connection(
                id=1, slug="gocardless", integration="gocardless", name="Twin", settings=settings
            )
        ) as reader:
            yield reader

    yield opened
    twin.reset()


@pytest.fixture
def reader(open_reader):
    with open_reader() as reader:
        yield reader


def walk(read):
    pages = [read(cursor=None)]
    while pages[-1].next_cursor is not None:
        pages.append(read(cursor=pages[-1].next_cursor))
    return pages


def everything(reader, kind, **of):
    pages = walk(lambda cursor: reader.list_page(kind, cursor=cursor, until=NOW, **of))
    return [record for page in pages for record in page.batch.records]


@pytest.mark.parametrize("kind", RECORDS)
def test_every_list_is_read_whole_and_in_order(reader, kind):
    pages = walk(lambda cursor: reader.list_page(kind, cursor=cursor, until=NOW))
    records = [record for page in pages for record in page.batch.records]
    assert records
    assert not any(isinstance(record, UnreadableRecord) for record in records)
    assert len({record.id for record in records}) == len(records)
    assert reader.usage().requests == len(pages)
    if kind not in (StreamKind.CUSTOMERS, StreamKind.REFUNDS):
        times = [record.created_at for record in records]
        assert times == sorted(times, reverse=True)


def test_until_closes_the_list(reader):
    until = NOW - timedelta(days=90)
    pages = walk(lambda cursor: reader.list_page(StreamKind.PAYMENTS, cursor=cursor, until=until))
    times = [record.created_at for page in pages for record in page.batch.records]
    assert max(times) <= until
    assert len(times) < len(everything(reader, StreamKind.PAYMENTS))


def test_every_payment_has_a_mandate_and_the_mandate_a_payer(reader):
    mandates = {mandate.id: mandate for mandate in everything(reader, StreamKind.MANDATES)}
    customers = {customer.id for customer in everything(reader, StreamKind.CUSTOMERS)}
    for payment in everything(reader, StreamKind.PAYMENTS):
        assert mandates[payment.mandate_id].external_user_id in customers


def test_the_items_of_a_payout_add_up_to_it(reader):
    payouts = everything(reader, StreamKind.PAYOUTS)
    recent = [payout for payout in payouts if payout.created_at > NOW - timedelta(days=150)][:10]
    assert recent
    for payout in recent:
        items = everything(reader, StreamKind.PAYOUT_ITEMS, of=payout.id)
        assert sum(item.tenths for item in items) == payout.amount * 10
        assert {item.payout_id for item in items} == {payout.id}

    old = [payout for payout in payouts if payout.created_at < NOW - timedelta(days=220)]
    assert everything(reader, StreamKind.PAYOUT_ITEMS, of=old[0].id) == []


@pytest.mark.parametrize("kind", WITH_CHANGES)
def test_when_nothing_changed_one_or_two_requests_tell(reader, kind):
    since = NOW + timedelta(days=1)
    pages = walk(lambda cursor: reader.changes_page(kind, cursor=cursor, since=since))
    assert all(page.batch.records == [] and page.current == () for page in pages)
    assert reader.usage().requests <= 2


@pytest.mark.parametrize("kind", WITH_CHANGES)
def test_changes_bring_what_they_are_about(reader, kind):
    since = NOW - timedelta(days=60)
    pages = walk(lambda cursor: reader.changes_page(kind, cursor=cursor, since=since))
    events = [event for page in pages for event in page.batch.records]
    current = {
        record.id
        for page in pages
        for batch in page.current
        if batch.kind is kind
        for record in batch.records
    }
    assert events
    dirty = {identity for event in events for stream, identity in event.dirty if stream is kind}
    assert dirty == current


def test_a_thousand_changed_payments_cost_a_few_requests(reader):
    since = NOW - timedelta(days=30)
    changed, cursor = set(), None
    while len(changed) < 1000:
        page = reader.changes_page(StreamKind.PAYMENTS, cursor=cursor, since=since)
        changed |= {record.id for batch in page.current for record in batch.records}
        cursor = page.next_cursor
        assert cursor is not None or len(changed) >= 1000, f"only {len(changed)} changed"
    assert reader.usage().requests <= 10


def test_open_payments_and_those_that_may_fail_late_are_rechecked(reader):
    pages = walk(lambda cursor: reader.recheck_page(StreamKind.PAYMENTS, cursor=cursor, now=NOW))
    found = {record.id: record.status for page in pages for record in page.batch.records}
    expected = {
        payment.id: payment.status
        for payment in everything(reader, StreamKind.PAYMENTS)
        if payment.status in ("pending_submission", "submitted", "confirmed")
        or (
            payment.status == "paid_out"
            and payment.charge_date >= (NOW - timedelta(days=14)).date()
        )
    }
    assert expected.items() <= found.items()
    assert {"submitted", "paid_out"} <= set(found.values())
    assert not set(found.values()) & {"cancelled", "customer_approval_denied"}


@pytest.mark.parametrize("kind", [kind for kind in WITH_CHANGES if kind != StreamKind.PAYMENTS])
def test_other_kinds_are_rechecked(reader, kind):
    pages = walk(lambda cursor: reader.recheck_page(kind, cursor=cursor, now=NOW))
    assert Counter(record.status for page in pages for record in page.batch.records)


@pytest.mark.parametrize("kind", RECORDS)
def test_single_records_are_the_same_as_in_the_list(reader, kind):
    listed = reader.list_page(kind, cursor=None, until=NOW).batch.records[:3]
    found = reader.read(kind, [*(record.id for record in listed), "index_ID_123"])
    assert found.batch.records == listed
    assert found.missing == ("index_ID_123",)


def test_faults_on_the_way_are_waited_out_and_counted(twin, reader):
    kinds = [FaultKind.RESET, FaultKind.HTML_ERROR, FaultKind.TRUNCATED, FaultKind.SERVER_ERROR]
    twin.twin.set_knobs(Knobs(faults=tuple(Fault(kind, path="/payments") for kind in kinds)))
    page = reader.list_page(StreamKind.PAYMENTS, cursor=None, until=NOW)
    assert len(page.batch.records) == 500
    assert reader.usage().requests == len(kinds) + 1


def test_a_token_that_is_revoked_is_told(open_reader):
    with (
        open_reader("sandbox_revoked") as reader,
        pytest.raises(ProviderError, match="did not accept the access token"),
    ):
        reader.list_page(StreamKind.PAYMENTS, cursor=None, until=NOW)
