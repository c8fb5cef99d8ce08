"""Changing payouts: GoCardless makes them, the creditor only writes their metadata."""

from __future__ import annotations

from typing import Any

from ..lanes import Body
from ..parameters import Parameters
from ..store import Store


def update(store: Store, identity: str, values: dict[str, Any]) -> Body:
    """Replace the metadata."""
    store.payouts.get(identity)
    parameters = Parameters("payouts", values, ["metadata"])
    changes = {"metadata": parameters.metadata()} if "metadata" in parameters else {}
    parameters.check()
    return store.payouts.change(identity, **changes)
