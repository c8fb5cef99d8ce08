"""Whatever happens at GoCardless, in whatever order it is told, repeated or lost, with syncs and
faults in between: the mirror ends in the twin's state."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from halo_gocardless.twin import Fault, FaultKind
from halo_gocardless.twin.lifecycle import mandates as mandate_steps
from halo_gocardless.twin.lifecycle import payments as payment_steps
from halo_gocardless.twin.simulators import simulators_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from halo_host import StreamKind

from ..twin.payers import active_mandate, new_mandate
from .databases import KINDS_OF_RUN, empty_database
from .desk import AGENT, SLUG, Desk, opened_desk

pytestmark = pytest.mark.once
SIMULATED = (
    *(StreamKind.PAYMENTS, StreamKind.PAYMENTS, StreamKind.MANDATES),
    *(StreamKind.REFUNDS, StreamKind.PAYOUTS),
)
STEPS = {
    StreamKind.PAYMENTS: (("charged_back", payment_steps.cancel_chargeback),),
    StreamKind.MANDATES: (
        ("active", mandate_steps.cancel_by_bank),
        ("active", mandate_steps.replace),
        ("active", mandate_steps.transfer),
        ("cancelled", mandate_steps.reinstate),
    ),
}
OPEN = ("pending_submission", "submitted", "confirmed")
FAULTS = tuple(set(FaultKind) - {FaultKind.SLOW_BODY, FaultKind.LOST_RESPONSE})

# Which of several things is meant: the newest ones are the likeliest.
which = st.integers(0, 12)
percent = st.sampled_from([0, 30, 60, 100])
move = st.one_of(
    st.tuples(st.just("pay"), which),
    st.tuples(st.just("payer"), st.sampled_from(["bacs", "sepa_core", "pay_to"])),
    st.tuples(st.just("simulate"), st.sampled_from(SIMULATED), which, which),
    st.tuples(st.just("simulate"), st.sampled_from(SIMULATED), which, which),
    st.tuples(st.just("step"), st.sampled_from(sorted(STEPS)), which, which),
    st.tuples(st.just("act"), st.sampled_from(["retry", "cancel"]), which),
    st.tuples(st.just("refund"), which),
    st.tuples(st.just("edit"), st.sampled_from(["customers", "payments"]), which),
    st.tuples(st.just("remove"), which),
    st.tuples(st.just("advance"), st.sampled_from([1, 5, 24, 30, 100, 500])),
    st.tuples(st.just("sync")),
    st.tuples(st.just("deliver")),
    st.tuples(st.just("break"), st.sampled_from(FAULTS), st.integers(0, 8)),
    st.tuples(st.just("hide"), st.sampled_from([0, 1, 40]), st.sampled_from([0, 10])),
    st.tuples(st.just("chaos"), percent, percent, percent, st.booleans()),
    st.tuples(st.just("reset")),
    st.tuples(st.just("replay")),
)


class Story:
    """Carries out steps on a desk; one that cannot be done as things stand is passed over."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.knobs: dict[str, Any] = {}

    def act(self, step: tuple[Any, ...]) -> None:
        desk, api = self.desk, self.desk.api
        match step:
            case "pay", number:
                links = {"mandate": self._one(StreamKind.MANDATES, number)["id"]}
                values = {"amount": 1000 + number, "currency": "GBP", "links": links}
                api.post("/payments", json={"payments": values})
            case "payer", scheme:
                new_mandate(api, scheme=scheme)
            case "simulate", kind, number, scenario:
                self._simulate(kind, self._one(kind, number), scenario)
            case "step", kind, number, which_step:
                status, happen = STEPS[kind][which_step % len(STEPS[kind])]
                thing = self._one(kind, number)
                if thing["status"] == status:
                    with desk.twin.store.lock:
                        happen(desk.twin.store, thing["id"])
            case "act", action, number:
                api.act(self._one(StreamKind.PAYMENTS, number), action)
            case "refund", number:
                self._refund(self._one(StreamKind.PAYMENTS, number))
            case "edit", resource, number:
                self._edit(resource, number)
            case "remove", number:
                api.delete(f"/customers/{self._one(StreamKind.CUSTOMERS, number)['id']}")
            case "advance", hours:
                desk.advance(hours=hours)
            case ("sync",):
                desk.sync()
            case ("deliver",):
                desk.deliver()
            case "break", kind, after:
                fault = Fault(kind, count=None, after=after, seconds=0)
                desk.turn(**self.knobs, faults=(fault,))
                desk.sync()
                desk.turn(**self.knobs)
            case "hide", hours, spread:
                self._turn(event_delay_seconds=hours * 3600, event_delay_spread_seconds=spread * 60)
            case "chaos", duplicates, repeats, drop, shuffle:
                self._turn(
                    webhook_duplicate_events=duplicates,
                    webhook_duplicate_deliveries=repeats,
                    webhook_drop=drop,
                    webhook_shuffle=shuffle,
                    webhook_delay_seconds=7200 * shuffle,
                )
            case ("reset",):
                desk.host.sync.reset(SLUG, agent=AGENT)
            case ("replay",):
                found = desk.host.webhooks.find(_everything())
                desk.host.webhooks.replay([it.id for it in found], agent=AGENT)

    def end(self) -> None:
        """A day without faults, at whose end the mirror must be right."""
        self.desk.turn()
        self.desk.advance(days=1)
        self.desk.fill()
        self.desk.assert_right()

    def _turn(self, **knobs: Any) -> None:
        self.knobs |= knobs
        self.desk.turn(**self.knobs)

    def _one(self, kind: StreamKind, number: int) -> dict[str, Any]:
        """The so-manieth newest; there is always one."""
        things = list(self.desk.held_by_twin(kind).values())
        return things[number % len(things)]

    def _simulate(self, kind: StreamKind, thing: dict[str, Any], number: int) -> None:
        age = self.desk.twin.now().isoformat()[:10], thing["created_at"][:10]
        if kind is StreamKind.PAYOUTS and age[0] != age[1]:
            return  # a payout bounces within days
        scenarios = simulators_of(self.desk.twin.store, kind.value, thing)
        if scenarios:
            self.desk.api.try_to_simulate(scenarios[number % len(scenarios)], thing)

    def _refund(self, payment: dict[str, Any]) -> None:
        amount, before = payment["amount"] // 4, payment["amount_refunded"]
        refund = {"amount": amount, "total_amount_confirmation": amount + before}
        links = {"payment": payment["id"]}
        self.desk.api.post("/refunds", json={"refunds": refund | {"links": links}})

    def _edit(self, resource: str, number: int) -> None:
        """What is edited makes no event; of payments only open ones are looked at each day."""
        thing = self._one(StreamKind(resource), number)
        if thing.get("status") in (None, *OPEN):
            values = {"metadata": {"number": str(number)}}
            self.desk.api.put(f"/{resource}/{thing['id']}", json={resource: values})


