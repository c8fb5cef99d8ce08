"""GoCardless payments in the host's words. Pure translation: no input or output."""

from __future__ import annotations

from halo_host import Money, Payment

from .addresses import Address
from .statuses import meaning
from .values import currency, day, minor_units, moment, text


def to_payment(record: object, customer_id: str, address: Address) -> Payment | None:
    """Translate one record of the payment list; whatever it holds, nothing is raised.

    :param customer_id: whose payment it is, which the record itself does not say.
    :return: None for a record without an id, or without an amount that is certain.
    """
    if not isinstance(record, dict):
        return None
    get = record.get
    identity = text(get("id"))
    code = currency(get("currency"))
    amount = _money(get("amount"), code)
    if identity is None or amount is None:
        return None
    status = text(get("status")) or "unknown"
    state, explanation = meaning(status)
    links = get("links")
    link = links.get if isinstance(links, dict) else {}.get
    return Payment(
        id=identity,
        external_user_id=customer_id,
        amount=amount,
        status=status,
        state=state,
        explanation=explanation,
        created_at=moment(get("created_at")),
        charge_date=day(get("charge_date")),
        url=address.payment_page(identity),
        description=text(get("description")),
        reference=text(get("reference")),
        amount_refunded=_money(get("amount_refunded"), code),
        mandate_id=text(link("mandate")),
        payout_id=text(link("payout")),
    )


def _money(value: object, code: str | None) -> Money | None:
    amount = minor_units(value)
    return None if amount is None or code is None else Money(amount=amount, currency=code)
