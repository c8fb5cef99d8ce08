"""What an agent may do: three roles, each with all that the one below it may do."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """`viewer` reads, `operator` also imports and maps, `administrator` also enables, configures,
    sees the audit log and manages agents."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"

    def allows(self, needed: Role) -> bool:
        """Whether somebody with this role may do what `needed` is the least role for."""
        return _RANKS[self] >= _RANKS[needed]

    def no_more_than(self, most: Role) -> Role:
        """The lower of the two."""
        return self if most.allows(self) else most


_RANKS = {role: rank for rank, role in enumerate(Role)}
