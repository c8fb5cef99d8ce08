"""What the dashboard's "send test webhook" sends: an event about nothing that exists."""

from __future__ import annotations

from ..business.draw import Draw
from ..causes import cause_of
from ..lanes import Body

CHOICES = {
    "mandates": ("created", "submitted", "active", "failed", "cancelled", "expired"),
    "payments": (
        "created",
        "submitted",
        "confirmed",
        "paid_out",
        "failed",
        "charged_back",
        "cancelled",
    ),
    "refunds": ("created", "paid"),
    "payouts": ("paid",),
    "subscriptions": ("created", "payment_created"),
}
"""What a test webhook can be about: resource type → actions."""

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RESOURCE_LINK = "index_ID_123"
_FURTHER_LINKS = {
    ("payments", "paid_out"): {"payout": "payout_ID_123"},
    ("subscriptions", "payment_created"): {"payment": "payment_ID_123"},
}


def trial_event(resource_type: str, action: str, created_at: str, seed: int, number: int) -> Body:
    """The event of a test webhook; ValueError for a type or action that it cannot be about."""
    if not isinstance(resource_type, str) or resource_type not in CHOICES:
        raise ValueError("resource_type must be one of " + ", ".join(CHOICES))
    if action not in CHOICES[resource_type]:
        raise ValueError("action must be one of " + ", ".join(CHOICES[resource_type]))
    cause = cause_of(resource_type, action, {"links": {}}, number)
    details = {"origin": cause.origin, "cause": cause.cause, "description": cause.description}
    if cause.origin == "bank":
        details["scheme"] = "bacs"
    if cause.reason_code is not None:
        details["reason_code"] = cause.reason_code
    links = {resource_type.removesuffix("s"): _RESOURCE_LINK}
    draw = Draw(seed, "test webhook", number)
    return {
        "id": "EVTEST" + "".join(draw.pick(_ALPHABET) for _ in range(8)),
        "created_at": created_at,
        "resource_type": resource_type,
        "action": action,
        "metadata": {},
        "details": details,
        "links": links | _FURTHER_LINKS.get((resource_type, action), {}),
        "resource_metadata": {},
    }
