"""How change sets are printed: for people, as JSON, as CSV."""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

import click
import orjson

from ..directory.formulas import neutralised
from ..host import Host
from ..imports.change_sets import ChangeRow, ChangeSet, RowState, State
from ..imports.imports import Preview
from ..imports.planned_rows import PlannedRow
from ..imports.policies import Values
from ..imports.rules import Action
from .face import printable
from .output import in_utf8, print_json

_SAMPLE = 10
_INNER = {"change_set", "offered"}
_EXPLAINED = {
    Action.NEW: ("new user", "new users"),
    Action.LINK: ("user linked to its payer", "users linked to their payer"),
    Action.UPDATE: ("user updated", "users updated"),
    Action.CONFLICT: (
        "conflict, left alone until you resolve it",
        "conflicts, left alone until you resolve them",
    ),
    Action.SKIPPED: ("skipped", "skipped"),
    Action.REMOVED: (
        "payer gone at the provider (its user stays)",
        "payers gone at the provider (their users stay)",
    ),
    Action.RETURNED: (
        "payer that the provider holds again",
        "payers that the provider holds again",
    ),
}
_CSV = (
    "row",
    "payer",
    "name",
    "action",
    "rule",
    "why",
    "user",
    "site",
    "field",
    "before",
    "after",
    "state",
    "note",
)


def print_change_set(change_set: ChangeSet, *, as_json: bool = False) -> None:
    if as_json:
        print_json(change_set_as_json(change_set))
        return
    click.echo(
        f"Change set {change_set.number} of {change_set.connection}: {change_set.state} "
        f"({change_set.started_at:%Y-%m-%d %H:%M:%S} UTC, {printable(change_set.agent)})"
    )
    _print_counts(change_set.counts, {k: sum(v.values()) for k, v in change_set.rows.items()})
    for state, text in (
        (RowState.UNDONE, "rows were undone; their payers are held"),
        (RowState.REFUSED, "rows were refused, because something changed meanwhile"),
        (RowState.KEPT, "rows could not be undone, because something changed since"),
    ):
        count = sum(states.get(state, 0) for states in change_set.rows.values())
        if count:
            click.echo(f"  {count:>7,} {text}")
    if change_set.note:
        click.echo(f"Note: {printable(change_set.note)}")
    _print_next_steps(change_set)


def change_set_as_json(change_set: ChangeSet) -> dict[str, Any]:
    """Without its version, which pages alone need."""
    return {key: value for key, value in asdict(change_set).items() if key != "version"}


def _print_next_steps(change_set: ChangeSet) -> None:
    number = change_set.number
    if change_set.state is State.HELD:
        click.echo(
            f"Held: {change_set.counts['removed']:,} of {change_set.counts['linked']:,} linked "
            "payers are gone at the provider, more than a tenth. Nothing is applied yet.\n"
            f"  halo-host import show {number} --action removed\n"
            f"  halo-host import apply {number}      if they are really gone\n"
            f"  halo-host import discard {number}    if something is wrong"
        )
    elif change_set.state is State.PLANNED:
        click.echo(
            "Nothing is applied yet.\n"
            f"  halo-host import leave-out {number} ROW…   rows that you do not want\n"
            f"  halo-host import apply {number}\n"
            f"  halo-host import discard {number}"
        )
    elif change_set.state is State.APPLIED and change_set.rows.get(Action.CONFLICT, {}).get(
        RowState.OPEN
    ):
        click.echo(
            f"  halo-host import show {number} --action conflict\n"
            f"  halo-host import resolve {number} ROW --user NUMBER | --new | --skip"
        )


def _print_counts(counts: Mapping[str, int], by_action: Mapping[str, int]) -> None:
    if "fetched" in counts:
        _print_count(counts["fetched"], "payer fetched", "payers fetched")
    for action, (one, several) in _EXPLAINED.items():
        if by_action.get(action):
            _print_count(by_action[action], one, several)
    for name, text in (("unchanged", "unchanged"), ("held", "held, left alone")):
        if counts.get(name):
            click.echo(f"  {counts[name]:>7,} {text}")


def _print_count(number: int, one: str, several: str) -> None:
    click.echo(f"  {number:>7,} {one if number == 1 else several}")


# --- rows of a stored change set -----------------------------------------------------------------


def print_rows(host: Host, number: int, filters: Mapping[str, Any], after: int, limit: int) -> None:
    names = field_names(host)
    last = None
    for row in _rows(host, number, filters, after, limit):
        last = row
        click.echo(printable(_described(row, row.position, row.state, row.note, names)))
    if last is not None and limit and _rest(host, number, filters, last.position):
        click.echo(f"More: --after {last.position}")


def rows_as_json(
    host: Host, change_set: ChangeSet, filters: Mapping[str, Any], after: int, limit: int
) -> None:
    rows = [_row_as_json(row) for row in _rows(host, change_set.number, filters, after, limit or 0)]
    print_json({**change_set_as_json(change_set), "items": rows})


