"""A living business: it bills, gains and loses payers, and people edit what is kept about them.

Everything here is what the creditor, its payers and their banks do by themselves; how often is
measured so that a year of a few hundred payers shows all of it.
"""

from __future__ import annotations

from typing import Any

from ..bank_days import working_day
from ..business import names
from ..business.draw import Draw
from ..causes import REQUESTED
from ..filters import matching
from ..lanes import Body
from ..store import Store
from ..times import DAY, date_of
from . import mandates, payments, refunds, subscriptions
from .moments import CONFIRMATION_HOUR, next_at

_MONTH = 30 * DAY
_ARRIVALS, _EDITS, _REMOVALS = 2, 4, 1
"""In a month, for every hundred payers of the start."""

_RISKS = (
    (10, "mandates.cancel_by_bank"),
    (16, "mandates.transfer"),
    (20, "mandates.replace"),
    (23, "mandates.expire"),
)
"""Of a thousand monthly bills: up to which number the mandate takes which step afterwards."""

_SCHEMES = {
    "mandates.transfer": ("bacs", "sepa_core"),
    "mandates.expire": ("ach", "bacs", "becs", "betalingsservice", "sepa_core"),
}
"""The schemes in which a step occurs, where it does not in all."""


def begin(store: Store) -> None:
    """Plan the first arrival, edit and removal."""
    for what, share in (("arrive", _ARRIVALS), ("edit", _EDITS), ("remove", _REMOVALS)):
        store.shares[what] = share
        _plan(store, what)


def bill(store: Store, mandate: Body, payer: int) -> None:
    """Charge a payer what is due each month."""
    draw = Draw(store.business.seed, f"bill {mandate['id']}", store.reviews[mandate["id"]])
    wanted = working_day(date_of(store.now_ms() + 6 * DAY)).isoformat()
    invoice = f"INV-{draw.digits(6)}"
    payments.create(
        store,
        mandate,
        store.business.monthly_amount(payer) + (draw.between(1, 6) * 4500 * draw.chance(12)),
        max(wanted, mandate["next_possible_charge_date"]),
        description=draw.pick(names.CHARGES),
        metadata={"invoice": invoice} if draw.chance(50) else {},
        retry_if_possible=draw.chance(50),
    )
    review(store, mandate["id"])


def bill_again(store: Store, identity: str) -> None:
    """The monthly bill of a payer who came later."""
    latest = store.latest_mandate(identity.removeprefix("bill "))
    mandate = store.mandates.find(latest)
    if mandate is None or mandate["status"] in ("failed", "expired"):
        return
    if mandate["status"] == "active":
        bill(store, mandate, store.payers[mandate["links"]["customer"]])
    store.agenda.plan(f"bill {latest}", store.now_ms() + _MONTH, "living.bill_again")


def review(store: Store, mandate_id: str) -> None:
    """See what fate has in store for a mandate this month."""
    store.reviews[mandate_id] += 1
    draw = Draw(store.business.seed, f"review {mandate_id}", store.reviews[mandate_id])
    number = draw.below(1000)
    step = next((name for limit, name in _RISKS if number < limit), None)
    scheme = store.mandates.get(mandate_id)["scheme"]
    if scheme not in _SCHEMES.get(step or "", (scheme,)):
        return
    if step is not None and not store.agenda.planned(mandate_id):
        due = next_at(store.now_ms() + draw.between(1, 20) * DAY, CONFIRMATION_HOUR)
        store.agenda.plan(mandate_id, due, step)


def arrive(store: Store, _: str) -> None:
    """A new payer, with a bank account, a mandate, and for some a subscription."""
    payer = store.business.timeline.count + len(store.payers)
    now = store.now_ms()
    body = store.business.customer(payer, "", now)
    customer = store.customers.add(now, {k: v for k, v in body.items() if k not in _OWN})
    store.payers[customer["id"]] = payer
    mandate = mandates.create(store, _account(store, customer, payer), None)
    draw = Draw(store.business.seed, "arrival", payer)
    if draw.chance(30):
        subscriptions.create(
            store,
            mandate,
            amount=store.business.monthly_amount(payer),
            interval_unit="monthly",
            name=draw.pick(names.CHARGES),
            start_date=store.next_charge_date(),
        )
    else:
        store.agenda.plan(f"bill {mandate['id']}", now + 10 * DAY, "living.bill_again")
    _plan(store, "arrive")


def edit(store: Store, _: str) -> None:
    """Somebody changes a telephone number, an e-mail address or the metadata."""
    customer = _anybody(store, "edit")
    if customer is not None:
        draw = Draw(store.business.seed, f"edit {customer['id']}", store.turns["edit"])
        changes: tuple[dict[str, Any], ...] = (
            {"phone_number": f"+44 20 {draw.digits(4)} {draw.digits(4)}"},
            {"email": f"payer{draw.digits(5)}@post.example"},
            {"metadata": {"office": draw.pick(("Leeds", "Bristol", "York"))}},
            {"address_line1": f"{draw.between(1, 200)} New Road"},
        )
        store.customers.change(customer["id"], **draw.pick(changes))
    _plan(store, "edit")


def remove(store: Store, _: str) -> None:
    """A payer leaves: the mandates are cancelled and the customer is removed."""
    customer = _anybody(store, "remove")
    if customer is not None:
        for mandate in matching(store, "mandates", customer=customer["id"]):
            if mandate["status"] in mandates.CANCELLABLE:
                cause = REQUESTED["mandates", "cancelled"]
                mandates.end(store, mandate, "cancelled", cause)
        store.customers.remove(customer["id"])
    _plan(store, "remove")


def refund(store: Store, identity: str) -> None:
    """The creditor gives a payer some of a payment back."""
    payment = store.payments.get(identity)
    left = payment["amount"] - payment["amount_refunded"]
    amount = Draw(store.business.seed, f"refund {identity}", 0).pick((left, left // 2, left // 3))
    if amount:
        refunds.create(store, {"payment": identity}, amount, payment["currency"])


_OWN = ("id", "created_at")


def _account(store: Store, customer: Body, payer: int) -> Body:
    country = store.business.payers.country(payer)
    draw = Draw(store.business.seed, "new bank account", payer)
    return store.bank_accounts.add(
        store.now_ms(),
        {
            "account_number_ending": draw.digits(4 if country.currency == "NZD" else 2),
            "account_holder_name": store.business.payers.holder_name(payer),
            "account_type": "checking" if country.currency == "USD" else None,
            "bank_account_token": None,
            "bank_name": draw.pick(country.banks),
            "currency": country.currency,
            "country_code": country.code,
            "metadata": {},
            "enabled": True,
            "links": {"customer": customer["id"]},
        },
    )


def _anybody(store: Store, what: str) -> Body | None:
    """A customer drawn from all; None where that one was removed."""
    lanes = [len(lane) for lane in store.customers.lanes]
    draw = Draw(store.business.seed, f"who to {what}", store.turns[what])
    if not sum(lanes):
        return None
    slot = draw.below(sum(lanes))
    for lane, length in enumerate(lanes):
        if slot < length:
            return store.customers.body_at((lane, slot))
        slot -= length
    return None


def _plan(store: Store, what: str) -> None:
    """Some time in the next stretch of this kind; never at the same hour."""
    store.turns[what] += 1
    stretch = 100 * _MONTH // (max(20, store.business.timeline.count) * store.shares[what])
    draw = Draw(store.business.seed, f"when to {what}", store.turns[what])
    due = store.now_ms() + draw.between(stretch // 2, stretch * 3 // 2)
    store.agenda.plan(what, due, f"living.{what}")
