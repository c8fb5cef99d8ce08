"""Carries out, in the order of their times, all steps that are due."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..store import Store
from . import living, mandates, payments, payouts, refunds, runs, subscriptions
from .generated import GeneratedFeed

_PENDING, _SUBMITTED = ("pending_submission",), ("submitted",)
_COLLECTED = ("submitted", "confirmed", "paid_out")

_STEPS: dict[str, tuple[Callable[[Store, str], Any], str | None, tuple[str, ...]]] = {
    "payments.submit": (payments.submit_when_possible, "payments", _PENDING),
    "payments.confirm": (payments.confirm, "payments", _SUBMITTED),
    "payments.fail": (payments.fail, "payments", _COLLECTED),
    "payments.resubmit": (payments.resubmit, "payments", ("failed",)),
    "payments.charge_back": (payments.charge_back, "payments", ("paid_out",)),
    "payments.cancel_chargeback": (payments.cancel_chargeback, "payments", ("charged_back",)),
    "mandates.submit": (mandates.submit, "mandates", _PENDING),
    "mandates.activate": (mandates.activate, "mandates", _SUBMITTED),
    "mandates.fail": (mandates.fail, "mandates", _SUBMITTED),
    "mandates.cancel_by_bank": (mandates.cancel_by_bank, "mandates", ("active",)),
    "mandates.expire": (mandates.expire, "mandates", ("active",)),
    "mandates.transfer": (mandates.transfer, "mandates", ("active",)),
    "mandates.replace": (mandates.replace, "mandates", ("active",)),
    "mandates.reinstate": (mandates.reinstate, "mandates", ("cancelled",)),
    "refunds.pay": (refunds.pay, "refunds", ("created",)),
    "refunds.bounce": (refunds.bounce, "refunds", ("created",)),
    "refunds.give_back": (refunds.give_back, "refunds", ("paid",)),
    "payouts.collect": (payouts.collect, None, ()),
    "payouts.pay": (payouts.pay, "payouts", ("pending",)),
    "payouts.bounce": (payouts.bounce, "payouts", ("paid",)),
    "subscriptions.charge": (subscriptions.charge, "subscriptions", ("active",)),
    "subscriptions.resume": (subscriptions.resume, "subscriptions", ("paused",)),
    "runs.charge_next": (runs.charge_next, None, ()),
    "living.arrive": (living.arrive, None, ()),
    "living.edit": (living.edit, None, ()),
    "living.remove": (living.remove, None, ()),
    "living.bill_again": (living.bill_again, None, ()),
    "living.refund": (living.refund, "payments", ("paid_out",)),
}
"""Name → function, the resource type that it is about, and the statuses in which it applies."""


class Engine:
    """Moves a store through time. Everything happens under the store's lock."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._feed = GeneratedFeed(store)
        runs.begin(store)
        if store.living:
            living.begin(store)

    def next_ms(self) -> int | None:
        """When the next step is due."""
        times = [self._store.agenda.next_ms(), self._feed.next_ms()]
        return min((ms for ms in times if ms is not None), default=None)

    def run_until(self, target_ms: int) -> int:
        """Carry out everything due by then, each step as of its own time; gives their number."""
        store, taken = self._store, 0
        try:
            while (due := self.next_ms()) is not None and due <= target_ms:
                store.clock.stand_at(due)
                if self._feed.next_ms() == due:
                    self._feed.take()
                else:
                    self._take_step()
                taken += 1
        finally:
            store.clock.stand_at(None)
        return taken

    def _take_step(self) -> None:
        step = self._store.agenda.take()
        function, resource, statuses = _STEPS[step.name]
        if resource is not None:
            thing = self._store.collections[resource].find(step.identity)
            if thing is None or thing["status"] not in statuses:
                return
        function(self._store, step.identity)
