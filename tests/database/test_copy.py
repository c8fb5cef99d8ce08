"""`halo-host database copy`: everything arrives, proved row by row, or nothing does."""

from __future__ import annotations

import signal
import subprocess
import sys
import tracemalloc
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import (
    Connection,
    Table,
    create_engine,
    delete,
    insert,
    inspect,
    select,
    text,
    update,
)
from support.acme import AGENT, CONNECTION, Desk, Ledger
from support.databases import empty_postgresql, sqlite_url
from support.filled import ROWS, everything, fill
from support.postgresql_server import Server

from halo_host.cli import main
from halo_host.database import copy as copying
from halo_host.database import copy_rows
from halo_host.database.copy import Copy, copy_database
from halo_host.database.database import Database
from halo_host.database.in_use import InUse
from halo_host.database.job_tables import jobs
from halo_host.database.mirror_tables import raw_pages, timeline
from halo_host.database.tables import audit_log, metadata, users
from halo_host.errors import DatabaseError
from halo_host.host import STORES, Host
from halo_host.settings import Settings
from halo_host.webhooks.inbox import inbox_url
from halo_host.webhooks.tables import deliveries

NOW = datetime(2027, 1, 1, tzinfo=UTC)
KILLED = Path(__file__).with_name("killed_copy.py")


@pytest.fixture
def source_url(tmp_path: Path) -> str:
    """An SQLite database with rows in every table, its inbox beside it."""
    folder = tmp_path / "source"
    folder.mkdir()
    url = sqlite_url(folder)
    fill(url)
    return url


@pytest.fixture
def target_url(database_url: str) -> str:
    """An empty database of each kind that the run is for."""
    return database_url


def copied(source: str, target: str) -> Copy:
    return copy_database(STORES, source, target, agent=AGENT, now=NOW)


def without_audit(found: dict[str, tuple[int, str]]) -> dict[str, tuple[int, str]]:
    return {name: held for name, held in found.items() if name != audit_log.name}


def ids(connection: Connection, table: Table) -> list[int]:
    return list(connection.scalars(select(table.c.id).order_by(table.c.id)))


def is_empty(url: str) -> bool:
    engine = create_engine(url)
    with engine.connect() as connection:
        names = inspect(connection).get_table_names()
    engine.dispose()
    return not names


def test_every_row_of_every_table_arrives_as_it_was(source_url: str, target_url: str) -> None:
    before = everything(source_url)

    done = copied(source_url, target_url)

    assert {table.name: (table.rows, table.digest) for table in done.tables} == before
    assert without_audit(everything(target_url)) == without_audit(before)
    assert everything(target_url)[audit_log.name][0] == ROWS + 1  # the copy itself
    assert everything(source_url) == before
    assert done.left_out == []
    # Not only by the digests of the code under test.
    with closing(Database(target_url)) as database, database.read() as connection:
        (address,) = connection.execute(select(users.c.city).where(users.c.id == 2)).one()
        assert address == "2a\tb\nc\\."


def test_rows_of_postgresql_come_back_to_sqlite(
    source_url: str, tmp_path: Path, postgresql_server: Server
) -> None:
    back = tmp_path / "back"
    back.mkdir()
    with empty_postgresql(postgresql_server) as middle:
        copied(source_url, middle)
        copied(middle, sqlite_url(back))
        assert everything(sqlite_url(back)).keys() == everything(middle).keys()
        with empty_postgresql(postgresql_server) as last:
            copied(middle, last)
            assert without_audit(everything(last)) == without_audit(everything(source_url))
    assert without_audit(everything(sqlite_url(back))) == without_audit(everything(source_url))


