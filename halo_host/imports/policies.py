"""Which values an import writes: pure, one value at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from ..connections.matching import Policy
from ..database.tables import CORE_FIELDS

Values = dict[str, str]


@cache
def custom_name(custom_field_id: int) -> str:
    """How change rows name a custom field."""
    return f"custom:{custom_field_id}"


class MappedField(NamedTuple):
    """A metadata key and the custom field that it fills, under its name in change rows."""

    metadata_key: str
    name: str
    policy: Policy


@dataclass(frozen=True, slots=True)
class FieldPolicies:
    """All that an import may write: the core fields in their order, then the mapped ones."""

    core: tuple[Policy, ...]
    mapped: tuple[MappedField, ...]

    def offered(self, core: Sequence[str], metadata: Mapping[str, str]) -> Values:
        """Every value of a payer that is not empty: what a new user gets."""
        values = {name: value for name, value in zip(CORE_FIELDS, core) if value}
        for field in self.mapped:
            if value := metadata.get(field.metadata_key):
                values[field.name] = value
        return values

    def same(
        self, core: Sequence[str], metadata: Mapping[str, str], there: Sequence[str], custom: Values
    ) -> bool:
        """Whether a payer offers just what its user has: the short way for most rows."""
        if core != there:
            return False
        for field in self.mapped:
            if metadata.get(field.metadata_key, "") != custom.get(field.name, ""):
                return False
        return True

    def changes(self, offered: Values, current: Values, written: Values) -> tuple[Values, Values]:
        """What to change of a user who is there already: (before, after)."""
        before: Values = {}
        after: Values = {}
        for name, policy in self._named():
            there, new = current.get(name, ""), offered.get(name, "")
            if there != new and _writes(policy, there, new, written.get(name)):
                before[name], after[name] = there, new
        return before, after

    def _named(self) -> list[tuple[str, Policy]]:
        return [
            *zip(CORE_FIELDS, self.core),
            *((field.name, field.policy) for field in self.mapped),
        ]


def _writes(policy: Policy, there: str, new: str, written: str | None) -> bool:
    """Whether `new` replaces `there`, which differs; `written` is what an import wrote last."""
    match policy:
        case Policy.NEW_USERS:
            return False
        case Policy.KEEP:
            return not there
        case Policy.FOLLOW:
            return bool(new) and (not there or there == written)
        case Policy.OVERWRITE:
            return bool(new)
        case Policy.WRITE_EMPTY:
            return True
