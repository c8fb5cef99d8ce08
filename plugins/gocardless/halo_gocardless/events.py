"""GoCardless's events in the host's words. Pure translation for hosts of level 2.

An event never holds the record that it is about: it names it, and says what happened. Its action is
no status (`resubmission_requested`, `transferred`), so all that follows from it is which records
are read again.
"""

from __future__ import annotations

from typing import Any, NamedTuple

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


class _Said(NamedTuple):
    """What an event says, whatever it is about and whenever it was."""

    kind: str
    link: str
    action: str
    details: tuple[str, str, str, str, bool]  # as the fields of EventRecord from `origin` on
    dirty: tuple[tuple[str, StreamKind], ...]


# An account says a few dozen things again and again, so they are worked out once; by the six values
# that say it, as they came.
_remembered: dict[tuple[object, ...], _Said] = {}
_MOST_REMEMBERED = 4_096


def _worked_out(values: tuple[object, ...]) -> _Said:
    kind, action, origin, cause, reason_code, words = [text(value) or "" for value in values]
    kind, action = kind or "unknown", action or "unknown"
    is_failure = action in _FAILURES.get(kind, ()) or (
        origin == "bank" and action in _FAILURES_BY_THE_BANK.get(kind, ())
    )
    details = (origin, cause, reason_code, words, is_failure)
    said = _Said(kind, kind.removesuffix("s"), action, details, _DIRTY.get(kind, ()))
    # Texts alone: as a key, 1 is the same as 1.0 and true.
    if len(_remembered) < _MOST_REMEMBERED and all(
        value is None or type(value) is str for value in values
    ):
        _remembered[values] = said
    return said


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
    links = links_of(record)
    details = get("details")
    detail = (details if isinstance(details, dict) else _NOTHING).get
    values = (
        get("resource_type"),
        get("action"),
        detail("origin"),
        detail("cause"),
        detail("reason_code"),
        detail("description"),
    )
    try:
        said = _remembered[values]
    except (KeyError, TypeError):  # TypeError: one is a list or an object
        said = _worked_out(values)
    about = text(links.get(said.link))
    if said.kind == "creditors" and said.action == "bounced_payout":  # it is the payout that did
        payout = text(links.get("payout"))
        if payout is not None:
            said = _worked_out(("payouts", "bounced", *said.details[:4]))
            about = payout
    dirty = [
        (stream, changed)
        for name, stream in said.dirty
        if name in links and (changed := text(links[name])) is not None
    ]
    return EventRecord(
        identity,
        created_at,
        said.kind,
        about or "",
        said.action,
        *said.details,
        tuple(dirty) if len(dirty) < 2 else tuple(dict.fromkeys(dirty)),
    )


def is_nameless_bounce(event: object) -> bool:
    """Whether it tells that a payout bounced, but not which."""
    return isinstance(event, EventRecord) and (event.kind, event.action) == (
        "creditors",
        "bounced_payout",
    )
