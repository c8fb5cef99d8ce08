"""What a tab may ask of the host while it loads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ..tab_types import MirrorView
from ..types import PaymentPage, PaymentQuery


@dataclass(slots=True)
class Context:
    """A `halo_host.TabContext`. `takes_query`: the tab has asked what the viewer wants to see."""

    external_user_ids: tuple[str, ...]
    asked: PaymentQuery
    now: datetime
    list_payments: Callable[[PaymentQuery], PaymentPage]
    mirror: MirrorView | None = None
    next_cursor: str | None = None
    takes_query: bool = False

    @property
    def query(self) -> PaymentQuery:
        self.takes_query = True
        return self.asked

    def payments(self, query: PaymentQuery) -> PaymentPage:
        page = self.list_payments(query)
        self.next_cursor = page.next_cursor
        return page
