"""`halo-host import`: from payers to users."""

from __future__ import annotations

import sys
from typing import Any

import click

from ..host import Host
from ..imports.change_sets import RowState, State
from ..imports.resolve import Choice, Lead, LinkTo, MakeNew, Skip
from ..imports.rules import CONFLICTS, Action, Rule
from ..plurals import counted
from .change_set_output import (
    change_set_as_json,
    print_change_set,
    print_preview,
    print_rows,
    rows_as_csv,
    rows_as_json,
)
from .face import LIMIT, NUMBER, agent, printable, with_host
from .import_rows import leave_out, take
from .output import print_json, print_table
from .progress import import_progress

_FORMAT = (
    click.option("--json", "as_json", is_flag=True, help="Print JSON."),
    click.option("--csv", "as_csv", is_flag=True, help="Print CSV."),
)


@click.group("import")
def command() -> None:
    """Import users from a provider: preview, run, show, resolve, undo.

    \b
    Example:
      halo-host import run acme-pay --dry-run
      halo-host import run acme-pay
      halo-host import show 1 --action conflict
      halo-host import undo 1
    """


@command.command()
@click.argument("connection")
@click.option("--dry-run", is_flag=True, help="Write nothing; show what would happen.")
@click.option("--review", is_flag=True, help="Keep what would happen as a change set to apply.")
@click.option(
    "--replace-review",
    is_flag=True,
    help="Discard the import that waits for its review, and import anew.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--csv", "as_csv", is_flag=True, help="With --dry-run: print the rows as CSV.")
