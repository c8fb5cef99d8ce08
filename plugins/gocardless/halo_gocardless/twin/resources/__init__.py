"""What each resource type can do: the routes of the API, and the rules behind them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..lanes import Body
from ..store import Store
from . import (
    bank_accounts,
    customers,
    mandates,
    payments,
    payouts,
    refunds,
    subscriptions,
    webhooks,
)

Create = Callable[[Store, dict[str, Any]], Body]
Change = Callable[[Store, str, dict[str, Any]], Body]


@dataclass(frozen=True)
class Operations:
    """The writing operations of a resource type; reading is the same for all."""

    create: Create | None = None
    update: Change | None = None
    remove: Callable[[Store, str], None] | None = None
    actions: Mapping[str, Change] = field(default_factory=dict)


OPERATIONS: dict[str, Operations] = {
    "customers": Operations(customers.create, customers.update, customers.remove),
    "customer_bank_accounts": Operations(
        bank_accounts.create, bank_accounts.update, actions={"disable": bank_accounts.disable}
    ),
    "mandates": Operations(
        mandates.create,
        mandates.update,
        actions={"cancel": mandates.cancel, "reinstate": mandates.reinstate},
    ),
    "payments": Operations(
        payments.create,
        payments.update,
        actions={"cancel": payments.cancel, "retry": payments.retry},
    ),
    "refunds": Operations(refunds.create, refunds.update),
    "payouts": Operations(update=payouts.update),
    "subscriptions": Operations(
        subscriptions.create,
        subscriptions.update,
        actions={
            "cancel": subscriptions.cancel,
            "pause": subscriptions.pause,
            "resume": subscriptions.resume,
        },
    ),
    "events": Operations(),
    "creditors": Operations(),
    "webhooks": Operations(actions={"retry": webhooks.retry}),
}
