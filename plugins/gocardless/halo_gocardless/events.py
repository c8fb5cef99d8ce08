"""GoCardless's events in the host's words. Pure translation for hosts of level 2.

An event never holds the record that it is about: it names it, and says what happened. Its action is
no status (`resubmission_requested`, `transferred`), so all that follows from it is which records
are read again.
"""

from __future__ import annotations

from typing import Any

from halo_host import EventRecord, StreamKind, UnreadableRecord

from .records import links_of
from .values import moment, text

# Which of the records that an event names may have changed with it. Others, such as the mandate of
# a payment that failed, get an event of their own where they change.
_DIRTY: dict[str, tuple[tuple[str, StreamKind], ...]] = {
    "payments": (("payment", StreamKind.PAYMENTS), ("payout", StreamKind.PAYOUTS)),
    "mandates": (("mandate", StreamKind.MANDATES), ("new_mandate", StreamKind.MANDATES)),
    "refunds": (("refund", StreamKind.REFUNDS), ("payment", StreamKind.PAYMENTS)),
    "payouts": (("payout", StreamKind.PAYOUTS),),
    "subscriptions": (("subscription", StreamKind.SUBSCRIPTIONS), ("payment", StreamKind.PAYMENTS)),
    "creditors": (("payout", StreamKind.PAYOUTS),),
    "billing_requests": (
        ("mandate_request_mandate", StreamKind.MANDATES),
        ("payment_request_payment", StreamKind.PAYMENTS),
    ),
}

# Money that did not come or went back. That a late failure or a chargeback is settled is not news:
# the money went back before, and now the debit is on a payout; its cause would hide the bank's.
_FAILURES = {
    "payments": ("failed", "charged_back", "customer_approval_denied"),
    "mandates": ("failed", "expired", "blocked"),
    "refunds": ("failed", "funds_returned"),
    "payouts": ("bounced",),
}
_FAILURES_BY_THE_BANK = {"payments": ("cancelled",), "mandates": ("cancelled",)}

_NOTHING: dict[str, Any] = {}


def to_event(record: object) -> EventRecord | UnreadableRecord:
    """Translate one event; whatever it holds, nothing is raised.

    What it is about and what it does may be unknown to this version: then nothing is read again.
    """
    if not isinstance(record, dict):
        return UnreadableRecord(reason="The event is no JSON object.")
    get = record.get
    identity = text(get("id"))
    created_at = moment(get("created_at"))
    if identity is None:
        return UnreadableRecord(reason="The event has no id.")
    if created_at is None:
        return UnreadableRecord(reason="The event has no time.", id=identity)
    kind = text(get("resource_type")) or "unknown"
    action = text(get("action")) or "unknown"
    links = links_of(record)
    details = get("details")
    detail = (details if isinstance(details, dict) else _NOTHING).get
    origin = text(detail("origin")) or ""
    about = text(links.get(kind.removesuffix("s")))
    if kind == "creditors" and action == "bounced_payout":  # it is the payout that bounced
        payout = text(links.get("payout"))
        if payout is not None:
            kind, action, about = "payouts", "bounced", payout
    return EventRecord(
        id=identity,
        created_at=created_at,
        kind=kind,
        resource_id=about or "",
        action=action,
        origin=origin,
        cause=text(detail("cause")) or "",
        reason_code=text(detail("reason_code")) or "",
        text=text(detail("description")) or "",
        is_failure=action in _FAILURES.get(kind, ())
        or (origin == "bank" and action in _FAILURES_BY_THE_BANK.get(kind, ())),
        dirty=tuple(
            {
                (stream, dirty): None
                for name, stream in _DIRTY.get(kind, ())
                if name in links and (dirty := text(links[name])) is not None
            }
        ),
    )


def is_nameless_bounce(event: object) -> bool:
    """Whether it tells that a payout bounced, but not which."""
    return isinstance(event, EventRecord) and (event.kind, event.action) == (
        "creditors",
        "bounced_payout",
    )
