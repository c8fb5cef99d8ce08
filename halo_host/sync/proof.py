"""What a comparison of the mirror with its provider has found."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..plurals import counted
from ..streams import StreamKind
from ..types import Money


class DifferenceKind(enum.StrEnum):
    MISSING = "missing"  # the provider has it, the mirror does not
    GONE = "gone"  # the mirror has it, the provider does not
    STATUS = "status"
    CONTENT = "content"


@dataclass(frozen=True, slots=True)
class Difference:
    """One record that is not the same on both sides.

    `mirror` and `provider` are its status on each, or both what differs beside the status. Of
    payout items `id` is the payout whose lines they are.
    """

    kind: StreamKind
    id: str
    what: DifferenceKind
    mirror: str
    provider: str

    def __str__(self) -> str:
        match self.what:
            case DifferenceKind.MISSING:
                said = f"is at the provider ({self.provider}) and not in the mirror"
            case DifferenceKind.GONE:
                said = f"is in the mirror ({self.mirror}) and not at the provider"
            case DifferenceKind.STATUS:
                said = f"is {self.mirror} in the mirror and {self.provider} at the provider"
            case DifferenceKind.CONTENT:
                said = f"has not the same {self.mirror} in the mirror as at the provider"
        return f"{self.kind.value} {self.id} {said}"


@dataclass(slots=True)
class Side:
    """What one side holds of one kind."""

    records: int = 0
    sums: Counter[str] = field(default_factory=Counter)

    def add(self, amount: int, currency: str) -> None:
        self.sums[currency] += amount

    def as_dict(self) -> dict[str, Any]:
        return {
            "records": self.records,
            "sums": {
                currency: str(Money(amount=amount, currency=currency))
                for currency, amount in sorted(self.sums.items())
            },
        }


@dataclass(frozen=True, slots=True)
class Proof:
    """A comparison that has ended.

    `counts` is, by kind, what the mirror and the provider hold: records, and sums by currency.
    `differences` are those that were found, `left` those that a repair did not mend.
    """

    connection: str
    at: datetime
    differences: Sequence[Difference]
    left: Sequence[Difference]
    repaired: int
    counts: Mapping[str, Any]

    def __str__(self) -> str:
        found, payers = len(self.differences), self.payers
        said = f"{counted(found, 'difference')} in {counted(payers, 'payer')}."
        if not self.repaired:
            return said
        were = "was" if self.repaired == 1 else "were"
        return f"{said} {counted(self.repaired, 'record')} {were} mended."

    @property
    def payers(self) -> int:
        return int(self.counts.get("customers", {}).get("provider", {}).get("records", 0))
