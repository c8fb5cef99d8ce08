"""What the creditor is owed and owes, until a payout settles it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ..lanes import Body


class Due(NamedTuple):
    """One entry; ``amount`` is in minor units of the payout's currency, negative for a debit.

    ``about`` is the id of the payment or refund.
    """

    due_ms: int
    type: str
    amount: int
    about: str
    links: dict[str, str]
    fee: int = 0

    def items(self) -> list[Body]:
        """The lines that it makes in a payout."""
        lines = [_line(self.type, self.amount, self.links)]
        if self.fee:
            lines.append(_line("gocardless_fee", -self.fee, self.links))
        return lines

    @property
    def net(self) -> int:
        """What it changes in the payout's amount."""
        return self.amount - self.fee


def _line(item_type: str, amount: int, links: dict[str, str]) -> Body:
    return {"amount": f"{amount}.0", "type": item_type, "links": dict(links), "taxes": []}


class Ledger:
    """The entries of each currency, in the order in which they came."""

    def __init__(self) -> None:
        self._entries: dict[str, list[Due]] = {}

    def add(self, currency: str, due: Due) -> None:
        """Keep an entry for a payout in this currency."""
        self._entries.setdefault(currency, []).append(due)

    def entries(self, currency: str) -> list[Due]:
        """All that is not settled yet."""
        return list(self._entries.get(currency, ()))

    def find(self, currency: str, about: str, item_type: str) -> Due | None:
        """The entry of this type about a thing."""
        for due in self._entries.get(currency, ()):
            if (due.about, due.type) == (about, item_type):
                return due
        return None

    def remove(self, currency: str, gone: Iterable[Due]) -> None:
        """Take entries out: they are settled, or no longer owed."""
        dropped = set(map(id, gone))
        kept = [due for due in self._entries.get(currency, ()) if id(due) not in dropped]
        self._entries[currency] = kept
