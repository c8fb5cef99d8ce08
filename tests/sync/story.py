"""The same business in every process: a bank made from nothing, and what happens to it later."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from support.bank import Bank
from support.clock import Clock

from halo_host import StreamKind

PAYERS, PAYMENTS = 12, 60
LIFE = ("submitted", "confirmed", "paid_out", "failed", "charged_back")


def founded() -> tuple[Bank, Clock]:
    """The bank as the first fill finds it, and the time."""
    clock = Clock()
    bank = Bank(clock, page_size=5)
    for number in range(PAYERS):
        bank.payer(f"CU{number:02}")
        bank.mandate(f"MD{number:02}", f"CU{number:02}")
    for number in range(PAYMENTS):
        clock.advance(minutes=7)
        bank.payment(f"PM{number:02}", f"MD{number % PAYERS:02}", amount=100 + number)
    bank.put(StreamKind.PAYOUTS, "PO1", status="paid", amount=210, currency="GBP")
    bank.items_of["PO1"] = [
        {"type": "payment", "tenths": 1000, "payment": "PM00"},
        {"type": "payment", "tenths": 1010, "payment": "PM01"},
        {"type": "fee", "tenths": 90},
    ]
    clock.advance(hours=3)
    return bank, clock


def grown() -> tuple[Bank, Clock]:
    """The same bank two days later: most payments have moved on, some are new, a payer is gone."""
    bank, clock = founded()
    clock.advance(days=2)
    for number in range(0, PAYMENTS, 2):
        clock.advance(minutes=3)
        bank.payment(f"PM{number:02}", f"MD{number % PAYERS:02}", LIFE[number % len(LIFE)])
    for number in range(PAYMENTS, PAYMENTS + 20):
        bank.payment(f"PM{number:02}", f"MD{number % PAYERS:02}", amount=7)
    bank.mandate("MD03", "CU03", "cancelled")
    bank.remove(StreamKind.CUSTOMERS, "CU05")
    clock.advance(minutes=5)
    return bank, clock


def deliveries(bank: Bank) -> list[list[dict[str, Any]]]:
    """What the bank delivered about the last two days, out of order and some of it twice."""
    since = (bank.clock() - timedelta(days=1)).isoformat()
    events = [it for it in bank.listed(StreamKind.EVENTS) if it["created_at"] >= since]
    mixed = events[1::2] + events[::2] + events[:6]
    return [mixed[start : start + 8] for start in range(0, len(mixed), 8)]
