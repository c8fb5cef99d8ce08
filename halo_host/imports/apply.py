"""Apply planned rows, a batch in one transaction: users, values, links, audit and row states.

Each row is checked again against the directory as it is now. What has changed since the plan is
refused with its reason, and the next import looks at it anew.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Column, Connection, bindparam, insert, select, update

from ..database.among import among, many_integers, many_texts
from ..database.bulk import execute_rows, insert_rows
from ..database.columns import email_key, encode_json, stored_time
from ..database.database import Database
from ..database.ids import allocate_ids
from ..database.tables import (
    CORE_FIELDS,
    audit_log,
    change_rows,
    custom_field_values,
    links,
    sites,
    users,
)
from ..jobs.lease import Counts, Lease
from ..plurals import counted
from . import change_sets, held, lookups
from .change_sets import ChangeRow, RowState
from .held import Reason
from .policies import Values
from .rules import Action, Rule
from .user_values import custom_rows, user_columns, write_values

TIDY_EVERY = 4  # batches; about 20 MB in SQLite's write-ahead log
BATCH = 500  # rows a transaction: others wait for the write lock no longer than that takes
_USER_COLUMNS = ("id", "site_id", "reference", *CORE_FIELDS, "email_key", "created_at")
_LINK_COLUMNS = (
    "id",
    "connection_id",
    "external_id",
    "digest",
    "user_id",
    "written",
    "created_at",
)
_AUDIT_COLUMNS = (
    "at",
    "agent",
    "action",
    "entity",
    "entity_id",
    "before",
    "after",
    "change_set_id",
)
_TEXTS, _NUMBERS = many_texts("ids"), many_integers("ids")
_OUTCOME = ("state", "user_id", "note", "the_set", "the_position")
_set_outcome = (
    update(change_rows)
    .where(
        change_rows.c.change_set_id == bindparam("the_set"),
        change_rows.c.position == bindparam("the_position"),
    )
    .values(state=bindparam("state"), user_id=bindparam("user_id"), note=bindparam("note"))
)
_one_link = (
    links.c.connection_id == bindparam("the_connection"),
    links.c.external_id == bindparam("the_payer"),
)


@dataclass(frozen=True, slots=True)
class Work:
    """What every row of an import's apply, undo or resolve is done for."""

    connection_id: int
    slug: str
    agent: str
    now: datetime


@dataclass(slots=True)
class Outcome:
    """What became of a row; `user_id` is the user that it made or changed.

    `after_json` keeps the row's values as JSON where they have been encoded already.
    """

    row: ChangeRow
    state: RowState = RowState.APPLIED
    user_id: int | None = None
    note: str = ""
    after_json: str = ""


def apply_all(
    database: Database,
    lease: Lease,
    number: int,
    work: Callable[[], Work],
    progress: Callable[[int], None],
) -> None:
    """Apply every pending row; killed anywhere, called again it goes on with the rest."""
    last = 0
    while True:
        with database.read() as connection:
            batch = change_sets.rows(
                connection, number, state=RowState.PENDING, after_position=last, limit=BATCH
            )
        with database.write() as connection:
            lease.renew(connection, add=_counted(batch), step=f"{counted(last, 'row')} applied")
            apply_rows(connection, batch, work())
        progress(len(batch))
        if len(batch) < BATCH:
            return
        last = batch[-1].position
        if last // BATCH % TIDY_EVERY == 0:
            database.tidy()


def _counted(batch: Sequence[ChangeRow]) -> Counts:
    new = sum(row.action is Action.NEW for row in batch)
    return Counts(new=new, changed=len(batch) - new)


def apply_rows(connection: Connection, batch: Sequence[ChangeRow], work: Work) -> list[Outcome]:
    """Apply the rows of one batch in the transaction of `connection`."""
    outcomes = [Outcome(row, user_id=row.user_id) for row in batch]
    _apply_new([it for it in outcomes if it.row.action is Action.NEW], connection, work)
    existing = [it for it in outcomes if it.row.action in (Action.LINK, Action.UPDATE)]
    _apply_existing(existing, connection, work)
    _apply_presence(
        [it for it in outcomes if it.row.action in (Action.REMOVED, Action.RETURNED)],
        connection,
        work,
    )
    _apply_skipped([it for it in outcomes if it.row.action is Action.SKIPPED], connection, work)
    record_outcomes(connection, outcomes)
    applied = [it for it in outcomes if it.state is RowState.APPLIED]
    record_audit(connection, applied, work, "import")
    return outcomes