def rows_as_csv(
    host: Host, number: int, filters: Mapping[str, Any], after: int, limit: int
) -> None:
    names = field_names(host)
    rows = _rows(host, number, filters, after, limit)
    _write_csv(
        line for row in rows for line in _csv_lines(row, row.position, row.state, row.note, names)
    )


def _rows(
    host: Host, number: int, filters: Mapping[str, Any], after: int, limit: int
) -> Iterator[ChangeRow]:
    left = limit or sys.maxsize
    while left:
        page = host.imports.rows(number, after_position=after, limit=min(500, left), **filters)
        if not page:
            return
        yield from page
        after = page[-1].position
        left -= len(page)


def _rest(host: Host, number: int, filters: Mapping[str, Any], after: int) -> bool:
    return bool(host.imports.rows(number, after_position=after, limit=1, **filters))


def field_names(host: Host) -> Mapping[str, str]:
    """Custom fields by the names that change rows give them."""
    return host.directory.custom_field_names()


# --- a preview -----------------------------------------------------------------------------------


def print_preview(
    host: Host, preview: Preview, connection: str, *, as_json: bool, as_csv: bool
) -> None:
    """Rows go out as they come; only counts and a few samples are kept."""
    names = field_names(host)
    if as_csv:
        _write_csv(
            line
            for position, row in enumerate(preview.rows(), 1)
            for line in _csv_lines(row, position, "planned", "", names)
        )
        return
    if as_json:
        _preview_as_json(preview)
        return
    counted: Counter[str] = Counter()
    samples: dict[Action, list[str]] = {}
    for position, row in enumerate(preview.rows(), 1):
        counted[row.action] += 1
        shown = samples.setdefault(row.action, [])
        if len(shown) < _SAMPLE:
            shown.append(_described(row, position, "planned", "", names))
    click.echo(f"What an import of {connection} would do now. Nothing was written.")
    _print_counts(preview.counts, counted)
    if preview.note:
        click.echo(f"Note: {printable(preview.note)}")
    if preview.would_be_held:
        click.echo("It would be held: more than a tenth of the linked payers are gone.")
    for action, texts in samples.items():
        click.echo(f"\n{action} (the first {len(texts)} of {counted[action]:,}):")
        for text in texts:
            click.echo(printable(text))


def _preview_as_json(preview: Preview) -> None:
    in_utf8()
    click.echo('{"items": [')
    separator = ""
    for position, row in enumerate(preview.rows(), 1):
        item = {"position": position, **row._asdict()}
        del item["offered"]  # what of it changes stands in `after`
        click.echo(separator + orjson.dumps(item).decode(), nl=False)
        separator = ",\n"
    rest = {
        "counts": preview.counts,
        "note": preview.note,
        "would_be_held": preview.would_be_held,
    }
    click.echo("\n], " + orjson.dumps(rest).decode()[1:])


# --- one row -------------------------------------------------------------------------------------


def _described(
    row: ChangeRow | PlannedRow, position: int, state: str, note: str, names: Mapping[str, str]
) -> str:
    where = f" user {row.user_id}" if row.user_id else ""
    if row.site_id and row.action is Action.NEW:
        where += f" site {row.site_id}"
    lines = [f"{position:>6} {row.action} {row.name} [{row.external_id}]{where} ({state})"]
    lines.append(f"       {row.why}")
    if row.action not in (Action.CONFLICT, Action.SKIPPED):
        for name in sorted({*row.before, *row.after}):
            before, after = row.before.get(name, ""), row.after.get(name, "")
            lines.append(f"       {names.get(name, name)}: “{before}” → “{after}”")
    lines += [f"       candidate: {_candidate(it)}" for it in row.candidates]
    if note:
        lines.append(f"       {note}")
    return "\n".join(lines)


def _candidate(candidate: Mapping[str, Any]) -> str:
    if "user" in candidate:
        return f"user {candidate['user']}, {candidate['name']} in {candidate['place']}"
    if "site" in candidate:
        return f"site {candidate['site']}, {candidate['place']}"
    return f"payer {candidate['payer']}"


def _row_as_json(row: ChangeRow) -> dict[str, Any]:
    return {key: value for key, value in row._asdict().items() if key not in _INNER}


def _csv_lines(
    row: ChangeRow | PlannedRow, position: int, state: str, note: str, names: Mapping[str, str]
) -> Iterator[tuple[object, ...]]:
    """A line for each field that changes; one line where none does."""
    for name in sorted({*row.before, *row.after}) or [""]:
        yield (
            position,
            row.external_id,
            row.name,
            row.action,
            row.rule,
            row.why,
            row.user_id,
            row.site_id,
            names.get(name, name),
            _value(row.before, name),
            _value(row.after, name),
            state,
            note,
        )


def _value(values: Values, name: str) -> str:
    return values.get(name, "")


def _write_csv(lines: Iterable[tuple[object, ...]]) -> None:
    in_utf8()
    writer = csv.writer(sys.stdout)
    writer.writerow(_CSV)
    for line in lines:
        writer.writerow(["" if it is None else neutralised(str(it)) for it in line])
