"""Rows of the audit log in words: who did what, to whom, and what was before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ...audit import AuditEntry
from ...audit_search import AuditFilter, FoundEntry, found_entries
from ...host import Host
from ..directory.words import CORE_LABELS
from ..shell.pages import the_host
from ..shell.paging import Pager, followed

PAGE_SIZE = 50
_WORDS = {
    "import.new": "Added by an import",
    "import.link": "Linked by an import",
    "import.update": "Updated by an import",
    "import.skipped": "Skipped by an import",
    "import.placed": "Row of an import placed",
    "undo.new": "Addition undone",
    "undo.link": "Link undone",
    "undo.update": "Update undone",
    "undo.skipped": "Skipping undone",
    "customer.invoice-site": "Invoice site changed",
    "job.cancelled": "Run cancelled",
}
_ADDRESSES = {
    "user": "/users/{}",
    "customer": "/customers/{}",
    "change set": "/imports/{}",
    "connection": "/integrations/{}",
    "agent": "/configuration/agents/{}",
}
_ENTITIES = {"change set": "Import"}
# Values that are the number of something, or its slug.
_HOLDS = {
    "site_id": "site",
    "invoice_site": "site",
    "customer_id": "customer",
    "connection": "connection",
    "user": "user",
    "site": "site",
}
_NAMES = {
    **CORE_LABELS,
    "site_id": "Site",
    "customer_id": "Customer",
    "is_invoice_site": "Invoice site",
    "invoice_site": "Invoice site",
    "name": "Name",
    "reference": "Reference",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One value of a change; an absent side is empty."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A change as a table shows it. `url` leads to what was changed, where it has a page."""

    at: datetime
    agent: str
    action: str
    what: str
    url: str
    differences: Sequence[Difference]
    change_set: int | None


@dataclass(frozen=True, slots=True)
class Known:
    """Names by entity and number, and of custom fields by what imports call them."""

    things: Mapping[tuple[str, str], str]
    fields: Mapping[str, str]


def entries_of(entity: str, number: int) -> tuple[Sequence[Entry], Pager]:
    """A page of the changes of one user, or of one customer and its sites."""
    if entity == "customer":
        return found_page(AuditFilter(customer=number))
    return found_page(AuditFilter(entity=entity, entity_id=str(number)))


def found_page(wanted: AuditFilter) -> tuple[Sequence[Entry], Pager]:
    """The page of these changes that the address asks for."""
    host = the_host()

    def read(limit: int, after: int) -> Sequence[FoundEntry]:
        return found_entries(host.database, wanted, before=after or None, limit=limit)

    rows, pager = followed(read, PAGE_SIZE, lambda it: it.id)
    known = _known(host, [it.entry for it in rows])
    return [in_words(it.entry, known) for it in rows], pager


def in_words(it: AuditEntry, known: Known) -> Entry:
    before, after = it.before or {}, it.after or {}
    keys = [*before, *(key for key in after if key not in before)]
    row = after.get("row") if it.entity == "change set" else None
    if row is not None:  # it says which one was changed, and never changes itself
        keys.remove("row")
    number = "" if it.entity_id == "None" else it.entity_id  # as an earlier version wrote it
    address = _ADDRESSES.get(it.entity, "") if number else ""
    return Entry(
        at=it.at,
        agent=it.agent,
        action=_WORDS.get(it.action, sentence(it.action)),
        what=known.things.get((it.entity, it.entity_id), "") or _numbered(it.entity, number, row),
        url=address.format(number),
        differences=[
            each
            for key in keys
            if (each := _difference(key, before.get(key), after.get(key), known)) is not None
        ],
        change_set=it.change_set_id,
    )


def _known(host: Host, entries: Sequence[AuditEntry]) -> Known:
    """What the numbers in these rows are called."""
    numbers: dict[str, set[int]] = {"user": set(), "customer": set(), "site": set()}
    for it in entries:
        if it.entity in numbers and it.entity_id.isdecimal():
            numbers[it.entity].add(int(it.entity_id))
        for values in (it.before or {}, it.after or {}):
            for key, entity in _HOLDS.items():
                if entity in numbers and isinstance(values.get(key), int):
                    numbers[entity].add(values[key])
    names = host.directory.names_of(
        users=numbers["user"], customers=numbers["customer"], sites=numbers["site"]
    )
    found = {"user": names.users, "customer": names.customers, "site": names.sites}
    agents = {it.id: it.name for it in host.agents.all()}
    things = {
        (entity, str(number)): name
        for entity, of_entity in {**found, "agent": agents}.items()
        for number, name in of_entity.items()
    }
    things |= {("connection", it.slug): it.name for it in host.connections.all()}
    return Known(things=things, fields=host.directory.custom_field_names())


def _numbered(entity: str, number: str, row: object) -> str:
    if entity == "user" and not number:
        return "A payer without a user"
    words = f"{entity_words(entity)} {number}".strip()
    return words if row is None else f"{words}, row {row}"


def _difference(key: str, before: Any, after: Any, known: Known) -> Difference | None:
    """None where neither side says anything."""
    was, now = _value(key, before, known), _value(key, after, known)
    if not was and not now:
        return None
    return Difference(_named(key, known.fields), was, now)


def _value(key: str, value: Any, known: Known) -> str:
    entity = _HOLDS.get(key, "")
    return known.things.get((entity, str(value)), "") or shown(value)


def shown(value: Any) -> str:
    """A value of a change as a person reads it."""
    if value is None or value in ("", {}, []):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {shown(each)}" for key, each in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(shown, value))
    return str(value)


def _named(key: str, names: Mapping[str, str]) -> str:
    if key in names:
        return names[key]
    if key.startswith("custom:"):
        return key.removeprefix("custom:")
    return _NAMES.get(key, key.replace("_", " ").capitalize())


def entity_words(entity: str) -> str:
    """What pages call a kind of thing."""
    return _ENTITIES.get(entity, sentence(entity))


def sentence(name: str) -> str:
    """An action or an entity in words: "custom-field.added" as "Custom field added"."""
    words = name.replace(".", " ").replace("-", " ").replace("_", " ")
    return words[:1].upper() + words[1:]
