"""The audit log as rows of CSV, for spreadsheet programs and others."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from .audit import AuditEntry
from .directory.formulas import neutralised

HEADINGS = ("at", "agent", "action", "entity", "entity_id", "change_set", "before", "after")


def csv_rows(entries: Iterable[AuditEntry]) -> Iterator[Sequence[object]]:
    """Cells in the order of `HEADINGS`; before and after as JSON, which no program runs."""
    for it in entries:
        yield (
            it.at.isoformat().replace("+00:00", "Z"),
            neutralised(it.agent),
            it.action,
            it.entity,
            neutralised(it.entity_id),
            "" if it.change_set_id is None else it.change_set_id,
            _json(it.before),
            _json(it.after),
        )


def _json(value: object) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)