def test_new_rows_get_ids_after_those_that_came(source_url: str, target_url: str) -> None:
    with closing(Database(inbox_url(source_url))) as inbox, inbox.write() as connection:
        connection.execute(delete(deliveries).where(deliveries.c.id > 3))

    copied(source_url, target_url)

    with closing(Database(target_url)) as database, database.write() as connection:
        entry = {"at": NOW, "agent": "a", "action": "b", "entity": "c", "entity_id": "d"}
        connection.execute(insert(audit_log).values(entry))
        event = dict(
            connection.execute(select(timeline).where(timeline.c.id == 1)).mappings().one()
        )
        event.pop("id")
        connection.execute(insert(timeline).values(event | {"event_id": "another"}))
        assert ids(connection, audit_log) == list(range(1, ROWS + 3))
        assert ids(connection, timeline) == list(range(1, ROWS + 2))
    with closing(Database(inbox_url(target_url))) as inbox, inbox.write() as connection:
        delivery = dict(connection.execute(select(deliveries).limit(1)).mappings().one())
        delivery.pop("id")
        connection.execute(insert(deliveries).values(delivery | {"delivery_key": "another"}))
        # The ids of deliveries that were pruned are not given again.
        assert ids(connection, deliveries) == [1, 2, 3, ROWS + 1]


def test_the_copied_host_goes_on_with_its_secrets(
    tmp_path: Path, target_url: str, acme_pay: None
) -> None:
    old = Settings(data=tmp_path / "old", database_url=sqlite_url(tmp_path / "old"), strict=True)
    old.data.mkdir()
    ledger = Ledger(tmp_path / "ledger")
    with Host(old) as host:
        desk = Desk(host, ledger)
        desk.enable()
        desk.run({"id": "CU1", "given_name": "Ann"})

    copied(old.database_url, target_url)

    with Host(Settings(data=old.data, database_url=target_url, strict=True)) as host:
        assert host.connections.check(CONNECTION).account == "Acme Account"
        ledger.write({"id": "CU1", "given_name": "Ann"}, {"id": "CU2", "given_name": "Bob"})
        host.imports.run(CONNECTION, agent=AGENT)
        assert sorted(user.name for user in host.directory.users()) == ["Ann", "Bob"]


def test_a_target_that_is_not_empty_is_left_alone(source_url: str, target_url: str) -> None:
    copied(source_url, target_url)
    before = everything(target_url)

    with pytest.raises(DatabaseError, match="not empty"):
        copied(source_url, target_url)

    assert everything(target_url) == before


def test_a_target_of_another_program_is_left_alone(source_url: str, target_url: str) -> None:
    with closing(Database(target_url)) as database, database.write() as connection:
        connection.execute(text("CREATE TABLE theirs (id INTEGER)"))

    with pytest.raises(DatabaseError, match="another program"):
        copied(source_url, target_url)


def test_a_source_without_anything_or_of_an_older_version_is_refused(
    source_url: str, target_url: str, tmp_path: Path
) -> None:
    with pytest.raises(DatabaseError, match="nothing to copy"):
        copied(f"sqlite:///{tmp_path}/nothing.db", target_url)
    assert not (tmp_path / "nothing.db").exists()

    with closing(Database(source_url)) as database, database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    with pytest.raises(DatabaseError, match="older version"):
        copied(source_url, target_url)


def test_tables_that_are_not_the_hosts_are_named(source_url: str, target_url: str) -> None:
    with closing(Database(source_url)) as database, database.write() as connection:
        connection.execute(text("CREATE TABLE notes_of_somebody (id INTEGER)"))

    assert copied(source_url, target_url).left_out == ["notes_of_somebody"]


def test_a_database_without_an_inbox_is_copied_too(source_url: str, target_url: str) -> None:
    for part in Path(Database(source_url).label).parent.glob("*-inbox.db*"):
        part.unlink()

    done = copied(source_url, target_url)

    assert {table.name for table in done.tables} == set(metadata.tables)


# --- in use --------------------------------------------------------------------------------------


def running(url: str, **job: object) -> None:
    with closing(Database(url)) as database, database.write() as connection:
        connection.execute(
            update(jobs).where(jobs.c.id == 1).values({"state": "running", "lane": "users"} | job)
        )


