"""What becomes of an amount on its way to the creditor: fees, and the exchange into pounds."""

from __future__ import annotations

from .lanes import Body

_POUNDS_PER_UNIT = {"SEK": 757, "DKK": 1148, "AUD": 5096, "NZD": 4537, "CAD": 5631, "USD": 7873}
"""Pounds for one unit of a currency, in ten-thousandths."""

_DEAREST_FEE = 400


def payout_currency(currency: str) -> str:
    """Pounds and euros are paid out as they are, everything else in pounds."""
    return "GBP" if currency in _POUNDS_PER_UNIT else currency


def payout_amount(currency: str, amount: int) -> int:
    """An amount in minor units of the currency that it is paid out in."""
    rate = _POUNDS_PER_UNIT.get(currency)
    return amount if rate is None else amount * rate // 10_000


def payout_fee(amount: int) -> int:
    """The fee for a payment of ``amount``: 1% and 20 minor units, at most 400.

    The live fee is in fractions of a penny; whole ones let every sum be exact.
    """
    return min(_DEAREST_FEE, amount // 100 + 20)


def exchange_fields(currency: str, amount: int, *, paid_out: bool) -> Body:
    """The `fx` of a payment, refund or payout; nulls where nothing is exchanged."""
    rate = _POUNDS_PER_UNIT.get(currency)
    if rate is None:
        return dict.fromkeys(
            ("fx_currency", "fx_amount", "exchange_rate", "estimated_exchange_rate")
        )
    written = f"0.{rate:04d}000000"
    return {
        "fx_currency": "GBP",
        "fx_amount": payout_amount(currency, amount) if paid_out else None,
        "exchange_rate": written if paid_out else None,
        "estimated_exchange_rate": written,
    }
