"""Generated events: one lane for each step of each kind of thing."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ..causes import cause_of, event_body
from ..lanes import Body, GeneratedLane
from ..times import iso
from .timeline import FIRST, MONTHLY, OPENING, SECOND_ONE


class EventKind(NamedTuple):
    """A lane of events: about what, which action, and the lane and step that it follows.

    The slots of the lane are those of lane ``source_lane`` of ``source``.
    """

    resource_type: str
    action: str
    source: str
    source_lane: int
    step: str


_MANDATE_STEPS = ("created", "submitted", "active", "failed", "cancelled")
_ACTIONS = {"failed_unpaid": "failed", "failed_late": "failed"}
_PAYMENT_STEPS = (
    *("created", "cancelled", "submitted", "failed", "confirmed", "failed_unpaid", "paid_out"),
    *("failed_late", "late_failure_settled", "charged_back", "chargeback_settled"),
)
_OPENING_STEPS = (
    *("created", "customer_approval_denied", "cancelled", "submitted", "failed", "confirmed"),
    "paid_out",
)

EVENT_LANES = (
    *(
        EventKind("mandates", step, "mandates", FIRST, step)
        for step in (*_MANDATE_STEPS, "expired", "consumed", "blocked")
    ),
    *(EventKind("mandates", step, "mandates", SECOND_ONE, step) for step in _MANDATE_STEPS),
    *(
        EventKind("payments", _ACTIONS.get(step, step), "payments", MONTHLY, step)
        for step in _PAYMENT_STEPS
    ),
    *(EventKind("payments", step, "payments", OPENING, step) for step in _OPENING_STEPS),
    *(
        EventKind("refunds", step, "refunds", 0, step)
        for step in ("created", "paid", "refund_settled")
    ),
    *(EventKind("payouts", "paid", "payouts", lane, "paid") for lane in (0, 1)),
    EventKind("subscriptions", "created", "subscriptions", 0, "created"),
    EventKind("subscriptions", "cancelled", "subscriptions", 0, "cancelled"),
    EventKind("subscriptions", "payment_created", "payments", MONTHLY, "created"),
)
"""The generated lanes of events, in the order that ids count them. A payer's bank or GoCardless
suspends a mandate without an event."""


class Source(NamedTuple):
    """What an event lane is made from: the things in the lane and the steps they have taken."""

    things: GeneratedLane
    step_ms: Callable[[str, int], int]
    steps: Callable[[int], tuple[str, ...]]


def event_lane(
    kind: EventKind,
    source: Source,
    subject: Callable[[Body], Body | None],
    identity: Callable[[int], str],
) -> GeneratedLane:
    """All events of a kind, future ones included; ``subject`` finds what an event is about."""

    def time_of(slot: int) -> int:
        return source.step_ms(kind.step, slot)

    def build(slot: int) -> Body | None:
        if kind.step not in source.steps(slot):
            return None
        thing = source.things.body(slot)
        about = subject(thing) if thing is not None else None
        if thing is None or about is None:
            return None
        step = kind.step if about is thing else kind.action
        cause = cause_of(kind.resource_type, step, about, slot)
        event = event_body(iso(time_of(slot)), kind.resource_type, kind.action, cause, about)
        if kind.source != kind.resource_type:
            event["links"][kind.source.removesuffix("s")] = thing["id"]
        return {"id": identity(slot), **event}

    return GeneratedLane(source.things.count, time_of, build)
