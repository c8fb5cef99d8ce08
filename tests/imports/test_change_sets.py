"""Change sets: preview, apply, counts, what is refused, what is kept."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.acme import AGENT, CONNECTION, Desk

from halo_host import audit
from halo_host.database.database import Database
from halo_host.errors import DatabaseError, InvalidInput, PluginError, ProviderError
from halo_host.host import Host
from halo_host.imports.change_sets import RowState, State
from halo_host.imports.rules import Action, Rule
from halo_host.imports.run import Progress

PAYERS = [
    {"id": f"CU{number:04}", "given_name": f"Ann {number}", "email": f"ann{number}@acme.example"}
    for number in range(1_203)
]


def test_a_dry_run_shows_what_would_happen_and_writes_nothing(desk: Desk) -> None:
    desk.ledger.write(*PAYERS)
    before = dump(desk.host.database)

    with desk.host.imports.preview(CONNECTION) as preview:
        rows = list(preview.rows())

    assert [row.action for row in rows] == [Action.NEW] * len(PAYERS)
    assert preview.counts["fetched"] == len(PAYERS)
    assert dump(desk.host.database) == before


def test_an_import_does_what_its_preview_showed(desk: Desk) -> None:
    desk.ledger.write(*PAYERS)
    with desk.host.imports.preview(CONNECTION) as preview:
        planned = [(row.external_id, row.action, row.rule, row.after) for row in preview.rows()]

    change_set = desk.run()
    rows = []
    while page := desk.host.imports.rows(
        change_set.number, after_position=rows[-1].position if rows else 0
    ):
        rows += page

    assert [(row.external_id, row.action, row.rule, row.after) for row in rows] == planned
    assert {row.state for row in rows} == {RowState.APPLIED}
    assert len(desk.host.directory.users(limit=2_000)) == len(PAYERS)


def test_a_second_import_counts_unchanged_payers_and_stores_no_row(desk: Desk) -> None:
    desk.run(*PAYERS)
    users = dump(desk.host.database)["users"]

    change_set = desk.run()

    assert change_set.rows == {}
    assert change_set.counts["unchanged"] == len(PAYERS)
    assert dump(desk.host.database)["users"] == users


def test_every_change_leaves_an_audit_row(desk: Desk) -> None:
    desk.run({"id": "CU1", "given_name": "Ann"})
    desk.run({"id": "CU1", "given_name": "Anna"})
    user = desk.user_of("CU1")

    newest, first = audit.entries(desk.host.database, entity="user", entity_id=str(user))

    assert (first.action, first.after, first.change_set_id) == (
        "import.new",
        {"given_name": "Ann"},
        1,
    )
    assert (newest.agent, newest.before, newest.after) == (
        AGENT,
        {"given_name": "Ann"},
        {"given_name": "Anna"},
    )


def test_a_record_that_cannot_be_read_is_kept_with_its_reason_and_stops_nothing(
    desk: Desk,
) -> None:
    desk.run({"id": "CU1", "given_name": "Ann"}, {"id": "CU2", "given_name": "Bob"})

    change_set = desk.run(
        {"id": "CU1", "given_name": "Ann"},
        {"unreadable": "The record has no known form.", "id": "CU2"},
        {"id": "CU3", "given_name": "x" * 3_000},
        {"id": "CU4", "given_name": 5},
        {"id": "CU5", "given_name": "Eve"},
    )

    skipped = desk.rows(change_set, Action.SKIPPED)
    assert {row.external_id: row.rule for row in skipped} == dict.fromkeys(
        ["CU2", "CU3", "CU4"], Rule.UNREADABLE
    )
    assert any("3,000 characters" in row.why for row in skipped)
    assert change_set.rows["new"] == {"applied": 1}
    assert "removed" not in change_set.rows


def test_a_payer_that_comes_twice_counts_once(desk: Desk) -> None:
    change_set = desk.run({"id": "CU1", "given_name": "Ann"}, {"id": "CU1", "given_name": "Bob"})

    assert desk.names() == ["Ann"]
    (row,) = desk.rows(change_set, Action.SKIPPED)
    assert row.rule is Rule.TWICE


def test_text_that_a_database_refuses_is_replaced(desk: Desk) -> None:
    desk.run({"id": "CU1", "given_name": "A\0nn", "family_name": "\ud800"})

    assert desk.names() == ["A\ufffdnn \ufffd"]


def test_a_provider_that_fails_half_way_leaves_everything_as_it_was(desk: Desk) -> None:
    before = dump(desk.host.database)["users"]
    with pytest.raises(ProviderError, match="is down"):
        desk.run(*PAYERS, {"fail": "The provider is down."})

    (change_set,) = desk.host.imports.newest()
    assert (change_set.state, change_set.note) == (State.FAILED, "The provider is down.")
    assert dump(desk.host.database)["users"] == before
    assert desk.run(*PAYERS).rows == {"new": {"applied": len(PAYERS)}}


def test_a_connection_that_is_disabled_meanwhile_applies_nothing(desk: Desk) -> None:
    desk.ledger.write({"id": "CU1"})
    disable = desk.host.connections.disable

    def fetched(count: int) -> None:
        disable(CONNECTION, agent=AGENT)

    with pytest.raises(InvalidInput, match="was disabled meanwhile"):
        desk.host.imports.run(CONNECTION, agent=AGENT, progress=Progress(fetched=fetched))

    assert desk.names() == []


def test_a_plugin_that_breaks_half_way_is_named_and_its_secret_is_not_shown(desk: Desk) -> None:
    with pytest.raises(PluginError) as caught:
        desk.run(*PAYERS, {"crash": "It broke with "})

    assert "acme (acme-pay 1.2)" in str(caught.value)
    assert "a-secret-key" not in str(caught.value)


def test_apply_refuses_a_row_whose_user_was_changed_after_the_plan(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.run({"id": "CU1", "phone": "1"}, {"id": "CU2", "phone": "1"})
    user = desk.user_of("CU1")
    change_before_apply(monkeypatch, lambda: desk.edit(user, phone="by hand"))

    change_set = desk.run({"id": "CU1", "phone": "2"}, {"id": "CU2", "phone": "2"})

    assert change_set.rows == {"update": {"applied": 1, "refused": 1}}
    (refused,) = desk.host.imports.rows(change_set.number, state=RowState.REFUSED)
    assert refused.note == "Changed since: phone."
    assert desk.host.directory.user(user).phone == "by hand"


def test_apply_refuses_a_new_user_whose_email_was_added_after_the_plan(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_before_apply(
        monkeypatch, lambda: desk.add_user("Acme Ltd/Warehouse", email="ann@acme.example")
    )

    change_set = desk.run({"id": "CU1", "email": "Ann@acme.example"})

    assert change_set.rows == {"new": {"refused": 1}}
    assert len(desk.names()) == 1


def test_a_preview_of_a_database_that_is_open_for_reading_only(desk: Desk) -> None:
    """It works on SQLite; PostgreSQL refuses the temporary tables too, and that is said."""
    desk.ledger.write({"id": "CU1"})

    with read_only(desk) as host:
        if desk.host.database.is_sqlite:
            with host.imports.preview(CONNECTION) as preview:
                assert len(list(preview.rows())) == 1
        else:
            with (
                pytest.raises(DatabaseError, match="open for reading only"),
                host.imports.preview(CONNECTION) as preview,
            ):
                list(preview.rows())


def test_an_import_into_a_database_that_is_open_for_reading_only_says_so(desk: Desk) -> None:
    desk.ledger.write({"id": "CU1"})

    with read_only(desk) as host, pytest.raises(DatabaseError, match="open for reading only"):
        host.imports.run(CONNECTION, agent=AGENT)

    assert desk.names() == []


def read_only(desk: Desk) -> Host:
    """Another host on the same database, which it may not write to."""
    settings = desk.host.settings
    if desk.host.database.is_sqlite:
        url = f"{settings.database_url}?mode=ro"
    else:
        url = f"{settings.database_url}&options=-cdefault_transaction_read_only%3Don"
    return Host(replace(settings, database_url=url), clock=desk.host.clock)


def change_before_apply(monkeypatch: pytest.MonkeyPatch, change: object) -> None:
    """Let somebody else change the directory between an import's plan and its apply."""
    from halo_host.imports import run

    apply_all = run.apply_all

    def changed_meanwhile(*arguments: object) -> None:
        change()  # type: ignore[operator]
        apply_all(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(run, "apply_all", changed_meanwhile)


def dump(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    from halo_host.database.tables import metadata

    with database.read() as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(table.select())), key=repr)
            for table in metadata.sorted_tables
        }
