"""Halo Host: a service desk's host for payment plugins. This module is the public API.

A plugin may import these names and nothing else of the host. They load when first used, so that
importing the package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
HOOK_API = 1

if TYPE_CHECKING:
    from .errors import ProviderError
    from .markers import hookimpl
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
        Tab,
        TabContext,
        UnreadableRecord,
        User,
    )

__all__ = [
    "HOOK_API",
    "CheckMessage",
    "CheckResult",
    "Connection",
    "Demo",
    "DemoConnection",
    "DemoCustomer",
    "DemoPerson",
    "EndOfList",
    "ExternalUser",
    "Integration",
    "MappableField",
    "Money",
    "Payment",
    "PaymentPage",
    "PaymentQuery",
    "PaymentState",
    "ProviderError",
    "Secret",
    "Tab",
    "TabContext",
    "UnreadableRecord",
    "User",
    "__version__",
    "hookimpl",
]

_HOMES = {"ProviderError": ".errors", "hookimpl": ".markers"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, ".types"), __name__), name)