def record_outcomes(connection: Connection, outcomes: Sequence[Outcome]) -> None:
    """Note on the rows what became of them."""
    execute_rows(
        connection,
        _set_outcome,
        _OUTCOME,
        [(it.state, it.user_id, it.note, it.row.change_set, it.row.position) for it in outcomes],
    )


def record_audit(
    connection: Connection, outcomes: Sequence[Outcome], work: Work, verb: str
) -> None:
    """One audit row a change; undoing swaps before and after."""
    at = stored_time(work.now)
    undone = verb == "undo"
    rows = []
    for it in outcomes:
        before = encode_json(it.row.before) if it.row.before else "{}"
        after = it.after_json or encode_json(it.row.after)
        rows.append(
            (
                at,
                work.agent,
                f"{verb}.{it.row.action}",
                "user",
                "" if it.user_id is None else str(it.user_id),
                after if undone else before,
                before if undone else after,
                it.row.change_set,
            )
        )
    insert_rows(connection, audit_log, _AUDIT_COLUMNS, rows)


# --- new users -----------------------------------------------------------------------------------


def _apply_new(outcomes: list[Outcome], connection: Connection, work: Work) -> None:
    if not outcomes:
        return
    _refuse_new(outcomes, connection, work)
    good = [it for it in outcomes if it.state is RowState.APPLIED]
    at = stored_time(work.now)
    user_rows: list[tuple[Any, ...]] = []
    value_rows: list[tuple[int, int, str]] = []
    link_rows: list[tuple[Any, ...]] = []
    user_ids = allocate_ids(connection, users, len(good))
    link_ids = allocate_ids(connection, links, len(good))
    for it, user_id, link_id in zip(good, user_ids, link_ids):
        row = it.row
        it.user_id = user_id
        it.after_json = encode_json(row.after)
        reference = f"{work.slug}:{row.external_id}"
        user_rows.append((user_id, row.site_id, reference, *user_columns(row.after), at))
        value_rows += custom_rows(user_id, row.after)
        link_rows.append(
            (
                link_id,
                work.connection_id,
                row.external_id,
                row.digest,
                user_id,
                it.after_json,
                at,
            )
        )
    insert_rows(connection, users, _USER_COLUMNS, user_rows)
    insert_rows(
        connection, custom_field_values, ("user_id", "custom_field_id", "value"), value_rows
    )
    insert_rows(connection, links, _LINK_COLUMNS, link_rows)


def _refuse_new(outcomes: list[Outcome], connection: Connection, work: Work) -> None:
    linked = lookups.noted_links(
        connection, work.connection_id, [it.row.external_id for it in outcomes]
    )
    wanted_sites = {it.row.site_id for it in outcomes if it.row.site_id is not None}
    present_sites = set(_present(connection, sites.c.id, _NUMBERS, wanted_sites))
    emails = {email_key(it.row.after["email"]) for it in outcomes if it.row.after.get("email")}
    taken_emails = lookups.users_by_email(connection, emails)
    references = [f"{work.slug}:{it.row.external_id}" for it in outcomes]
    taken_references = set(_present(connection, users.c.reference, _TEXTS, references))
    for it, reference in zip(outcomes, references):
        email = email_key(it.row.after.get("email", ""))
        if it.row.external_id in linked:
            _refuse(it, "The payer has been linked to a user since.")
        elif it.row.site_id not in present_sites:
            _refuse(it, "The site is no longer there.")
        elif email in taken_emails and it.row.rule is not Rule.BY_HAND:
            _refuse(it, "A user with this e-mail address has been added since.")
        elif reference in taken_references:
            _refuse(it, f"Another user has the reference {reference}.")


def _present(
    connection: Connection, column: Column[Any], wanted: BindParameter[Any], values: Collection[Any]
) -> list[Any]:
    """Those of `values` that the column holds."""
    if not values:
        return []
    query = select(column).where(among(column, wanted))
    return list(connection.scalars(query, {wanted.key: values}))


# --- users who are there -------------------------------------------------------------------------


