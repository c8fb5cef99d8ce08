"""Whatever goes wrong on the way to GoCardless, a run ends in a record that says what happened, and
the next one makes the mirror right."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from halo_gocardless.twin import Fault, FaultKind, TokenKind

from halo_host import StreamKind
from halo_host.jobs.job import Job, JobState

from ..twin.payers import active_mandate, payment_in
from .desk import AGENT, SLUG, Desk

PAYMENTS = StreamKind.PAYMENTS
HALF_WAY = 12  # requests: in the middle of the payments

WORDS = {
    FaultKind.RATE_LIMITED: "rate limit was exceeded",
    FaultKind.SERVER_ERROR: "GoCardless failed",
    FaultKind.STRING_ERROR: "GoCardless failed",
    FaultKind.HTML_ERROR: "an error page instead of an answer",
    FaultKind.MALFORMED_PAGE: "malformed",
    FaultKind.REVOKED: "did not accept the access token",
    FaultKind.RESET: "connection to .* broke",
    FaultKind.TRUNCATED: "connection to .* broke",
    FaultKind.SLOW_BODY: "did not answer in time",
}
PASSING = [it for it in WORDS if it not in (FaultKind.MALFORMED_PAGE, FaultKind.REVOKED)]


@pytest.fixture
def desk(make_desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr("halo_gocardless.bodies.LONGEST_BODY", 0.5)
    return make_desk(customers=150)


def assert_failed(job: Job, words: str, desk: Desk) -> None:
    """The record of a run that failed says what happened, how far it came, and what to do."""
    assert job.state is JobState.FAILED
    assert re.search(words, job.error), job.error
    assert job.advice
    assert job.result == ""
    assert job.finished_at is not None
    assert job.requests >= job.pages > 0
    assert job.new > 0
    for token in desk.twin.tokens:
        assert token not in job.error + job.advice


@pytest.mark.parametrize("kind", PASSING)
def test_what_passes_is_waited_out(desk: Desk, kind: FaultKind) -> None:
    desk.turn(faults=(Fault(kind, count=12, probability=50, after=3, seconds=1),))
    job = desk.fill()

    assert job.requests >= job.pages + 12
    if kind is FaultKind.RATE_LIMITED:
        assert job.rate_limited == 12
        assert job.waited_ms > 0
    desk.turn()
    desk.assert_right()


@pytest.mark.parametrize("kind", WORDS)
def test_a_fill_that_fails_half_way_says_why_and_goes_on_later(desk: Desk, kind: FaultKind) -> None:
    whole = Fault(kind, count=None, after=HALF_WAY, seconds=1)
    desk.turn(faults=(whole,))
    failed = desk.sync()
    assert_failed(failed, WORDS[kind], desk)
    assert desk.host.sync.freshness(SLUG).checked_at is None  # and so the tab says

    desk.turn()
    desk.advance(minutes=5)
    with desk.recording() as asked:
        gone_on = desk.fill()
    assert gone_on.result.startswith("Filled payments, ")
    for read_before in ("/customers", "/mandates", "/subscriptions", "/refunds"):
        assert read_before not in asked
    held = desk.held_by_twin(PAYMENTS)
    assert asked.count("/payments") <= len(held) // 500 + 1
    desk.assert_right()


@pytest.mark.parametrize("kind", WORDS)
def test_an_increment_that_fails_says_why_and_loses_nothing(desk: Desk, kind: FaultKind) -> None:
    desk.fill()
    payment = payment_in(desk.api, "charged_back")
    desk.advance(minutes=5)
    desk.turn(faults=(Fault(kind, count=None, path="/events", after=2, seconds=1),))
    failed = desk.sync()
    assert failed.state is JobState.FAILED
    assert failed.error
    checked = desk.host.sync.freshness(SLUG).checked_at

    desk.turn()
    desk.advance(minutes=5)
    desk.fill()
    assert desk.host.sync.freshness(SLUG).checked_at != checked
    assert desk.statuses(PAYMENTS)[payment["id"]] == "charged_back"
    assert [key for key, _ in desk.money_alerts()] == [f"chargeback:{payment['id']}"]
    desk.assert_right()


def test_a_token_revoked_half_way_through_a_fill_is_replaced_by_the_operator(desk: Desk) -> None:
    old, new = desk.server.access_token, "sandbox_another_token"
    left = iter(range(HALF_WAY))

    def revoke(path: str) -> None:
        if next(left, None) is None:
            desk.twin.tokens = {old: TokenKind.REVOKED, new: TokenKind.FULL}

    with desk.happening(revoke):
        assert_failed(desk.sync(), WORDS[FaultKind.REVOKED], desk)
    again = desk.sync()
    assert again.state is JobState.FAILED
    assert "access token" in again.error

    desk.host.connections.configure(SLUG, settings={"access_token": new}, agent=AGENT)
    desk.fill()
    desk.assert_right()


def test_a_comparison_that_fails_is_no_proof(desk: Desk) -> None:
    desk.fill()
    desk.turn(faults=(Fault(FaultKind.SERVER_ERROR, count=None, path="/payouts"),))
    with pytest.raises(Exception, match="GoCardless failed"):
        desk.verify()
    [job] = desk.host.jobs.list(SLUG, kinds=["verify"])
    assert job.state is JobState.FAILED
    assert "GoCardless failed" in job.error
    assert desk.host.sync.last_proof(SLUG) is None


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_host_whose_clock_is_wrong_misses_nothing(desk: Desk, hours: int) -> None:
    desk.clock.off = timedelta(hours=hours)
    before = payment_in(desk.api, "paid_out")
    desk.fill()
    for _ in range(3):
        desk.advance(minutes=5)
        payment = desk.api.pay(active_mandate(desk.api))
        desk.api.simulate("payment_late_failure", payment)
        desk.fill()
        assert desk.statuses(PAYMENTS)[payment["id"]] == "failed"
    desk.simulate("payment_charged_back", before["id"])
    desk.advance(minutes=5)
    desk.fill()
    assert len(desk.money_alerts()) == 4
    desk.assert_right()


@pytest.mark.parametrize("hours", [-4, 4])
def test_a_clock_that_is_put_right_loses_nothing(desk: Desk, hours: int) -> None:
    desk.clock.off = timedelta(hours=hours) / 2
    desk.turn(event_delay_seconds=1800)
    desk.fill()
    payment = desk.api.pay(active_mandate(desk.api))
    desk.api.simulate("payment_late_failure", payment)
    desk.fill()
    desk.clock.off = -timedelta(hours=hours) / 2
    desk.advance(minutes=31)
    desk.fill()

    assert len(desk.money_alerts()) == 1
    assert "failed" in desk.told(payment["id"])
    desk.assert_right()


def test_a_business_that_goes_on_while_its_lists_are_read_is_read_right(
    make_desk: Callable[..., Desk],
) -> None:
    desk = make_desk(customers=100, living=True)
    began = desk.twin.now()
    with desk.happening(lambda path: desk.advance(hours=3)):
        desk.fill()
        assert desk.twin.now() - began > timedelta(days=4)
        desk.fill()
    desk.advance(minutes=1)
    desk.fill()
    desk.assert_right()


@pytest.mark.parametrize("start", ["23:35", "23:45", "23:55", "06:45", "14:45"])
def test_a_business_that_goes_on_during_a_comparison_makes_no_difference(
    make_desk: Callable[..., Desk], start: str
) -> None:
    """The hours are those at which banks and GoCardless act, and midnight, when dates move on."""
    desk = make_desk(customers=100, living=True)
    hour, minute = map(int, start.split(":"))
    began = desk.twin.now().replace(hour=hour, minute=minute) + timedelta(days=8)
    desk.twin.advance(began - desk.twin.now())
    desk.fill()
    events = len(desk.held_by_twin(StreamKind.EVENTS))
    with desk.happening(lambda path: desk.advance(minutes=1)):
        proof = desk.verify()

    assert desk.twin.now() - began > timedelta(minutes=25)
    if hour != 23:
        assert len(desk.held_by_twin(StreamKind.EVENTS)) > events
    assert [str(it) for it in proof.differences] == []


def test_a_record_that_cannot_be_read_is_kept_with_its_reason_until_it_can(desk: Desk) -> None:
    payment = payment_in(desk.api, "confirmed")
    desk.twin.store.payments.change(payment["id"], amount="10.50")
    job = desk.fill()
    assert job.failed > 0
    [failed] = desk.host.sync.failed(SLUG)
    assert (failed.kind, failed.id) == (PAYMENTS, payment["id"])
    assert "amount" in failed.reason
    assert payment["id"] not in desk.rows(PAYMENTS)

    desk.twin.store.payments.change(payment["id"], amount=1050)
    assert desk.reread().state is JobState.DONE
    assert desk.host.sync.failed(SLUG) == []
    assert desk.row(PAYMENTS, payment["id"]).amount == 1050
    desk.assert_right()
