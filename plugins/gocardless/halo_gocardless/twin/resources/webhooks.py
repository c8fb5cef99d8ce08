"""Sending a webhook of the log again."""

from __future__ import annotations

from typing import Any

from ..lanes import Body
from ..parameters import Parameters
from ..store import Store


def retry(store: Store, identity: str, values: dict[str, Any]) -> Body:
    """Queue a webhook once more, whether it succeeded or not; gives it as it stands."""
    store.collections["webhooks"].get(identity)
    Parameters("data", values, []).check()
    return store.webhooks.retry(identity)
