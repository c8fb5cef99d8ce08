"""GoCardless's records as the mirror's. Pure translation for hosts of level 2: no input or output.

Whatever a record holds, nothing is raised: what is absent, null or of another type than documented
is None, a status of the future passes as it is, and a record without an id, or without an amount
that is certain, becomes an `UnreadableRecord`. A first fill translates millions of records, so the
functions are kept short.
"""

from __future__ import annotations

from typing import Any

from halo_host import (
    MandateRecord,
    PaymentRecord,
    PayoutItemRecord,
    PayoutRecord,
    RefundRecord,
    SubscriptionRecord,
    UnreadableRecord,
)

from .values import currency, day, minor_units, moment, tenths, text

_NO_LINKS: dict[str, Any] = {}
_UNITS = {"weekly": "week", "monthly": "month", "yearly": "year"}


def to_mandate(record: object) -> MandateRecord | UnreadableRecord:
    if not isinstance(record, dict):
        return _no_object()
    get = record.get
    identity = text(get("id"))
    if identity is None:
        return _without_id("mandate")
    link = links_of(record).get
    return MandateRecord(
        id=identity,
        status=text(get("status")) or "unknown",
        external_user_id=text(link("customer")),
        created_at=moment(get("created_at")),
        scheme=text(get("scheme")),
        reference=text(get("reference")),
        next_charge_date=day(get("next_possible_charge_date")),
        replaced_by=text(link("new_mandate")),
    )


def to_subscription(record: object) -> SubscriptionRecord | UnreadableRecord:
    if not isinstance(record, dict):
        return _no_object()
    get = record.get
    identity = text(get("id"))
    amount = minor_units(get("amount"))
    code = currency(get("currency"))
    if identity is None or amount is None or code is None:
        return _unreadable("subscription", identity)
    upcoming = get("upcoming_payments")
    return SubscriptionRecord(
        id=identity,
        status=text(get("status")) or "unknown",
        amount=amount,
        currency=code,
        mandate_id=text(links_of(record).get("mandate")),
        created_at=moment(get("created_at")),
        name=text(get("name")),
        every=_every(get("interval"), get("interval_unit")),
        starts_on=day(get("start_date")),
        ends_on=day(get("end_date")),
        next_charge_date=min(
            (
                charged
                for payment in (upcoming if isinstance(upcoming, list) else ())
                if isinstance(payment, dict) and (charged := day(payment.get("charge_date")))
            ),
            default=None,
        ),
    )


def to_payment_record(record: object) -> PaymentRecord | UnreadableRecord:
    """A payment names no customer: the host finds the payer through the mandate."""
    if not isinstance(record, dict):
        return _no_object()
    get = record.get
    identity = text(get("id"))
    amount = minor_units(get("amount"))
    code = currency(get("currency"))
    if identity is None or amount is None or code is None:
        return _unreadable("payment", identity)
    link = links_of(record).get
    return PaymentRecord(
        id=identity,
        status=text(get("status")) or "unknown",
        amount=amount,
        currency=code,
        mandate_id=text(link("mandate")),
        subscription_id=text(link("subscription")),
        payout_id=text(link("payout")),
        created_at=moment(get("created_at")),
        charge_date=day(get("charge_date")),
        amount_refunded=minor_units(get("amount_refunded")) or 0,
        description=text(get("description")),
        reference=text(get("reference")),
    )


def to_refund(record: object) -> RefundRecord | UnreadableRecord:
    if not isinstance(record, dict):
        return _no_object()
    get = record.get
    identity = text(get("id"))
    amount = minor_units(get("amount"))
    code = currency(get("currency"))
    if identity is None or amount is None or code is None:
        return _unreadable("refund", identity)
    link = links_of(record).get
    return RefundRecord(
        id=identity,
        status=text(get("status")) or "unknown",
        amount=amount,
        currency=code,
        payment_id=text(link("payment")),
        mandate_id=text(link("mandate")),
        created_at=moment(get("created_at")),
        reference=text(get("reference")),
    )


def to_payout(record: object) -> PayoutRecord | UnreadableRecord:
    if not isinstance(record, dict):
        return _no_object()
    get = record.get
    identity = text(get("id"))
    amount = minor_units(get("amount"))
    code = currency(get("currency"))
    if identity is None or amount is None or code is None:
        return _unreadable("payout", identity)
    return PayoutRecord(
        id=identity,
        status=text(get("status")) or "unknown",
        amount=amount,
        currency=code,
        fees=minor_units(get("deducted_fees")) or 0,
        created_at=moment(get("created_at")),
        arrives_on=day(get("arrival_date")),
        reference=text(get("reference")),
    )


def to_payout_item(record: object, payout_id: str) -> PayoutItemRecord | UnreadableRecord:
    """One line of a payout, which the line itself does not name; its amount has one decimal."""
    if not isinstance(record, dict):
        return _no_object()
    amount = tenths(record.get("amount"))
    if amount is None:
        return UnreadableRecord(reason="The payout item has no amount that is certain.")
    link = links_of(record).get
    return PayoutItemRecord(
        payout_id=payout_id,
        type=text(record.get("type")) or "unknown",
        tenths=amount,
        payment_id=text(link("payment")),
        refund_id=text(link("refund")),
        mandate_id=text(link("mandate")),
    )


def links_of(record: dict[str, Any]) -> dict[str, Any]:
    """The ids that the record names, by GoCardless's word for what each of them is."""
    links = record.get("links")
    return links if isinstance(links, dict) else _NO_LINKS


def _every(interval: object, unit: object) -> str | None:
    """ "1 month" or "2 weeks"; a unit of the future as GoCardless calls it."""
    number = minor_units(interval)
    word = text(unit)
    if number is None or word is None:
        return None
    word = _UNITS.get(word, word)
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _no_object() -> UnreadableRecord:
    return UnreadableRecord(reason="The record is no JSON object.")


def _without_id(name: str) -> UnreadableRecord:
    return UnreadableRecord(reason=f"The {name} has no id.")


def _unreadable(name: str, identity: str | None) -> UnreadableRecord:
    if identity is None:
        return _without_id(name)
    return UnreadableRecord(
        reason=f"The {name} has no amount and currency that are certain.", id=identity
    )
