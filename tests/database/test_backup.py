"""`halo-host database backup` and `restore`, for real: what was there is there again."""

from __future__ import annotations

import gzip
import io
import json
import os
import stat
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import create_engine, func, select, text
from support.acme import AGENT, CONNECTION, Desk
from support.databases import empty_postgresql, sqlite_url
from support.filled import everything, fill
from support.postgresql_programs import NoServer, find_programs
from support.postgresql_server import Server

from halo_host.cli import main
from halo_host.database import backup_postgresql
from halo_host.database.backup import Backup, back_up
from halo_host.database.backup_restore import Restored, restore
from halo_host.database.database import Database
from halo_host.database.in_use import InUse
from halo_host.database.tables import audit_log, customers, sites
from halo_host.errors import DatabaseError, HostError, InvalidInput
from halo_host.host import STORES, Host
from halo_host.settings import Settings

NOW = datetime(2027, 1, 1, 3, 30, tzinfo=UTC)
Elsewhere = Callable[[], str]


@pytest.fixture(autouse=True)
def programs_of_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """The programs that back up are those of the server that the tests start, if they start one."""
    with suppress(NoServer):
        monkeypatch.setenv("PATH", f"{find_programs()}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setattr(backup_postgresql, "SYSTEM_FOLDERS", Path("nowhere"))


@pytest.fixture
def filled_url(database_url: str) -> str:
    fill(database_url)
    return database_url


@pytest.fixture
def elsewhere(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Iterator[str]:
    """Another empty database of the same kind."""
    if database_url.startswith("sqlite"):
        (tmp_path / "elsewhere").mkdir()
        yield sqlite_url(tmp_path / "elsewhere")
        return
    with empty_postgresql(request.getfixturevalue("postgresql_server")) as url:
        yield url


def backed_up(url: str, to: Path, **options: object) -> Backup:
    return back_up(STORES, url, to, **{"now": NOW} | options)  # type: ignore[arg-type]


def restored(
    path: Path, url: str, *, force: bool = False, key_file: Path | None = None
) -> Restored:
    key_file = key_file or path.with_name("secret.key")
    return restore(STORES, path, url, key_file=key_file, force=force, agent=AGENT, now=NOW)


def data(url: str) -> dict[str, tuple[int, str]]:
    """All but the audit log, which tells of the restoring."""
    return {name: held for name, held in everything(url).items() if name != audit_log.name}


def add_customer(url: str, name: str) -> None:
    with Host(Settings(data=Path("unused"), database_url=url)) as host:
        host.directory.add_customer(name, agent=AGENT)


def test_what_was_backed_up_is_restored_elsewhere(
    filled_url: str, elsewhere: str, tmp_path: Path
) -> None:
    made = backed_up(filled_url, tmp_path / "back-up")

    done = restored(made.path, elsewhere)

    assert data(elsewhere) == data(filled_url)
    assert not done.needs_upgrade
    with closing(Database(elsewhere)) as database, database.read() as connection:
        actions = connection.scalars(select(audit_log.c.action)).all()
    assert "database.restored" in actions
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".halo")] == []


def test_a_restored_database_is_worked_with_as_before(
    desk: Desk, elsewhere: str, tmp_path: Path
) -> None:
    """On PostgreSQL the sequences, keys and indexes come back too."""
    desk.run({"id": "CU1", "given_name": "Ann"})
    made = backed_up(desk.host.settings.database_url, tmp_path)

    restored(made.path, elsewhere)

    with Host(Settings(data=tmp_path / "data", database_url=elsewhere, strict=True)) as host:
        desk.ledger.write({"id": "CU1", "given_name": "Ann"}, {"id": "CU2", "given_name": "Bob"})
        host.imports.run(CONNECTION, agent=AGENT)
        assert sorted(user.name for user in host.directory.users()) == ["Ann", "Bob"]


@contextmanager
def somebody_writing(url: str) -> Iterator[threading.Event]:
    """Customers are added, each with its site in the same transaction, until the block ends. The
    event is set once some are there."""
    begun, stop = threading.Event(), threading.Event()

    def write() -> None:
        with Host(Settings(data=Path("unused"), database_url=url)) as host:
            number = 0
            while not stop.is_set():
                number += 1
                host.directory.add_customer(f"Customer {number}", agent=AGENT)
                if number == 20:
                    begun.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield begun
    finally:
        stop.set()
        writer.join()