def test_a_database_in_which_a_job_runs_is_not_copied(
    tmp_path: Path, target_url: str, acme_pay: None
) -> None:
    settings = Settings(data=tmp_path / "old", database_url=sqlite_url(tmp_path / "old"))
    settings.data.mkdir()
    with Host(settings) as host:
        Desk(host, Ledger(tmp_path / "ledger")).enable()
        host.jobs.begin("import", CONNECTION, agent=AGENT)

    with pytest.raises(InUse, match=rf"import of {CONNECTION}.* is running in process \d+ on "):
        copy_database(STORES, settings.database_url, target_url, agent=AGENT, now=datetime.now(UTC))
    # A day later its lease has run out.
    later = datetime.now(UTC) + timedelta(days=1)
    copy_database(STORES, settings.database_url, target_url, agent=AGENT, now=later)


def test_the_job_of_a_dead_process_is_no_obstacle(
    tmp_path: Path, target_url: str, acme_pay: None
) -> None:
    settings = Settings(data=tmp_path / "old", database_url=sqlite_url(tmp_path / "old"))
    settings.data.mkdir()
    with Host(settings) as host:
        Desk(host, Ledger(tmp_path / "ledger")).enable()
    program = (
        "import os, sys; from pathlib import Path; from halo_host.host import Host;"
        "from halo_host.settings import Settings;"
        "host = Host(Settings(data=Path(sys.argv[1]), database_url=sys.argv[2]));"
        f"host.jobs.begin('import', '{CONNECTION}', agent='dead'); os._exit(0)"
    )
    subprocess.run(
        [sys.executable, "-c", program, str(settings.data), settings.database_url], check=True
    )

    copy_database(STORES, settings.database_url, target_url, agent=AGENT, now=datetime.now(UTC))


@pytest.mark.parametrize("part", ["host", "inbox"])
def test_a_database_that_somebody_has_open_is_not_copied(
    source_url: str, target_url: str, part: str
) -> None:
    opened = source_url if part == "host" else inbox_url(source_url)
    with closing(Database(opened)) as database:
        with database.read() as connection:
            connection.execute(text("SELECT 1 FROM sqlite_schema")).all()
        with pytest.raises(InUse, match="another program has it open"):
            copied(source_url, target_url)

    copied(source_url, target_url)


def test_a_postgresql_database_that_somebody_is_connected_to_is_not_copied(
    source_url: str, tmp_path: Path, postgresql_server: Server
) -> None:
    with empty_postgresql(postgresql_server) as url:
        copied(source_url, url)
        engine = create_engine(url, connect_args={"application_name": "somebody's report"})
        with engine.connect(), pytest.raises(InUse, match="somebody's report on the same machine"):
            copied(url, sqlite_url(tmp_path))
        engine.dispose()


# --- proof ---------------------------------------------------------------------------------------


