"""A year of a business with chaos on, and the host beside it: its integrator looks now and then,
webhooks are shuffled, repeated, delayed, lost and forged, events come late, requests fail."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from halo_gocardless.twin import Fault, FaultKind
from sqlalchemy import func, select

from halo_host import StreamKind
from halo_host.database.mirror_tables import proofs
from halo_host.jobs.job import JobState
from halo_host.webhooks.inbox import Selection

from .desk import AGENT, MONEY_ALERTS, NOW, SLUG, Desk

pytestmark = pytest.mark.once
PAYMENTS = StreamKind.PAYMENTS
ITEMS_ARE_KEPT = timedelta(days=183)
CHAOS: dict[str, Any] = {
    "event_delay_seconds": 600,
    "event_delay_spread_seconds": 3 * 3600,
    "webhook_shuffle": True,
    "webhook_delay_seconds": 3 * 3600,
    "webhook_duplicate_events": 20,
    "webhook_duplicate_deliveries": 20,
    "webhook_drop": 15,
    "webhook_wrong_signature": 5,
    "faults": (
        *(
            Fault(kind, count=None, probability=1, seconds=0)
            for kind in (
                FaultKind.RATE_LIMITED,
                FaultKind.SERVER_ERROR,
                FaultKind.HTML_ERROR,
                FaultKind.RESET,
                FaultKind.TRUNCATED,
                FaultKind.MALFORMED_PAGE,
            )
        ),
        # One run is refused altogether, as when somebody has revoked the token by mistake.
        Fault(FaultKind.REVOKED, after=900, count=3),
    ),
}


_OF_CONNECTION = Selection(connection=SLUG)


def live(desk: Desk, days: int, hours: Sequence[int]) -> None:
    """Let time pass, by a number of hours drawn from `hours` between two looks of the integrator.

    With few of them, runs are often late by days, and a payment may pass through several states.
    """
    draw = random.Random(days)
    desk.host.schedules.set(SLUG, agent=AGENT, users_on=False, verify_minutes=14 * 24 * 60)
    desk.fill()
    desk.turn(**CHAOS)
    end = NOW + timedelta(days=days)
    while desk.twin.now() < end:
        desk.advance(hours=draw.choice(hours))
        desk.twin.flush_webhooks()
        desk.work()


def come_to_rest(desk: Desk) -> None:
    """All events can be seen, and nothing fails any more."""
    desk.turn()
    desk.advance(days=1)
    desk.twin.flush_webhooks()
    desk.work()
    desk.fill()


def losses(desk: Desk) -> tuple[set[str], set[str]]:
    """The alerts that the twin's own events call for since the first fill: those of payments that
    had been paid out, and those of payments that were confirmed, for so short a time that a host
    which looks seldom may never have seen it."""
    paid_out, confirmed = set(), set()
    before: dict[str, str] = {}
    for event in reversed(desk.held_by_twin(StreamKind.EVENTS).values()):
        if event["resource_type"] != "payments":
            continue
        payment, action = event["links"]["payment"], event["action"]
        if datetime.fromisoformat(event["created_at"]) > NOW:
            if action == "charged_back":
                paid_out.add(f"chargeback:{payment}")
            elif action == "failed" and before.get(payment) in ("paid_out", "chargeback_cancelled"):
                paid_out.add(f"late_failure:{payment}")
            elif action == "failed" and before.get(payment) == "confirmed":
                confirmed.add(f"late_failure:{payment}")
        before[payment] = action
    return paid_out, confirmed


def assert_alerts_are_those_of_real_losses(desk: Desk) -> None:
    certain, possible = losses(desk)
    raised = dict(desk.money_alerts())
    assert certain
    assert certain <= raised.keys() <= certain | possible
    payments, mandates = desk.held_by_twin(PAYMENTS), desk.held_by_twin(StreamKind.MANDATES)
    for key, payer in raised.items():
        payment = payments[key.partition(":")[2]]
        assert mandates[payment["links"]["mandate"]]["links"]["customer"] == payer


def assert_payouts_add_up(desk: Desk) -> None:
    lines, payouts = desk.payout_lines(), desk.rows(StreamKind.PAYOUTS)
    kept = {key for key, it in payouts.items() if it.created_at >= NOW - ITEMS_ARE_KEPT}
    assert set(lines) == kept
    assert any(payouts[key].created_at > NOW for key in kept)
    for key in kept:
        assert sum(tenths for _, tenths, _ in lines[key]) == payouts[key].amount * 10, key
    for payment in desk.rows(PAYMENTS).values():
        if payment.payout_id in kept:
            paid = [it for it in lines[payment.payout_id] if it[2] == payment.external_id]
            assert "payment_paid_out" in {kind for kind, _, _ in paid}


def assert_runs_are_recorded(desk: Desk) -> None:
    """Runs failed, each said why, and what was alerted for that is over."""
    runs = desk.host.jobs.list(SLUG, limit=10_000)
    failed = [run for run in runs if run.state is JobState.FAILED]
    assert failed
    assert all(run.error and run.advice for run in failed)
    assert not {run.state for run in runs} & {JobState.RUNNING, JobState.CANCELLED}
    assert {run.why for run in runs} >= {"schedule", "webhook"}
    desk.advance(minutes=1)
    desk.work()
    assert {it.kind for it in desk.host.alerts.list(limit=1000)} <= set(MONEY_ALERTS)


def assert_deliveries_came(desk: Desk) -> None:
    counted = {outcome: count for _, outcome, count in desk.host.webhooks.inbox.totals()}
    assert counted["accepted"] > 10
    assert counted["duplicate"] > 0
    assert counted["rejected"] > 0
    assert {it.state for it in desk.host.webhooks.find(_OF_CONNECTION, limit=1000)} == {"processed"}


def assert_all_is_well(desk: Desk) -> None:
    desk.assert_right()
    assert_alerts_are_those_of_real_losses(desk)
    assert_payouts_add_up(desk)
    assert_runs_are_recorded(desk)
    assert_deliveries_came(desk)
    with desk.host.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(proofs)) > 10


def test_after_a_year_of_chaos_the_mirror_is_right(make_desk: Callable[..., Desk]) -> None:
    desk = make_desk(webhooks=True, customers=60, living=True)
    live(desk, days=365, hours=(6, 12, 48, 96, 200, 240))
    come_to_rest(desk)
    assert_all_is_well(desk)


@pytest.mark.soak
def test_after_a_year_in_which_the_host_looks_every_six_hours_the_mirror_is_right(
    make_desk: Callable[..., Desk],
) -> None:
    desk = make_desk(webhooks=True, customers=400, living=True, seed=11)
    live(desk, days=365, hours=(6,))
    come_to_rest(desk)
    assert_all_is_well(desk)