def test_a_back_up_made_while_others_write_is_of_one_moment(
    database_url: str, elsewhere: str, tmp_path: Path
) -> None:
    with somebody_writing(database_url) as begun:
        assert begun.wait(60)
        made = [backed_up(database_url, tmp_path / f"back-up-{number}").path for number in range(3)]

    counts = []
    for path in made:
        restored(path, elsewhere, force=True)
        with closing(Database(elsewhere)) as database, database.read() as connection:
            rows = [
                connection.scalar(select(func.count()).select_from(it)) for it in (customers, sites)
            ]
            audited = connection.scalar(
                select(func.count()).where(audit_log.c.action == "customer.added")
            )
        assert rows[0] == rows[1] == audited
        counts.append(rows[0])
    assert 20 <= counts[0] < counts[1] < counts[2]


def test_a_database_that_is_not_empty_is_not_replaced_unless_that_is_meant(
    filled_url: str, elsewhere: str, tmp_path: Path
) -> None:
    made = backed_up(filled_url, tmp_path / "back-up")
    add_customer(elsewhere, "Here already")
    before = everything(elsewhere)

    with pytest.raises(DatabaseError, match="not empty") as caught:
        restored(made.path, elsewhere)
    assert "--force" in str(caught.value)
    assert everything(elsewhere) == before

    done = restored(made.path, elsewhere, force=True)
    assert data(elsewhere) == data(filled_url)
    if elsewhere.startswith("sqlite"):
        (aside,) = [path for path in done.aside if "inbox" not in path.name]
        with closing(Database(f"sqlite:///{aside}")) as database, database.read() as connection:
            assert connection.scalars(select(customers.c.name)).all() == ["Here already"]


def test_a_database_that_somebody_has_open_is_not_replaced(
    filled_url: str, elsewhere: str, tmp_path: Path
) -> None:
    made = backed_up(filled_url, tmp_path / "back-up")
    add_customer(elsewhere, "Here already")

    with Host(Settings(data=tmp_path, database_url=elsewhere)) as host:
        host.directory.customers()
        with pytest.raises(InUse):
            restored(made.path, elsewhere, force=True)
        assert [it.name for it in host.directory.customers()] == ["Here already"]


def test_a_database_of_another_program_is_not_replaced(
    filled_url: str, elsewhere: str, tmp_path: Path
) -> None:
    made = backed_up(filled_url, tmp_path / "back-up")
    with closing(Database(elsewhere)) as database, database.write() as connection:
        connection.execute(text("CREATE TABLE theirs (id INTEGER)"))

    with pytest.raises(DatabaseError):
        restored(made.path, elsewhere)
    if not elsewhere.startswith("sqlite"):
        with pytest.raises(DatabaseError, match="another program"):
            restored(made.path, elsewhere, force=True)


