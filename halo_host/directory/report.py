"""What loading a file did: counts of customers, sites and users, and the rows it skipped."""

from __future__ import annotations

from dataclasses import dataclass, field

from .sheet import Problem


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of the things that a file names were new, changed, or as the file has them."""

    added: int
    changed: int
    unchanged: int


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadReport:
    customers: Counts
    sites: Counts
    users: Counts
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]


@dataclass(slots=True)
class Tally:
    """Counts each thing once, however many rows name it."""

    _seen: set[int] = field(default_factory=set)
    _added: set[int] = field(default_factory=set)
    _changed: set[int] = field(default_factory=set)

    def count(self, number: int, *, added: bool = False, changed: bool = False) -> None:
        self._seen.add(number)
        if added:
            self._added.add(number)
        if changed:
            self._changed.add(number)

    @property
    def counts(self) -> Counts:
        changed = self._changed - self._added
        return Counts(
            added=len(self._added),
            changed=len(changed),
            unchanged=len(self._seen) - len(self._added) - len(changed),
        )
