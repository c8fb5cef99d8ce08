"""What the database refuses is said in an operator's words, and nothing is lost."""

from __future__ import annotations

import os
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from support.acme import AGENT, CONNECTION, Desk
from support.databases import empty_postgresql
from support.postgresql_server import Server

from halo_host.database.columns import clean_text, name_key, stored_time
from halo_host.database.database import Database
from halo_host.database.ids import allocate_ids
from halo_host.database.tables import metadata, users
from halo_host.database.upgrade import HEAD, MIGRATIONS, Age, age, upgrade
from halo_host.errors import DatabaseError, InvalidInput
from halo_host.host import Host
from halo_host.jobs.queue import Queue, queue_address
from halo_host.settings import Settings, embedded_database


def test_the_migrations_make_the_tables_that_the_code_uses(database_url: str) -> None:
    with closing(Database(database_url)) as database:
        upgrade(database)

        with database.read() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            differences = compare_metadata(context, metadata)
        assert differences == []
        assert age(database) is Age.CURRENT


def test_the_newest_migration_is_the_one_that_this_version_knows() -> None:
    newest = max(path.name.partition("_")[0] for path in MIGRATIONS.glob("versions/[0-9]*.py"))

    assert newest == HEAD


def test_a_database_of_a_newer_version_is_left_alone(host: Host) -> None:
    with host.database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    newer = Host(host.settings)
    with pytest.raises(DatabaseError, match="newer version of Halo Host"):
        newer.database  # noqa: B018


def test_a_database_of_an_older_version_asks_for_an_upgrade(host: Host) -> None:
    with host.database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))

    older = Host(host.settings)
    with pytest.raises(DatabaseError, match="older version") as caught:
        older.database  # noqa: B018
    assert "halo-host database upgrade" in str(caught.value)


def test_a_database_of_another_program_is_left_alone(database_url: str, tmp_path: Path) -> None:
    database = Database(database_url)
    with database.write() as connection:
        connection.execute(text("CREATE TABLE theirs (id INTEGER)"))
    database.close()

    host = Host(Settings(data=tmp_path, database_url=database_url))
    with pytest.raises(DatabaseError, match="another program"):
        host.database  # noqa: B018


def test_a_full_disk_takes_back_what_was_being_written_and_the_next_run_goes_on(
    tmp_path: Path, acme_pay: None
) -> None:
    from support.acme import Ledger

    file = tmp_path / "halo-host.db"
    settings = Settings(data=tmp_path, database_url=f"sqlite:///{file}", strict=True)
    payers = [{"id": f"CU{n}", "given_name": "Ann", "city": "x" * 500} for n in range(2_000)]
    with Host(settings) as host:
        desk = Desk(host, Ledger(tmp_path / "ledger"))
        desk.enable()
        desk.ledger.write(*payers)
    pages = file.stat().st_size // 4096 + 300
    small = Settings(
        data=tmp_path, database_url=f"sqlite:///{file}?max_page_count={pages}", strict=True
    )

    with Host(small) as full, pytest.raises(DatabaseError, match="is full"):
        full.imports.run(CONNECTION, agent=AGENT)

    with Host(settings) as host:
        assert host.directory.users() == []
        host.imports.run(CONNECTION, agent=AGENT)
        assert len(host.directory.users(limit=5_000)) == 2_000


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "mysql://somewhere/db",
        "oracle://somewhere/db",
        "sqlite://",
        "sqlite:///x.db?mode=fast",
        "sqlite:///x.db?max_page_count=many",
    ],
)
def test_an_address_that_cannot_be_used_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput):
        Database(url)


def test_new_files_are_for_their_owner_and_old_ones_keep_their_mode(tmp_path: Path) -> None:
    def modes() -> dict[str, int]:
        return {it.name: it.stat().st_mode & 0o777 for it in data.iterdir() if it.is_file()}

    def open_all() -> dict[str, int]:
        with Host(settings) as host, closing(Queue(queue_address(settings), print)):
            host.database  # noqa: B018 - made on first use
            host.webhooks.open()
            return modes()

    data = tmp_path / "data"
    settings = Settings(data=data, database_url=embedded_database(data))
    names = ("halo-host.db", "halo-host-inbox.db", "queue.db")
    before = os.umask(0o022)
    try:
        made = open_all()
        assert set(made) >= {*names, "halo-host.db-wal", "halo-host-inbox.db-wal"}
        assert set(made.values()) == {0o600}

        for name in names:
            (data / name).chmod(0o640)
        assert {name: open_all()[name] for name in names} == dict.fromkeys(names, 0o640)
    finally:
        os.umask(before)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("These are notes, and many of them. " * 100)

    with pytest.raises(DatabaseError, match="no SQLite database"):
        open_and_look(f"sqlite:///{file}")
    assert file.read_text().startswith("These are notes")


def open_and_look(url: str) -> Age:
    with closing(Database(url)) as database:
        return age(database)


def test_a_server_that_does_not_answer_is_named_without_its_password() -> None:
    with pytest.raises(DatabaseError, match="does not answer") as caught:
        open_and_look("postgresql://user:hidden@127.0.0.1:9/nowhere")
    assert "hidden" not in str(caught.value)


def test_a_rolled_back_transaction_gives_its_ids_back(host: Host) -> None:
    def interrupted() -> None:
        with host.database.write() as connection:
            assert list(allocate_ids(connection, users, 3)) == [1, 2, 3]
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with host.database.write() as connection:
        assert list(allocate_ids(connection, users, 2)) == [1, 2]
    with host.database.write() as connection:
        assert list(allocate_ids(connection, users)) == [3]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Acme Ltd", "ACME  LTD."),
        ("O'Brien & Sons", "O\N{RIGHT SINGLE QUOTATION MARK}Brien  Sons"),
        ("A.B.C. Ltd", "ABC Ltd"),
        ("Smith-Jones", "Smith Jones"),
        ("STRASSE 1", "straße 1"),
        ("Café", "Cafe\N{COMBINING ACUTE ACCENT}"),
    ],
)
def test_names_compare_without_case_white_space_and_punctuation(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Acme Ltd", "Acme Limited"), ("Café", "Cafe"), ("C++ Ltd", "C Ltd"), ("!!!", "???")],
)
def test_names_that_differ_otherwise_are_different(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


@given(st.text(max_size=40))
def test_a_key_is_the_key_of_itself(name: str) -> None:
    assert name_key(name_key(name)) == name_key(name)


@given(st.text(alphabet=st.characters(), max_size=20))
def test_clean_text_can_always_be_stored(value: str) -> None:
    clean = clean_text(value)

    assert "\0" not in clean
    clean.encode("utf-8")


@given(
    st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5))])).filter(
        lambda value: value.year not in {1, 9999}
    )
)
def test_a_stored_time_is_the_same_moment_and_always_as_long(value: datetime) -> None:
    stored = stored_time(value)

    assert datetime.fromisoformat(stored) == value
    assert len(stored) == 27
    assert stored.endswith("Z")


def test_a_connection_that_was_lost_while_it_lay_idle_is_replaced(
    postgresql_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("halo_host.database.database._PAUSE", 0.0)
    with empty_postgresql(postgresql_server) as url, closing(Database(url)) as database:
        with database.read() as connection:
            lost = connection.scalar(text("SELECT pg_backend_pid()"))
        with closing(Database(url)) as other, other.write() as connection:
            connection.execute(text("SELECT pg_terminate_backend(:lost, 10000)"), {"lost": lost})

        with database.read() as connection:
            assert connection.scalar(text("SELECT pg_backend_pid()")) != lost