@pytest.mark.parametrize("harm", ["cut", "byte", "not an archive"])
def test_a_damaged_back_up_changes_nothing(
    filled_url: str, elsewhere: str, tmp_path: Path, harm: str
) -> None:
    made = backed_up(filled_url, tmp_path / "back-up")
    whole = made.path.read_bytes()
    if harm == "cut":
        made.path.write_bytes(whole[: len(whole) * 2 // 3])
    elif harm == "byte":
        # One that the compression does not notice, as its checksum stands at the end.
        inside = bytearray(gzip.decompress(whole))
        inside[len(inside) // 2] ^= 1
        made.path.write_bytes(gzip.compress(bytes(inside)))
    else:
        made.path.write_bytes(b"These are notes. " * 1_000)
    add_customer(elsewhere, "Here already")
    before = everything(elsewhere)

    with pytest.raises(HostError, match="damaged"):
        restored(made.path, elsewhere, force=True)

    assert everything(elsewhere) == before


def test_a_back_up_of_a_newer_version_is_refused(
    filled_url: str, elsewhere: str, tmp_path: Path
) -> None:
    path = backed_up(filled_url, tmp_path / "back-up").path
    for change, words in (({"tables": "9999"}, "newer"), ({"format": 2}, "another version")):
        changed = with_manifest(path, tmp_path / words, **change)
        with pytest.raises(InvalidInput, match=words):
            restored(changed, elsewhere)


def with_manifest(path: Path, to: Path, **changes: object) -> Path:
    with tarfile.open(path) as source, tarfile.open(to, "w:gz") as target:
        for entry in source:
            content = source.extractfile(entry)
            assert content is not None
            if entry.name == "manifest.json":
                text = json.dumps(json.load(content) | changes).encode()
                entry.size = len(text)
                content = io.BytesIO(text)
            target.addfile(entry, content)
    return to


def test_the_key_is_in_a_back_up_only_where_it_is_asked_for(
    desk: Desk, elsewhere: str, tmp_path: Path
) -> None:
    settings = desk.host.settings
    without = backed_up(settings.database_url, tmp_path / "without")
    within = backed_up(settings.database_url, tmp_path / "with", key_file=settings.key_file)
    assert settings.key_file.read_bytes().strip() not in gzip.decompress(without.path.read_bytes())

    other = Settings(data=tmp_path / "other", database_url=elsewhere, strict=True)
    first = restored(without.path, elsewhere, key_file=other.key_file)
    assert (first.secrets, first.key_added) == (1, False)
    with Host(other) as host, pytest.raises(HostError, match=r"key file .* is missing"):
        host.connections.check(CONNECTION)

    second = restored(within.path, elsewhere, key_file=other.key_file, force=True)
    assert second.key_added
    assert stat.S_IMODE(other.key_file.stat().st_mode) == 0o600
    with Host(other) as host:
        assert host.connections.check(CONNECTION).ok


def test_the_keys_that_are_there_are_kept(desk: Desk, elsewhere: str, tmp_path: Path) -> None:
    settings = desk.host.settings
    made = backed_up(settings.database_url, tmp_path / "with", key_file=settings.key_file)
    key_file = tmp_path / "other.key"
    key_file.write_text("another-key\n")

    assert restored(made.path, elsewhere, key_file=key_file).key_added
    assert not restored(made.path, elsewhere, key_file=key_file, force=True).key_added

    assert key_file.read_text().split() == [settings.key_file.read_text().strip(), "another-key"]


def test_a_key_that_is_not_there_cannot_be_put_in(filled_url: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no key file"):
        backed_up(filled_url, tmp_path / "back-up", key_file=tmp_path / "secret.key")

    assert not (tmp_path / "back-up").exists()


def test_an_empty_database_is_not_backed_up(database_url: str, tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="nothing to back up"):
        backed_up(database_url, tmp_path / "back-up")


def test_a_file_that_exists_is_not_overwritten(filled_url: str, tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("notes")

    with pytest.raises(InvalidInput, match="exists already"):
        backed_up(filled_url, tmp_path / "notes")
    with pytest.raises(InvalidInput, match="There is no folder"):
        backed_up(filled_url, tmp_path / "nowhere" / "back-up")


def test_the_oldest_back_ups_of_a_folder_go(filled_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "back-ups"
    folder.mkdir()
    (folder / "halo-host-notes.tar.gz").write_text("not a back-up")

    made = [
        backed_up(filled_url, folder, now=NOW + timedelta(days=day), keep=2) for day in range(4)
    ]

    assert sorted(path.name for path in folder.iterdir()) == [
        "halo-host-20270103T033000Z.tar.gz",
        "halo-host-20270104T033000Z.tar.gz",
        "halo-host-notes.tar.gz",
    ]
    assert [len(backup.removed) for backup in made] == [0, 0, 1, 1]
    with pytest.raises(InvalidInput, match="is no folder"):
        backed_up(filled_url, tmp_path / "file", keep=2)


def test_an_older_database_is_backed_up_and_restored_before_its_upgrade(
    filled_url: str, elsewhere: str, tmp_path: Path
) -> None:
    with closing(Database(filled_url)) as database, database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))

    done = restored(backed_up(filled_url, tmp_path / "back-up").path, elsewhere)

    assert done.needs_upgrade
    assert everything(elsewhere) == everything(filled_url)


# --- the commands --------------------------------------------------------------------------------


def halo(url: str, folder: Path, *arguments: str, fails: bool = False) -> Result:
    given = ("--data", str(folder), "--database", url, "database", *arguments)
    result = CliRunner().invoke(main, given)
    assert result.exit_code == int(fails), result.output
    return result


def test_the_commands_say_what_they_did_and_what_is_missing(
    desk: Desk, elsewhere: str, tmp_path: Path
) -> None:
    url, folder = desk.host.settings.database_url, desk.host.settings.data
    to = tmp_path / "back-ups"
    to.mkdir()

    said = halo(url, folder, "backup", str(to), "--keep", "3").output
    (path,) = to.iterdir()
    assert str(path) in said
    assert f"The key is not in it: keep a copy of {folder / 'secret.key'} elsewhere." in said
    said = halo(url, folder, "backup", str(tmp_path / "with.key"), "--with-key").output
    assert "whoever has this file can read every secret" in said

    said = halo(elsewhere, tmp_path / "other", "restore", str(path)).output
    assert f"Bring back the key file {tmp_path / 'other' / 'secret.key'} too: secrets" in said
    said = halo(elsewhere, tmp_path / "other", "restore", str(path), fails=True).output
    assert "Add --force" in said
    command = ("restore", str(tmp_path / "with.key"), "--force")
    assert "Its key was put into" in halo(elsewhere, tmp_path / "other", *command).output
    said = halo(elsewhere, tmp_path, "restore", str(tmp_path / "no such file"), fails=True).output
    assert "cannot be read: No such file" in said


def test_where_a_back_up_goes_is_what_was_written(desk: Desk, tmp_path: Path) -> None:
    url, folder = desk.host.settings.database_url, desk.host.settings.data

    def backup(to: str, *options: str, fails: bool = False) -> str:
        return halo(url, folder, "backup", str(tmp_path / "to") + to, *options, fails=fails).output

    said = backup("", fails=True)
    assert f"There is no folder {tmp_path / 'to'}, and the name of a file needs an ending." in said
    assert f"Name the folder {tmp_path / 'to'}/ to have it made" in said
    assert not (tmp_path / "to").exists()

    said = backup("/nowhere/", fails=True)
    assert f"There is no folder {tmp_path / 'to'}, so no back-up was made." in said
    assert "There is no folder" in backup("/file.tar.gz", fails=True)
    assert not (tmp_path / "to").exists()

    backup("/", "--keep", "2")
    (made,) = (tmp_path / "to").iterdir()
    assert made.name.startswith("halo-host-")
    assert (tmp_path / "to").stat().st_mode & 0o777 == 0o700
    backup("/file.tar.gz")
    assert (tmp_path / "to" / "file.tar.gz").is_file()
    assert "exists already" in backup("/file.tar.gz", fails=True)
    said = backup("/file.tar.gz/", fails=True)
    assert "is a file, no folder" in said


def test_an_empty_database_makes_no_folder_of_back_ups(tmp_path: Path) -> None:
    said = halo(
        sqlite_url(tmp_path), tmp_path, "backup", str(tmp_path / "to") + "/", fails=True
    ).output

    assert "There is nothing to back up" in said
    assert "--data" in said
    assert not (tmp_path / "to").exists()


# --- SQLite --------------------------------------------------------------------------------------


def test_a_damaged_database_can_be_replaced(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    fill(url)
    before = data(url)
    made = backed_up(url, tmp_path / "back-up")
    (tmp_path / "halo-host.db").write_bytes(b"damaged " * 10_000)

    with pytest.raises(DatabaseError, match="damaged"):
        restored(made.path, url)
    restored(made.path, url, force=True)

    assert data(url) == before


def test_a_damaged_database_makes_no_back_up(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    fill(url, rows=500)
    file = tmp_path / "halo-host.db"
    content = bytearray(file.read_bytes())
    for page in range(60, len(content) // 4096, 3):
        content[page * 4096 : page * 4096 + 2000] = b"\xff" * 2000
    file.write_bytes(content)

    with pytest.raises(DatabaseError, match=r"damaged|malformed"):
        backed_up(url, tmp_path / "back-up")

    assert not (tmp_path / "back-up").exists()


def test_a_back_up_of_one_kind_is_not_restored_into_the_other(
    tmp_path: Path, postgresql_server: Server
) -> None:
    url = sqlite_url(tmp_path)
    fill(url)
    made = backed_up(url, tmp_path / "back-up")

    with empty_postgresql(postgresql_server) as other:
        with pytest.raises(InvalidInput, match="back-up of SQLite") as caught:
            restored(made.path, other)
        assert "halo-host database copy" in str(caught.value)


# --- PostgreSQL ----------------------------------------------------------------------------------


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder whose programs stand before the real ones."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setattr(backup_postgresql, "SYSTEM_FOLDERS", tmp_path / "nowhere")
    monkeypatch.setenv(
        "PATH", os.pathsep.join([str(folder), str(find_programs()), os.environ["PATH"]])
    )
    return folder


def program(folder: Path, name: str, script: str) -> None:
    """A shell script that may call the real program as $real."""
    path = folder / name
    path.write_text(f"#!/bin/sh\nreal={find_programs() / name}\n{script}\n")
    path.chmod(0o755)


def test_no_password_is_among_the_arguments(
    programs: Path, tmp_path: Path, postgresql_server: Server
) -> None:
    seen = tmp_path / "seen"
    for name in ("pg_dump", "pg_restore", "psql"):
        program(
            programs, name, f'echo "{name} $PGPASSWORD: $@" >> {seen}; unset PGPASSWORD\n$real "$@"'
        )
    with empty_postgresql(postgresql_server) as url:
        fill(url)
        secret = url.replace("postgres@", "postgres:se%20cret@")
        made = backed_up(secret, tmp_path / "back-up")
        restored(made.path, secret, force=True)

    lines = seen.read_text().splitlines()
    assert [line.split(": ")[0] for line in lines if not line.startswith("pg_restore")] == [
        "pg_dump se cret",
        "psql se cret",
    ]
    assert not any("cret" in line.partition(": ")[2] for line in lines)


def test_missing_programs_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, postgresql_server: Server
) -> None:
    monkeypatch.setattr(backup_postgresql, "SYSTEM_FOLDERS", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with empty_postgresql(postgresql_server) as url:
        fill(url)
        with pytest.raises(HostError, match="pg_dump of PostgreSQL is not installed") as caught:
            backed_up(url, tmp_path / "back-up")
        assert "postgresql-client" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "script"),
    [
        ("pg_restore", '$real "$@" | head -c 20000; echo error: it broke >&2; exit 1'),
        (
            "psql",
            "awk '{ print } NR > 300 && /;$/ { exit }' | $real \"$@\"; "
            "echo error: it broke >&2; exit 3",
        ),
    ],
)
def test_a_restore_that_fails_half_way_changes_nothing(
    programs: Path, tmp_path: Path, postgresql_server: Server, name: str, script: str
) -> None:
    with empty_postgresql(postgresql_server) as url:
        fill(url)
        made = backed_up(url, tmp_path / "back-up")
        add_customer(url, "Later")
        before = everything(url)
        program(programs, name, script)

        with pytest.raises(DatabaseError, match=f"{name} failed: error: it broke"):
            restored(made.path, url, force=True)

        assert everything(url) == before


def test_a_dump_that_lacks_rows_is_noticed(
    programs: Path, tmp_path: Path, postgresql_server: Server
) -> None:
    program(programs, "pg_dump", '$real "$@" --exclude-table-data=timeline')
    with empty_postgresql(postgresql_server) as url:
        fill(url)
        with pytest.raises(HostError, match="does not hold what the database holds"):
            backed_up(url, tmp_path / "back-up")
    assert not (tmp_path / "back-up").exists()


def test_a_server_that_does_not_let_dump_is_said(
    programs: Path, tmp_path: Path, postgresql_server: Server
) -> None:
    with empty_postgresql(postgresql_server) as url:
        fill(url)
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.execute(text("DROP ROLE IF EXISTS reader"))
            connection.execute(text("CREATE ROLE reader LOGIN"))
            connection.execute(text("GRANT SELECT ON alembic_version TO reader"))
        engine.dispose()
        with pytest.raises(DatabaseError):
            backed_up(url.replace("postgres@", "reader@"), tmp_path / "back-up")
        with engine.begin() as connection:
            connection.execute(text("DROP OWNED BY reader"))
            connection.execute(text("DROP ROLE reader"))
        engine.dispose()
    assert not (tmp_path / "back-up").exists()
