"""The knobs that shuffle, repeat, delay, lose and spoil deliveries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from gocardless_pro import webhooks
from gocardless_pro.errors import InvalidSignatureError
from halo_gocardless.twin import Knobs, Twin, TwinConfig

from .test_webhook_deliveries import SECRET, write_events
from .test_webhook_retries import Table
from .webhook_receiver import Received, Receiver

EVENTS = 60


@pytest.fixture
def run(receive: Callable[[], Receiver]) -> Callable[..., tuple[list[str], list[Received], Twin]]:
    """Writes the same events under some knobs; gives their ids, what came in, and the twin."""

    def run(seed: int = 7, **knobs: Any) -> tuple[list[str], list[Received], Twin]:
        receiver = receive()
        knobs = {"webhook_at_once": False, "webhook_batch_size": 5, **knobs}
        twin = Twin(TwinConfig(customers=3, seed=seed, knobs=Knobs(**knobs)))
        twin.add_webhook_endpoint(receiver.url, SECRET)
        written = write_events(twin, EVENTS)
        twin.flush_webhooks(20)
        return written, receiver.received, twin

    return run


Run = Callable[..., tuple[list[str], list[Received], Twin]]


def events_of(deliveries: list[Received]) -> list[str]:
    return [identity for received in deliveries for identity in received.event_ids]


def _verifies(received: Received) -> bool:
    try:
        webhooks.parse(received.body, SECRET, received.headers["Webhook-Signature"])
    except InvalidSignatureError:
        return False
    return True


def test_without_chaos_everything_comes_once_and_in_order(run: Run) -> None:
    written, deliveries, _ = run()
    assert events_of(deliveries) == written
    assert all(map(_verifies, deliveries))


def test_shuffle_mixes_within_and_across_deliveries(run: Run) -> None:
    written, deliveries, _ = run(webhook_shuffle=True)
    assert Counter(events_of(deliveries)) == Counter(written)
    place = {identity: number for number, identity in enumerate(written)}
    inside = [[place[identity] for identity in received.event_ids] for received in deliveries]
    assert any(places != sorted(places) for places in inside)
    assert any(max(places) - min(places) >= 2 * len(places) for places in inside)
    assert [max(places) for places in inside] != sorted(max(places) for places in inside)


@pytest.mark.parametrize("percent", [30, 100])
def test_repeated_events_come_in_another_delivery(run: Run, percent: int) -> None:
    written, deliveries, _ = run(webhook_duplicate_events=percent)
    counted = Counter(events_of(deliveries))
    assert set(counted) == set(written)
    repeated = sum(times == 2 for times in counted.values())
    assert sum(counted.values()) == EVENTS + repeated
    assert repeated == EVENTS if percent == 100 else 0 < repeated < EVENTS
    assert all(len(received.event_ids) == len(set(received.event_ids)) for received in deliveries)
    assert len({received.webhook_id for received in deliveries}) == len(deliveries)


@pytest.mark.parametrize("percent", [40, 100])
def test_repeated_deliveries_are_the_same_webhook(run: Run, percent: int) -> None:
    written, deliveries, twin = run(webhook_duplicate_deliveries=percent)
    bodies = Counter(received.body for received in deliveries)
    twice = sum(times == 2 for times in bodies.values())
    assert len(bodies) == EVENTS // 5
    assert len(deliveries) == len(bodies) + twice
    assert twice == len(bodies) if percent == 100 else 0 < twice < len(bodies)
    assert set(events_of(deliveries)) == set(written)
    assert twin.store.webhooks.to_json()["made"] == len(bodies)


@pytest.mark.parametrize("percent", [40, 100])
def test_dropped_deliveries_never_come_and_are_not_listed(run: Run, percent: int) -> None:
    written, deliveries, twin = run(webhook_drop=percent)
    lost = set(written) - set(events_of(deliveries))
    counts = twin.store.webhooks.to_json()
    assert counts["dropped"] * 5 == len(lost)
    assert counts["queued"] == 0
    assert len(twin.store.collections["webhooks"].lanes[0]) == len(deliveries)
    assert len(lost) == EVENTS if percent == 100 else 0 < len(lost) < EVENTS


@pytest.mark.parametrize("percent", [50, 100])
def test_wrong_signatures_do_not_verify(run: Run, percent: int) -> None:
    _, deliveries, _ = run(webhook_wrong_signature=percent)
    good = sum(map(_verifies, deliveries))
    assert good == 0 if percent == 100 else 0 < good < len(deliveries)


def test_held_back_deliveries_come_when_their_time_has_come(receiver: Receiver) -> None:
    table = Table(receiver, Knobs(webhook_at_once=False, webhook_delay_seconds=90))
    table.outbox.add_event({"id": "EV1"})
    assert table.flush() == 0
    table.seconds = 89
    assert table.flush() == 0
    table.seconds = 90
    assert table.flush() == 1
    assert receiver.event_ids == ["EV1"]


def test_with_shuffle_each_delivery_is_held_back_for_a_time_of_its_own(receiver: Receiver) -> None:
    knobs = Knobs(
        webhook_at_once=False,
        webhook_batch_size=1,
        webhook_delay_seconds=3600,
        webhook_shuffle=True,
    )
    table = Table(receiver, knobs)
    written = [f"EV{number}" for number in range(30)]
    for identity in written:
        table.outbox.add_event({"id": identity})
    table.flush()
    for _ in range(6):
        table.seconds += 600
        table.flush()
        assert len(receiver.received) < 30 or table.seconds > 1800
    assert sorted(receiver.event_ids) == sorted(written)
    assert receiver.event_ids != written


def test_the_same_seed_brings_the_same_chaos(run: Run) -> None:
    chaos = {
        "webhook_shuffle": True,
        "webhook_duplicate_events": 20,
        "webhook_duplicate_deliveries": 20,
        "webhook_drop": 20,
        "webhook_wrong_signature": 20,
    }

    def fate(seed: int) -> list[tuple[str, list[str], bool]]:
        _, deliveries, _ = run(seed, **chaos)
        return [(it.webhook_id, it.event_ids, _verifies(it)) for it in deliveries]

    first, again, other = fate(11), fate(11), fate(12)
    assert first == again
    assert [len(events) for _, events, _ in first] != [len(events) for _, events, _ in other]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("webhook_batch_size", 251, "between 1 and 250"),
        ("webhook_batch_size", 0, "between 1 and 250"),
        ("webhook_timeout_seconds", 0, "1 or more"),
        ("webhook_delay_seconds", -1, "0 or more"),
        ("webhook_duplicate_events", 101, "between 0 and 100"),
        ("webhook_duplicate_deliveries", -1, "between 0 and 100"),
        ("webhook_drop", "all", "between 0 and 100"),
        ("webhook_wrong_signature", True, "between 0 and 100"),
        ("webhook_shuffle", 1, "true or false"),
        ("webhook_at_once", "no", "true or false"),
        ("webhook_retry_scale", -0.1, "from 0 to a million"),
        ("webhook_retry_scale", "fast", "from 0 to a million"),
        ("webhook_retry_scale", float("nan"), "from 0 to a million"),
    ],
)
def test_a_knob_that_cannot_be_turned_so_is_named(name: str, value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must be .*{message}"):
        Knobs().changed({name: value})