def _apply_existing(outcomes: list[Outcome], connection: Connection, work: Work) -> None:
    if not outcomes:
        return
    _refuse_existing(outcomes, connection, work)
    good = [it for it in outcomes if it.state is RowState.APPLIED]
    write_values(connection, {it.user_id: it.row.after for it in good if it.user_id is not None})
    for it in good:
        if it.row.action is Action.LINK:
            connection.execute(
                insert(links).values(
                    id=allocate_ids(connection, links)[0],
                    connection_id=work.connection_id,
                    external_id=it.row.external_id,
                    user_id=it.user_id,
                    written=it.row.after,
                    created_at=work.now,
                )
            )
    updated = [it for it in good if it.row.action is Action.UPDATE]
    change_written(connection, work, updated, lambda it, written: written | it.row.after)
    for it in updated:
        if it.row.rule is Rule.BY_HAND:  # of several payers of one user, this one leads
            connection.execute(
                update(links)
                .filter_by(connection_id=work.connection_id, user_id=it.user_id)
                .values(leads=links.c.external_id == it.row.external_id)
            )


def _refuse_existing(outcomes: list[Outcome], connection: Connection, work: Work) -> None:
    user_ids = {it.user_id for it in outcomes if it.user_id is not None}
    current = lookups.current_values(connection, user_ids)
    payers = lookups.payers_of_users(connection, work.connection_id, user_ids)
    linked = lookups.links_of(
        connection, work.connection_id, [it.row.external_id for it in outcomes]
    )
    for it in outcomes:
        link = linked.get(it.row.external_id)
        if it.user_id not in current:
            _refuse(it, "The user is no longer there.")
        elif it.row.action is Action.UPDATE and (link is None or link.user_id != it.user_id):
            _refuse(it, "The payer is no longer linked to this user.")
        elif it.row.action is Action.LINK and link is not None:
            _refuse(it, "The payer has been linked to a user since.")
        elif (
            it.row.action is Action.LINK
            and it.row.rule is not Rule.BY_HAND
            and (payers.get(it.user_id))
        ):
            _refuse(it, "The user has been linked to another payer since.")
        elif changed := differing(current[it.user_id], it.row.before):
            _refuse(it, f"Changed since: {', '.join(changed)}.")


def differing(current: Values, expected: Values) -> list[str]:
    """The fields whose present value is not the expected one."""
    return [name for name, value in expected.items() if current.get(name, "") != value]


def change_written(
    connection: Connection,
    work: Work,
    outcomes: Sequence[Outcome],
    change: Callable[[Outcome, Values], Values],
) -> None:
    """Note on the links what the import has written, or no longer has."""
    if not outcomes:
        return
    linked = lookups.links_of(
        connection, work.connection_id, [it.row.external_id for it in outcomes]
    )
    connection.execute(
        update(links).where(*_one_link).values(written=bindparam("written")),
        [
            {
                "the_connection": work.connection_id,
                "the_payer": it.row.external_id,
                "written": change(it, linked[it.row.external_id].written_values),
            }
            for it in outcomes
        ],
    )


# --- payers that the provider removed, or holds again --------------------------------------------


def _apply_presence(outcomes: list[Outcome], connection: Connection, work: Work) -> None:
    linked = lookups.links_of(
        connection, work.connection_id, [it.row.external_id for it in outcomes]
    )
    for it in outcomes:
        link = linked.get(it.row.external_id)
        if link is None or (link.removed_at is None) is (it.row.action is Action.RETURNED):
            _refuse(it, "The payer is no longer linked, or this was noted already.")
    good = [it for it in outcomes if it.state is RowState.APPLIED]
    set_removed(
        connection,
        work,
        [(it, work.now if it.row.action is Action.REMOVED else None) for it in good],
    )


def set_removed(
    connection: Connection, work: Work, outcomes: Sequence[tuple[Outcome, datetime | None]]
) -> None:
    """Note on links since when the provider no longer holds the payer."""
    if outcomes:
        connection.execute(
            update(links).where(*_one_link).values(removed_at=bindparam("removed_at"), digest=""),
            [
                {
                    "the_connection": work.connection_id,
                    "the_payer": it.row.external_id,
                    "removed_at": at,
                }
                for it, at in outcomes
            ],
        )


def _apply_skipped(outcomes: list[Outcome], connection: Connection, work: Work) -> None:
    """Payers that an operator wants to be left alone."""
    if outcomes:
        rows = [it.row for it in outcomes]
        held.hold(connection, work.connection_id, rows, Reason.SKIPPED, work.now)
    for it in outcomes:
        it.note = f"Decided by {work.agent}."


def _refuse(outcome: Outcome, note: str) -> None:
    outcome.state = RowState.REFUSED
    outcome.note = note