@with_host
def run(
    host: Host,
    connection: str,
    dry_run: bool,
    review: bool,
    replace_review: bool,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Import the users of a connection.

    An import that was interrupted is finished first. More than a tenth of the linked payers gone
    at once is held and asks. With --review nothing is applied before `halo-host import apply`;
    until then nothing else is imported, unless you say --replace-review.
    """
    if dry_run and replace_review:
        raise click.UsageError("--dry-run writes nothing, so it replaces no review.")
    if review and dry_run:
        raise click.UsageError("--dry-run keeps nothing, --review does: choose one of them.")
    if as_csv and not dry_run:
        raise click.UsageError("--csv goes with --dry-run; later: halo-host import show N --csv")
    if dry_run:
        with host.imports.preview(connection) as preview:
            print_preview(host, preview, connection, as_json=as_json, as_csv=as_csv)
        return
    waiting = host.imports.open_review(connection) if replace_review else None
    with import_progress() as progress:
        result = host.imports.run(
            connection, agent=agent(), progress=progress, kept=review, replaces=waiting
        )
    for number in result.finished:
        click.echo(f"Change set {number} had been interrupted; it was finished first.", err=True)
    change_set = result.change_set
    if change_set.state is State.HELD and not as_json and sys.stdin.isatty():
        print_change_set(change_set)
        if click.confirm("Go on and mark them as removed?"):
            with import_progress() as progress:
                change_set = host.imports.approve(
                    change_set.number, agent=agent(), progress=progress
                )
    print_change_set(change_set, as_json=as_json)
    if change_set.state is State.HELD:
        sys.exit(1)


@command.command("list")
@click.argument("connection", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--limit", type=LIMIT, default=20, show_default=True, help="How many, newest first.")
@with_host
def list_(host: Host, connection: str | None, as_json: bool, limit: int) -> None:
    """Show the newest change sets."""
    found = host.imports.newest(connection, limit)
    if as_json:
        print_json([change_set_as_json(it) for it in found])
        return
    print_table(
        ("Number", "Connection", "State", "Started (UTC)", "By", "Rows"),
        (
            (
                it.number,
                it.connection,
                it.state,
                f"{it.started_at:%Y-%m-%d %H:%M:%S}",
                it.agent,
                sum(sum(states.values()) for states in it.rows.values()),
            )
            for it in found
        ),
        empty="Nothing was imported yet.",
    )


@command.command()
@click.argument("number", type=NUMBER)
@click.option("--action", type=click.Choice([it.value for it in Action]), help="Only such rows.")
@click.option("--state", type=click.Choice([it.value for it in RowState]), help="Only such rows.")
@click.option(
    "--limit", type=NUMBER, default=50, show_default=True, help="How many rows; 0 for all."
)
@click.option("--after", type=NUMBER, default=0, help="Continue after this row.")
@_FORMAT[0]
@_FORMAT[1]
@with_host
def show(
    host: Host,
    number: int,
    action: str | None,
    state: str | None,
    limit: int,
    after: int,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Show a change set and its rows: action, why, before and after."""
    change_set = host.imports.get(number)
    filters: dict[str, Any] = {
        "action": Action(action) if action else None,
        "state": RowState(state) if state else None,
    }
    if as_json:
        rows_as_json(host, change_set, filters, after, limit)
    elif as_csv:
        rows_as_csv(host, number, filters, after, limit)
    else:
        print_change_set(change_set)
        print_rows(host, number, filters, after, limit)


@command.command()
@click.argument("number", type=NUMBER)
@click.option(
    "--hold-left-out",
    is_flag=True,
    help="Leave the payers that were left out alone until `import release`.",
)
@with_host
def apply(host: Host, number: int, hold_left_out: bool) -> None:
    """Apply a change set that waits: kept for review, or held because many payers are gone.

    What was left out comes again with the next import, by a schedule too, unless it is held.
    """
    with import_progress() as progress:
        change_set = host.imports.approve(
            number, agent=agent(), progress=progress, hold_left_out=hold_left_out
        )
    print_change_set(change_set)


@command.command()
@click.argument("number", type=NUMBER)
@with_host
def discard(host: Host, number: int) -> None:
    """Dismiss a change set that waits. Nothing of it is applied."""
    host.imports.discard(number, agent=agent())
    click.echo(f"Change set {number} is discarded; nothing of it was applied.")


@command.command()
@click.argument("number", type=NUMBER)
@click.option("--dry-run", is_flag=True, help="Write nothing; show what would be undone.")
@with_host
def undo(host: Host, number: int, dry_run: bool) -> None:
    """Take back what a change set did.

    A row is kept where anything has changed since what it did. Payers whose row was undone are
    held: later imports leave them alone until `halo-host import release`.
    """
    if dry_run:
        undone = 0
        for row, reason in host.imports.preview_undo(number):
            undone += not reason
            if reason:
                click.echo(printable(f"Row {row.position} ({row.name}) would be kept: {reason}"))
        click.echo(f"{counted(undone, 'row')} would be undone.")
        return
    with import_progress() as progress:
        change_set = host.imports.undo(number, agent=agent(), progress=progress)
    print_change_set(change_set)
    kept = host.imports.rows(number, state=RowState.KEPT)
    for row in kept:
        click.echo(printable(f"Row {row.position} ({row.name}) was kept: {row.note}"))
    click.echo(
        f"Payers that were undone are held; see `halo-host import held {change_set.connection}`."
    )
    if kept:
        sys.exit(1)


@command.command()
@click.argument("number", type=NUMBER)
@click.argument("row", type=NUMBER, required=False)
@click.option("--all", "every", is_flag=True, help="Every open conflict.")
@click.option(
    "--kind",
    type=click.Choice([it.value for it in CONFLICTS]),
    help="Every open conflict of this kind.",
)
@click.option("--user", "user_id", type=NUMBER, help="Link to this user.")
@click.option("--candidate", is_flag=True, help="Link to the only user among the candidates.")
@click.option("--new", "make_new", is_flag=True, help="Make a new user in the Default Site.")
@click.option("--site", help="Make a new user in this site: number or Customer/Site.")
@click.option("--skip", is_flag=True, help="Leave the payer out until it is released.")
@click.option("--lead", is_flag=True, help="Of several payers of a user, let this one lead.")
@with_host
def resolve(
    host: Host,
    /,
    number: int,
    row: int | None,
    every: bool,
    kind: str | None,
    **choices: Any,
) -> None:
    """Decide conflicts by hand: one row, or all of a kind.

    \b
    Examples:
      halo-host import resolve 3 17 --user 42
      halo-host import resolve 3 --kind email-elsewhere --candidate
      halo-host import resolve 3 --all --skip
    """
    if (row is None) is not (every or kind is not None):
        raise click.UsageError("Name one row, or --kind KIND, or --all.")
    choice = _choice(host, number, **choices)
    if row is not None:
        resolved = host.imports.resolve(number, row, choice, agent=agent())
        click.echo(printable(f"Row {row}: {resolved.why}"))
        return
    count, left = host.imports.resolve_all(
        number, choice, agent=agent(), kind=Rule(kind) if kind else None
    )
    for unresolved in left:
        click.echo(printable(f"Row {unresolved.position} stays open: {unresolved.reason}"))
    click.echo(f"{counted(count, 'conflict')} resolved, {len(left):,} left open.")
    if left:
        sys.exit(1)


def _choice(
    host: Host,
    number: int,
    *,
    user_id: int | None,
    candidate: bool,
    make_new: bool,
    site: str | None,
    skip: bool,
    lead: bool,
) -> Choice:
    given = [user_id is not None, candidate, make_new or site is not None, skip, lead]
    if sum(given) != 1:
        raise click.UsageError(
            "Say how: one of --user, --candidate, --new or --site, --skip, --lead."
        )
    if user_id is not None or candidate:
        return LinkTo(user_id)
    if skip:
        return Skip()
    if lead:
        return Lead()
    if site is not None:
        return MakeNew(host.directory.site(site).id)
    default = host.connections.get(host.imports.get(number).connection).matching.default_site
    if default is None:
        raise click.UsageError("The connection has no Default Site; name one with --site.")
    return MakeNew(default)


command.add_command(leave_out)
command.add_command(take)


@command.command()
@click.argument("connection")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_host
def held(host: Host, connection: str, as_json: bool) -> None:
    """Show the payers that imports leave alone."""
    payers = host.imports.held(connection)
    if as_json:
        print_json(payers)
        return
    print_table(
        ("Payer", "Name", "Why", "Change set"),
        ((it.external_id, it.name, it.reason, it.change_set) for it in payers),
        empty=f"No payer of {connection} is held.",
    )


@command.command()
@click.argument("connection")
@click.argument("payers", nargs=-1)
@click.option("--change-set", type=NUMBER, help="Every payer that was held by this change set.")
@with_host
def release(host: Host, connection: str, payers: tuple[str, ...], change_set: int | None) -> None:
    """Let the next import look at held payers again."""
    if not payers and change_set is None:
        raise click.UsageError("Name payers, or --change-set NUMBER.")
    count = host.imports.release(connection, list(payers), agent=agent(), change_set=change_set)
    them = "it" if count == 1 else "them"
    click.echo(f"{counted(count, 'payer')} released; the next import looks at {them} again.")
