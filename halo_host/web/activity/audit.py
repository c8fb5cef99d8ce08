"""The audit log: filters, and all that they find as a file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import Response, request

from ...agents.roles import Role
from ...audit_file import HEADINGS, csv_rows
from ...audit_search import AuditFilter, known_authors, known_entities, streamed_entries
from ...csv_texts import csv_texts
from ...host import Host
from ..shell.pages import page, requires, the_host, wants_fragment
from ..shell.paging import here
from .blueprint import views
from .entries import entity_words, found_page
from .tabs import activity_tabs


@views.get("/activity/audit")
@requires(Role.ADMINISTRATOR)
def audit_log() -> Response:
    host = the_host()
    entries, pager = found_page(_wanted())
    entities = known_entities(host.database)
    return page(
        "activity/audit.html",
        title="Activity",
        area="activity",
        fragment="rows",
        tabs=activity_tabs(),
        entries=entries,
        pager=pager,
        entities=[("", "Everything"), *((it, entity_words(it)) for it in entities)],
        agents=[("", "Everybody"), *((it, it) for it in _everybody(host))],
        is_part=wants_fragment(),
        csv_url=here(after=None).replace("/activity/audit", "/activity/audit.csv", 1),
    )


@views.get("/activity/audit.csv")
@requires(Role.ADMINISTRATOR)
def audit_file() -> Response:
    """All rows that the filter finds, written as they are read."""
    entries = streamed_entries(the_host().database, _wanted())
    answer = Response(csv_texts(HEADINGS, csv_rows(entries)), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="audit-log.csv"'
    return answer


def _everybody(host: Host) -> Sequence[str]:
    """Agents, and whoever else has changed something: the author of a command, a schedule."""
    names = {it.name for it in host.agents.all()} | set(known_authors(host.database))
    return sorted(names, key=str.casefold)


def _wanted() -> AuditFilter:
    asked, zone = request.args, ZoneInfo(the_host().settings.timezone)
    first, last = _day(asked.get("from", "")), _day(asked.get("to", ""))
    return AuditFilter(
        agent=asked.get("agent", ""),
        entity=asked.get("entity", ""),
        entity_id=asked.get("id", ""),
        text=asked.get("q", ""),
        since=_begins(first, zone),
        until=_begins(last + timedelta(days=1), zone) if last else None,
    )


def _day(text: str) -> date | None:
    """A day between the years that every zone can reckon with; nonsense narrows nothing."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 1900 <= found.year <= 9000 else None


def _begins(day: date | None, zone: ZoneInfo) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), zone).astimezone(UTC)
