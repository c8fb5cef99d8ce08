"""Halo Host: a service desk's host for payment plugins. This module is the public API.

A plugin may import these names and nothing else of the host. They load when first used, so that
importing the package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.2.2"
HOOK_API = 2

if TYPE_CHECKING:
    from .errors import ProviderError
    from .markers import hookimpl
    from .streams import (
        Batch,
        EventRecord,
        MandateRecord,
        MandateState,
        Meaning,
        PaymentRecord,
        PayoutItemRecord,
        PayoutRecord,
        PayoutState,
        RefundRecord,
        RefundState,
        Stream,
        StreamKind,
        StreamPage,
        StreamReader,
        SubscriptionRecord,
        SubscriptionState,
        Usage,
        WebhookRequest,
        WebhookVerdict,
    )
    from .tab_types import (
        CurrencyTotal,
        Freshness,
        Mandate,
        MirrorView,
        Payout,
        Refund,
        Subscription,
        Tab,
        TabContext,
        TimelineEntry,
    )
    from .types import (
        CheckMessage,
        CheckResult,
        Connection,
        Demo,
        DemoConnection,
        DemoCustomer,
        DemoPerson,
        EndOfList,
        ExternalUser,
        Integration,
        MappableField,
        Money,
        Payment,
        PaymentPage,
        PaymentQuery,
        PaymentState,
        Secret,
        UnreadableRecord,
        User,
    )

__all__ = [
    "HOOK_API",
    "Batch",
    "CheckMessage",
    "CheckResult",
    "Connection",
    "CurrencyTotal",
    "Demo",
    "DemoConnection",
    "DemoCustomer",
    "DemoPerson",
    "EndOfList",
    "EventRecord",
    "ExternalUser",
    "Freshness",
    "Integration",
    "Mandate",
    "MandateRecord",
    "MandateState",
    "MappableField",
    "Meaning",
    "MirrorView",
    "Money",
    "Payment",
    "PaymentPage",
    "PaymentQuery",
    "PaymentRecord",
    "PaymentState",
    "Payout",
    "PayoutItemRecord",
    "PayoutRecord",
    "PayoutState",
    "ProviderError",
    "Refund",
    "RefundRecord",
    "RefundState",
    "Secret",
    "Stream",
    "StreamKind",
    "StreamPage",
    "StreamReader",
    "Subscription",
    "SubscriptionRecord",
    "SubscriptionState",
    "Tab",
    "TabContext",
    "TimelineEntry",
    "UnreadableRecord",
    "Usage",
    "User",
    "WebhookRequest",
    "WebhookVerdict",
    "__version__",
    "hookimpl",
]

_HOMES = {"ProviderError": ".errors", "hookimpl": ".markers"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    homes = (_HOMES[name],) if name in _HOMES else (".types", ".streams", ".tab_types")
    for home in homes:
        found = getattr(import_module(home, __name__), name, None)
        if found is not None:
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