def _everything() -> Any:
    from halo_host.webhooks.inbox import Selection

    return Selection(connection=SLUG)


def tell(kind: str, server: Any, steps: list[tuple[Any, ...]]) -> None:
    with (
        TemporaryDirectory() as folder,
        empty_database(kind, Path(folder), server) as url,
        opened_desk(Path(folder), url, webhooks=True, customers=3, living=True) as desk,
    ):
        story = Story(desk)
        active_mandate(desk.api)
        for step in steps:
            story.act(step)
            desk.twin.advance(timedelta(seconds=1))
        story.end()


@pytest.fixture(params=KINDS_OF_RUN)
def database(request: pytest.FixtureRequest) -> tuple[str, Any]:
    is_server = request.param == "postgresql"
    return request.param, request.getfixturevalue("postgresql_server") if is_server else None


@settings(
    deadline=None,
    max_examples=12,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(steps=st.lists(move, min_size=5, max_size=30))
def test_any_story_ends_in_the_twins_state(
    database: tuple[str, Any], steps: list[tuple[Any, ...]]
) -> None:
    tell(*database, steps)


@pytest.mark.soak
@settings(
    deadline=None,
    max_examples=400,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(steps=st.lists(move, min_size=10, max_size=60))
def test_any_long_story_ends_in_the_twins_state(
    database: tuple[str, Any], steps: list[tuple[Any, ...]]
) -> None:
    tell(*database, steps)
