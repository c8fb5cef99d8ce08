"""Generated payouts: on each working day, what was collected in pounds and what in euros.

A payout holds the payments that are paid out at its moment, the fee of each, and what the same
payers' earlier payments cost in refunds, late failures and chargebacks.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import NamedTuple

from ..bank_days import working_day
from ..identifiers import IdSpace
from ..lanes import Body, GeneratedLane, slots_at
from ..money import payout_amount, payout_currency, payout_fee
from ..times import date_of, iso
from .payments import PAYOUT_CURRENCIES, PaymentGenerator
from .refunded import refund_of
from .refunds import RefundGenerator
from .timeline import MONTHLY, OPENING, Timeline

_ITEM_TYPES = {
    "refund_settled": "payment_refunded",
    "late_failure_settled": "payment_failed",
    "chargeback_settled": "payment_charged_back",
}
_KEPT_LISTS = 4


class Item(NamedTuple):
    """One line of a payout, in minor units of the payout's currency."""

    type: str
    amount: int
    kind: int
    slot: int
    refund: int | None = None


class Sums(NamedTuple):
    """What the items of a payout come to."""

    amount: int
    fees: int
    items: int


class PayoutGenerator:
    """Makes the payout of a currency's lane and a slot, always the same."""

    def __init__(
        self,
        seed: int,
        timeline: Timeline,
        payments: PaymentGenerator,
        refunds: RefundGenerator,
        ids: dict[str, IdSpace],
        creditor_id: str,
    ) -> None:
        self._seed = seed
        self._timeline = timeline
        self._payments = payments
        self._refunds = refunds
        self._ids = ids
        self._creditor_id = creditor_id
        self._bank_account_id = ids["creditor_bank_accounts"].encode(0, 0)
        self._lock = threading.Lock()
        self._sums: dict[int, dict[str, Sums]] = {}
        self._lists: OrderedDict[tuple[int, int], list[Item]] = OrderedDict()
        self._credits = [
            GeneratedLane(
                timeline.monthly_count if kind == MONTHLY else timeline.count,
                lambda slot, kind=kind: timeline.payment_step_ms(kind, "paid_out", slot),  # type: ignore[misc]
                lambda slot: None,
            )
            for kind in (MONTHLY, OPENING)
        ]

    def payout(self, lane: int, slot: int) -> Body | None:
        """The body of a payout; None for a day on which nothing was due in the currency."""
        currency = PAYOUT_CURRENCIES[lane]
        sums = self.sums(slot).get(currency)
        if sums is None:
            return None
        identity = self._ids["payouts"].encode(lane, slot)
        paid_ms = self._timeline.payout_paid_ms(slot)
        return {
            "id": identity,
            "created_at": iso(self._timeline.payout_ms(slot)),
            "amount": sums.amount,
            "arrival_date": working_day(date_of(paid_ms)).isoformat(),
            "currency": currency,
            "deducted_fees": sums.fees,
            "fx": dict.fromkeys(
                ("fx_currency", "fx_amount", "exchange_rate", "estimated_exchange_rate")
            ),
            "links": {
                "creditor": self._creditor_id,
                "creditor_bank_account": self._bank_account_id,
            },
            "metadata": {},
            "payout_type": "merchant",
            "reference": f"KMS-{identity[-6:]}",
            "status": "paid" if paid_ms <= self._timeline.now_ms() else "pending",
            "tax_currency": None,
        }

    def sums(self, slot: int) -> dict[str, Sums]:
        """What the payouts of a slot come to, by currency. Kept: it never changes afterwards."""
        known = self._sums.get(slot)
        if known is not None:
            return known
        totals: dict[str, list[int]] = {}
        for currency, items in self._entries(slot):
            total = totals.setdefault(currency, [0, 0, 0])
            for item in items:
                total[0] += item.amount
                total[1] -= item.amount if item.type == "gocardless_fee" else 0
                total[2] += 1
        sums = {currency: Sums(*total) for currency, total in totals.items()}
        self._sums[slot] = sums
        return sums

    def items(self, lane: int, slot: int) -> list[Item]:
        """All lines of a payout."""
        with self._lock:
            known = self._lists.get((lane, slot))
            if known is None:
                wanted = PAYOUT_CURRENCIES[lane]
                entries = self._entries(slot)
                known = [item for currency, some in entries if currency == wanted for item in some]
                self._lists[lane, slot] = known
                while len(self._lists) > _KEPT_LISTS:
                    self._lists.popitem(last=False)
            return known

    def item_body(self, item: Item) -> Body:
        """A line of a payout as the API gives it."""
        links = {"payment": self._ids["payments"].encode(item.kind, item.slot)}
        if item.refund is not None:
            links["refund"] = self._ids["refunds"].encode(0, item.refund)
        return {"amount": f"{item.amount}.0", "type": item.type, "links": links, "taxes": []}

    def _entries(self, slot: int) -> list[tuple[str, list[Item]]]:
        """For each payment that is paid out in this slot: its payout's currency and its lines."""
        moment = self._timeline.payout_ms(slot)
        entries = []
        for kind in (MONTHLY, OPENING):
            for payment in slots_at(self._credits[kind], moment):
                if self._payments.is_credited(kind, payment):
                    payer = self._payments.payer(kind, payment)
                    currency = self._payments.currency(payer)
                    items = self._lines(kind, payment, payer, currency)
                    entries.append((payout_currency(currency), items))
        return entries

    def _lines(self, kind: int, slot: int, payer: int, currency: str) -> list[Item]:
        amount = payout_amount(currency, self._payments.amount(kind, slot, payer))
        fee = payout_fee(amount)
        lines = [
            Item("payment_paid_out", amount, kind, slot),
            Item("gocardless_fee", -fee, kind, slot),
        ]
        if kind == MONTHLY:
            run, payer = self._timeline.monthly_slot(slot)
            before = self._timeline.slot_in_run(run - 1, payer)
            debit = None if before is None else self._payments.lost(before)
            if before is not None and debit is not None and amount - fee > debit[1]:
                refund = refund_of(self._seed, before) if debit[0] == "refund_settled" else None
                if self._is_settled(before, debit[0], refund):
                    lines.append(Item(_ITEM_TYPES[debit[0]], -debit[1], kind, before, refund))
        return lines

    def _is_settled(self, slot: int, step: str, refund: int | None) -> bool:
        if refund is not None:
            return step in self._refunds.steps(refund)
        return self._payments.happened(MONTHLY, slot, step)
