"""What becomes of a delivery after it was answered: its records are read again, once or twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from support.acme import AGENT, CONNECTION, Desk
from support.bank import Bank, BankPlugin, provider_down
from support.clock import Clock
from support.serving import an_event, delivery

from halo_host import Batch, StreamKind, hookimpl
from halo_host.audit import entries
from halo_host.database.mirror_tables import payments, timeline
from halo_host.errors import InvalidInput, NotFound, ProviderError
from halo_host.host import Host
from halo_host.plugins import Plugins
from halo_host.settings import Settings
from halo_host.webhooks.inbox import Delivery, Selection

from .conftest import Deliver

KEY = {"bank-key": "open sesame"}


class TalkingPlugin(BankPlugin):
    """As the bank's, but for deliveries that say how they are to be read."""

    @hookimpl
    def halo_webhook_events(self, body: bytes) -> Batch | None:
        said = json.loads(body)
        if said.get("quiet"):
            return None
        if "crash" in said:
            raise RuntimeError(said["crash"])
        if "odd" in said:
            return said["odd"]  # type: ignore[no-any-return]
        return super().halo_webhook_events(body)


class Business:
    """The bank with one payment, mirrored, and the deliveries it sends."""

    def __init__(self, host: Host, bank: Bank) -> None:
        self.host = host
        self.bank = bank
        bank.payer("CU1")
        bank.mandate("MD1", "CU1")
        bank.payment("PM1", "MD1")
        self.run("sync", host.sync.run)

    def run(self, kind: str, carrier: Any) -> str:
        with self.host.jobs.holding(kind, "bank", agent=AGENT) as held:
            held.result = str(carrier(held.lease))
        return held.result

    def process(self) -> str:
        return self.run("webhooks", self.host.webhooks.process)

    def send(self, *events: Any, **said: Any) -> None:
        body = json.dumps({"events": events, **said}).encode()
        assert self.host.webhooks.receive("bank", KEY, lambda limit: body).status == 204

    def newest_events(self, count: int) -> list[Any]:
        return self.bank.listed(StreamKind.EVENTS)[:count]

    def status(self, payment: str = "PM1") -> str | None:
        with self.host.database.read() as connection:
            return connection.scalar(select(payments.c.status).filter_by(external_id=payment))

    def events_kept(self) -> int:
        with self.host.database.read() as connection:
            return connection.scalar(select(func.count()).select_from(timeline)) or 0

    def deliveries(self) -> list[Delivery]:
        return self.host.webhooks.find(Selection(), limit=1000)

    def one(self) -> Delivery:
        (only,) = self.deliveries()
        return only


@pytest.fixture
def business(database_url: str, tmp_path: Path, clock: Clock) -> Iterator[Business]:
    bank = Bank(clock)
    plugins = Plugins(strict=True)
    plugins.add("bank", TalkingPlugin(bank))
    settings = Settings(data=tmp_path / "data", database_url=database_url, strict=True)
    with Host(settings, clock=clock, plugins=plugins) as host:
        host.connections.enable("bank", {}, slug="bank", agent=AGENT)
        yield Business(host, bank)


def test_what_an_event_names_is_read_again_and_never_believed(business: Business) -> None:
    business.bank.payment("PM1", "MD1", "submitted")
    (event,) = business.newest_events(1)
    business.bank.put(StreamKind.PAYMENTS, "PM1", status="confirmed")  # newer than the event

    business.send(event)
    said = business.process()

    assert said == "Processed 1 delivery with 1 event."
    assert business.status() == "confirmed"
    done = business.one()
    assert (done.state, done.events, done.reason) == ("processed", 1, "")
    assert done.processed_at == business.host.clock()


def test_an_event_that_comes_in_two_deliveries_is_kept_once(business: Business) -> None:
    business.bank.payment("PM1", "MD1", "submitted")
    events = business.newest_events(1)
    before = business.events_kept()
    business.send(*events, number=1)
    business.send(*events, number=2)

    business.process()
    business.send(*events, number=3)
    business.process()

    assert business.events_kept() == before + 1
    assert [it.state for it in business.deliveries()] == ["processed"] * 3


