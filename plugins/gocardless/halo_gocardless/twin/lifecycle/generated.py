"""What the generated business does by itself after its anchor: told to listeners as it happens.

The things themselves need nothing: their steps are arithmetic. Only where the arithmetic ends, such
as a chargeback that no generated payout can bear, the agenda leads on.
"""

from __future__ import annotations

import heapq

from ..business.events import EVENT_LANES
from ..business.timeline import MANDATE_ENDINGS
from ..causes import cause_of
from ..lanes import Body, GeneratedLane, GrowingLane, first_slot_at_or_after
from ..money import payout_currency
from ..store import Store
from . import mandates, payments, payouts, refunds

_DEBITS = {"failed_late": "payment_failed", "charged_back": "payment_charged_back"}


class GeneratedFeed:
    """The generated events that are still to come, in the order of their times."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._next: list[tuple[int, int, int]] = []
        after = store.now_ms() + 1
        for number, lane in enumerate(store.events.lanes[: store.events.created_lane]):
            whole = lane.whole if isinstance(lane, GrowingLane) else lane
            self._push(number, whole, first_slot_at_or_after(whole, after))

    def next_ms(self) -> int | None:
        """When the next one happens."""
        return self._next[0][0] if self._next else None

    def take(self) -> None:
        """Let the next one happen; the clock must stand at its time."""
        _, number, slot = heapq.heappop(self._next)
        lane = self._store.events.lanes[number]
        event = lane.body(slot)
        whole = lane.whole if isinstance(lane, GrowingLane) else lane
        self._push(number, whole, slot + 1)
        if event is not None:
            self._store.announce(event)
            _lead_on(self._store, number, slot, event)

    def _push(self, number: int, lane: GeneratedLane | object, slot: int) -> None:
        if isinstance(lane, GeneratedLane) and slot < len(lane):
            heapq.heappush(self._next, (lane.created_ms(slot), number, slot))


def _lead_on(store: Store, number: int, slot: int, event: Body) -> None:
    """What an event about a generated thing means for things that the agenda leads."""
    kind = EVENT_LANES[number]
    if kind.resource_type == "payments" and kind.step in _DEBITS:
        if not store.business.is_settled(slot):
            payment = store.payments.get(event["links"]["payment"])
            store.payments.take_over(payment["id"])
            payments.owe(store, payment, _DEBITS[kind.step])
    elif (kind.resource_type, kind.step) == ("refunds", "paid"):
        refund = store.refunds.get(event["links"]["refund"])
        if not store.business.is_settled(store.business.refunded_slot(slot)):
            store.refunds.take_over(refund["id"])
            currency = payout_currency(refund["currency"])
            payouts.enter(store, currency, refunds.debit(store, refund))
    elif kind.resource_type == "mandates" and kind.step in (*MANDATE_ENDINGS, "failed"):
        mandate = store.mandates.get(event["links"]["mandate"])
        cause = cause_of("mandates", kind.step, mandate, slot)
        mandates.cancel_dependants(store, mandate["id"], cause, event["id"])