def test_a_row_that_is_lost_on_the_way_is_noticed(
    source_url: str, target_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert_rows = copy_rows.insert_rows
    monkeypatch.setattr(
        copy_rows, "insert_rows", lambda at, table, names, rows: insert_rows(
            at, table, names, rows[1:] if table is timeline else rows
        )
    )  # fmt: skip

    with pytest.raises(DatabaseError, match=f"timeline .* {ROWS} rows were sent and {ROWS - 1}"):
        copied(source_url, target_url)

    assert is_empty(target_url)


def test_a_value_that_is_changed_on_the_way_is_noticed(
    source_url: str, target_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert_rows = copy_rows.insert_rows

    def change(connection, table, names, rows):  # type: ignore[no-untyped-def]
        insert_rows(connection, table, names, rows)
        if table is timeline:
            changed = update(timeline).where(timeline.c.id == 2)
            connection.execute(changed.values(is_failure=~timeline.c.is_failure))

    monkeypatch.setattr(copy_rows, "insert_rows", change)

    with pytest.raises(DatabaseError, match="timeline did not arrive as it was"):
        copied(source_url, target_url)

    assert is_empty(target_url)


def test_a_value_that_does_not_fit_is_said_without_showing_it(
    source_url: str, tmp_path: Path, postgresql_server: Server
) -> None:
    with closing(Database(source_url)) as database, database.write() as connection:
        connection.execute(text("UPDATE audit_log SET action = :long"), {"long": "secret" * 20})

    with empty_postgresql(postgresql_server) as url:
        with pytest.raises(DatabaseError, match="A row of audit_log does not fit") as caught:
            copied(source_url, url)
        assert "secretsecret" not in str(caught.value)
        assert is_empty(url)


def test_the_copy_holds_little_in_memory_however_much_there_is(
    source_url: str, target_url: str
) -> None:
    body = bytes(range(256)) * 400
    pages = [
        {"id": number, "connection_id": 1, "read_at": NOW, "body": body}
        for number in range(1_000, 1_600)
    ]
    with closing(Database(source_url)) as database, database.write() as connection:
        connection.execute(insert(raw_pages), pages)
    del pages

    tracemalloc.start()
    done = copied(source_url, target_url)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert {table.name: table.rows for table in done.tables}["raw_pages"] == ROWS + 600
    assert 600 * len(body) > 50 * 2**20
    assert peak < 25 * 2**20


def test_a_target_that_a_host_was_started_on_meanwhile_is_left_alone(
    source_url: str, postgresql_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = copying._refuse_unless_empty
    with empty_postgresql(postgresql_server) as url:

        def start_a_host(*given: Any) -> None:
            looked(*given)
            with Host(Settings(data=Path("unused"), database_url=url)) as host:
                host.directory.add_customer("Here already", agent=AGENT)

        monkeypatch.setattr(copying, "_refuse_unless_empty", start_a_host)
        with pytest.raises(DatabaseError, match="not empty"):
            copied(source_url, url)

        with Host(Settings(data=Path("unused"), database_url=url)) as host:
            assert [it.name for it in host.directory.customers()] == ["Here already"]


# --- killed --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "number"), [("tables", 5), ("tables", 30), ("names", 1)])
def test_a_copy_that_was_killed_is_simply_made_again(
    source_url: str, target_url: str, kind: str, number: int
) -> None:
    if kind == "names" and not target_url.startswith("sqlite"):
        kind, number = "tables", 36
    command = [sys.executable, str(KILLED), source_url, target_url, kind, str(number)]

    ended = subprocess.run(command, check=False, capture_output=True)

    assert ended.returncode == -signal.SIGKILL, ended.stderr
    if target_url.startswith("sqlite"):
        host_file = Path(Database(target_url).label)
        assert not host_file.exists()
        assert host_file.with_name("halo-host-inbox.db").exists() is (kind == "names")
    else:
        assert is_empty(target_url)
    copied(source_url, target_url)
    assert without_audit(everything(target_url)) == without_audit(everything(source_url))
    if target_url.startswith("sqlite"):
        assert sorted(path.name for path in host_file.parent.glob("*.db*")) == [
            "halo-host-inbox.db",
            "halo-host.db",
        ]


def test_an_inbox_without_a_host_is_not_overwritten(source_url: str, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    fill(sqlite_url(target))
    (target / "halo-host.db").unlink()

    with pytest.raises(DatabaseError, match=r"halo-host-inbox\.db is not empty"):
        copied(source_url, sqlite_url(target))


# --- the command ---------------------------------------------------------------------------------


def halo(*arguments: str, fails: bool = False) -> Result:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == int(fails), result.output
    return result


def test_the_command_says_what_it_copied_and_what_comes_next(
    source_url: str, target_url: str, tmp_path: Path
) -> None:
    given = ("--data", str(tmp_path / "data"), "--database", source_url)

    said = halo(*given, "database", "copy", target_url).output

    assert f"{'timeline':<22}{ROWS:>14} rows, the same on both sides" in said
    assert f"rows of {len(copying.HOST.metadata.tables) + 3} tables (0 of them empty)" in said
    assert "HALO_HOST_DATABASE_URL" in said
    assert "secret.key" in said
    again = halo(*given, "database", "copy", target_url, fails=True).output
    assert "is not empty" in again
    audit = halo("--data", str(tmp_path / "data"), "--database", target_url, "audit").output
    assert "database.copied" in audit


def test_the_command_refuses_an_address_that_cannot_be_used(source_url: str) -> None:
    said = halo("--database", source_url, "database", "copy", "nonsense", fails=True).output

    assert "cannot be read" in said
