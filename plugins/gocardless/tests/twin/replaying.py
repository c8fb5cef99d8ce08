"""What the documentation of the API says that an event does to the status of its resource."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Bodies = list[dict[str, Any]]

UNCHANGED = {
    "late_failure_settled",
    "chargeback_settled",
    "transferred",
    "amended",
    "payment_created",
    "refund_settled",
}
STATUS_AFTER = {
    ("payments", "created"): "pending_submission",
    ("payments", "resubmission_requested"): "pending_submission",
    ("payments", "customer_approval_granted"): "pending_submission",
    ("payments", "chargeback_cancelled"): "paid_out",
    ("mandates", "created"): "pending_submission",
    ("mandates", "resubmission_requested"): "pending_submission",
    ("mandates", "customer_approval_granted"): "pending_submission",
    ("mandates", "customer_approval_skipped"): "pending_submission",
    ("mandates", "reinstated"): "active",
    ("mandates", "replaced"): "cancelled",
    ("refunds", "failed"): "bounced",
    ("payouts", "created"): "pending",
    ("subscriptions", "created"): "active",
    ("subscriptions", "resumed"): "active",
    ("subscriptions", "customer_approval_granted"): "active",
}
"""Where the status is not simply named as the action is."""

WAITING = ("pending_submission", "pending_customer_approval", "active")
"""A creation does not say whether the payer must approve first."""


def replayed(resource_type: str, events: Iterable[dict[str, Any]]) -> str | None:
    """The status that the events, oldest first, lead to; None for a payout not sent yet."""
    status = None
    for event in events:
        action = event["action"]
        if action not in UNCHANGED:
            status = STATUS_AFTER.get((resource_type, action), action)
    return status


def disagreements(resource_type: str, things: Bodies, events: Bodies) -> list[str]:
    """Where a thing's status is not the one that its events lead to.

    ``events`` are all events, in the order in which they were listed.
    """
    link = resource_type.removesuffix("s")
    by_thing: dict[str, Bodies] = {}
    for event in reversed(events):
        if event["resource_type"] == resource_type:
            by_thing.setdefault(event["links"][link], []).append(event)
    return [
        f"{thing['id']} is {thing['status']} after {[it['action'] for it in own]}"
        for thing in things
        if not _agrees(resource_type, thing["status"], own := by_thing.get(thing["id"], []))
    ]


def _agrees(resource_type: str, status: str, events: Bodies) -> bool:
    expected = replayed(resource_type, events)
    if resource_type == "payouts" and status in ("pending", "bounced"):
        return expected in (None, "paid")  # that a payout bounced is an event of the creditor
    if status == "suspended_by_payer":
        return expected == "active"  # nothing tells of it
    if [event["action"] for event in events] == ["created"] and status in WAITING:
        return expected in WAITING
    return status == expected
