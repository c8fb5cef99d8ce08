"""Which monthly payments are refunded: one in every thirty-two, found by arithmetic both ways."""

from __future__ import annotations

_SPREAD = 32


def refunded_slot(seed: int, refund: int) -> int:
    """The slot of the monthly payment that refund number ``refund`` is of."""
    return refund * _SPREAD + (refund * 7919 + seed) % _SPREAD


def refund_of(seed: int, slot: int) -> int | None:
    """The number of the refund that a monthly payment may have."""
    refund = slot // _SPREAD
    return refund if refunded_slot(seed, refund) == slot else None


def refund_count(seed: int, slots: int) -> int:
    """How many refunds so many monthly payments can have."""
    whole, rest = divmod(slots, _SPREAD)
    return whole + (refunded_slot(seed, whole) - whole * _SPREAD < rest)


def refunded_amount(refund: int, amount: int) -> int:
    """Of an ``amount``: all of it for one refund in four, else half."""
    return amount if refund % 4 == 0 else amount // 2