def test_a_crash_before_the_end_is_noted_does_it_again_and_nothing_twice(
    business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    business.bank.payment("PM1", "MD1", "submitted")
    business.send(*business.newest_events(1))

    def crash(results: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(business.host.webhooks.inbox, "note", crash)
        with pytest.raises(KeyboardInterrupt):
            business.process()
    assert business.one().state == "new"
    kept = business.events_kept()

    business.process()

    assert business.one().state == "processed"
    assert business.events_kept() == kept
    assert business.status() == "submitted"


def test_a_provider_that_is_down_leaves_deliveries_for_the_next_run(business: Business) -> None:
    business.bank.payment("PM1", "MD1", "submitted")
    business.send(*business.newest_events(1))
    business.bank.before_page = lambda method, kind: provider_down()

    with pytest.raises(ProviderError):
        business.process()
    assert business.one().state == "new"
    assert business.host.webhooks.connections_with_work() == ["bank"]

    business.bank.before_page = lambda method, kind: None
    business.process()
    assert business.status() == "submitted"
    assert business.host.webhooks.connections_with_work() == []


def test_one_bad_delivery_or_event_does_not_stop_the_others(business: Business) -> None:
    business.bank.payment("PM1", "MD1", "submitted")
    (good,) = business.newest_events(1)
    bad = {**good, "id": "EVBAD", "broken": True}
    business.send(crash="no idea")
    business.send(odd="nonsense")
    business.send(bad, good)
    business.send(bad, number=2)

    said = business.process()

    assert said == "Processed 1 delivery with 2 events. 3 more deliveries could not be processed."
    by_reason = {it.reason: it.state for it in business.deliveries()}
    assert (
        by_reason.pop("1 of its 2 events could not be read: The bank wrote nonsense.")
        == "processed"
    )
    assert by_reason.pop("Its only event could not be read: The bank wrote nonsense.") == "failed"
    assert by_reason.pop("Its plugin gave no batch of events.") == "failed"
    (crashed,) = by_reason
    assert "no idea" in crashed
    assert business.status() == "submitted"


def test_tests_and_events_about_nothing_known_are_harmless(business: Business) -> None:
    business.send(test=True)
    unknown = business.bank.event(StreamKind.PAYMENTS, "index_ID_123", "confirmed")
    business.send(unknown)

    business.process()

    assert {it.state for it in business.deliveries()} == {"processed"}
    assert business.status("index_ID_123") is None


def test_a_plugin_that_reads_no_events_has_everything_synced(business: Business) -> None:
    business.bank.payment("PM2", "MD1")
    business.send(quiet=True)

    business.process()

    assert business.status("PM2") == "pending"
    assert business.one().state == "processed"


def test_many_deliveries_are_taken_in_few_reads(business: Business) -> None:
    for number in range(250):
        business.bank.payment("PM1", "MD1", "submitted" if number % 2 else "pending")
        business.send(*business.newest_events(1))
    business.bank.requests.clear()

    business.process()

    assert {it.state for it in business.deliveries()} == {"processed"}
    assert business.bank.requests.count(("read", "payments")) <= 3
    assert business.host.webhooks.inbox.waiting() == {}


def test_a_replay_reads_again_what_the_delivery_names(business: Business) -> None:
    business.bank.payment("PM1", "MD1", "submitted")
    business.send(*business.newest_events(1))
    business.process()
    kept = business.events_kept()
    business.bank.put(StreamKind.PAYMENTS, "PM1", status="failed")  # and no event tells

    assert business.host.webhooks.replay([business.one().id], agent="Olive") == 1

    assert business.one().state == "new"
    queued = business.host.jobs.list("bank", states=("queued",))
    assert [(it.kind, it.why, it.agent) for it in queued] == [("webhooks", "hand", "Olive")]
    business.process()
    assert business.status() == "failed"
    assert business.events_kept() == kept
    assert (business.one().state, business.one().replays) == ("processed", 1)
    (audited,) = entries(business.host.database, entity="connection", entity_id="bank", limit=1)
    assert (audited.agent, audited.action) == ("Olive", "webhooks.replayed")


def test_deliveries_are_replayed_by_date(business: Business, clock: Clock) -> None:
    times = []
    for number in range(4):
        times.append(clock.advance(days=1))
        business.send(number=number)
    business.process()

    count = business.host.webhooks.replay_all(
        Selection(connection="bank", since=times[1], until=times[3]), agent=AGENT
    )

    assert count == 2
    renewed = [it.received_at for it in business.deliveries() if it.state == "new"]
    assert renewed == [times[2], times[1]]
    with pytest.raises(NotFound):
        business.host.webhooks.replay([999], agent=AGENT)
    with pytest.raises(InvalidInput):
        business.host.webhooks.replay_all(Selection(), agent=AGENT)


def test_old_deliveries_are_pruned_but_not_unprocessed_ones(
    business: Business, clock: Clock
) -> None:
    business.send(number=1)
    business.process()
    business.send(number=2)
    clock.advance(days=180)
    business.send(number=3)
    assert business.host.webhooks.prune() == 0
    clock.advance(seconds=1)

    assert business.host.webhooks.prune() == 1
    assert [it.state for it in business.deliveries()] == ["new", "new"]


def test_an_integration_that_mirrors_nothing_says_so(
    listening_desk: Desk, deliver: Deliver
) -> None:
    deliver(delivery(1, an_event(1)))
    host = listening_desk.host

    with host.jobs.holding("webhooks", CONNECTION, agent=AGENT) as held:
        host.webhooks.process(held.lease)

    (kept,) = host.webhooks.find(Selection())
    assert kept.state == "failed"
    assert "mirrors nothing" in kept.reason
