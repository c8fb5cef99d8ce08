"""Back-ups by PostgreSQL's own programs, `pg_dump`, `pg_restore` and `psql`.

Passwords reach them through the environment, never as an argument that others could see.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, inspect, text

from ..errors import DatabaseError, HostError
from .database import Database

SYSTEM_FOLDERS = Path("/usr/lib/postgresql")

# The beginning of a table's rows in what pg_restore writes: COPY public.users (id, …) FROM stdin;
_COPY = re.compile(rb'COPY (?:"?[^".]+"?\.)?"?([^"( ]+)"? \(.*\) FROM stdin;\n')


def dump(database: Database, file: Path) -> dict[str, int]:
    """Write a dump of the database as it is at one moment; its rows by table.

    The dump is read again, and its rows are counted.

    :raises HostError: pg_dump is missing or failed, or the dump is not what the database holds.
    """
    with database.read() as connection:
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        moment = connection.scalar(text("SELECT pg_export_snapshot()"))
        program = _program("pg_dump", connection)
        rows = rows_of(connection)
        options = ("--format=custom", "--no-owner", "--no-privileges", f"--snapshot={moment}")
        _run([program, *options, f"--file={file}", *_address(database)], _environment(database))
        if _rows_in(file, _program("pg_restore", connection)) != rows:
            raise HostError(
                f"The dump of {database.label} does not hold what the database holds, so no "
                "back-up was made.",
                advice="Check the disk, and that the user of the address may read every table; "
                "then run the same command again.",
            )
    return rows


def restore_dump(database: Database, file: Path) -> dict[str, int]:
    """Put a dump in the place of all tables that the database has; its rows by table.

    It is one transaction: where it fails, the database is as it was.

    :raises HostError: a program is missing, or the dump could not be restored.
    """
    with database.read() as connection:
        reader = _program("pg_restore", connection)
        writer = _program("psql", connection)
        present = inspect(connection).get_table_names()
    drop = "".join(f'DROP TABLE "{name}" CASCADE;\n' for name in present)
    options = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--file=-")
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(
            [writer, *options, *_address(database)],
            env=_environment(database),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=said,
        ) as psql,
    ):
        assert psql.stdin is not None  # noqa: S101 - for the type checker
        try:
            psql.stdin.write(f"BEGIN;\n{drop}".encode())
            _write_script(reader, file, psql.stdin)
            psql.stdin.write(b"COMMIT;\n")  # without it, psql ends and takes everything back
            psql.stdin.flush()
        except BrokenPipeError:
            pass  # psql has stopped at an error, and says which
        except BaseException:
            psql.kill()
            raise
        finally:
            with suppress(BrokenPipeError):
                psql.stdin.close()
        if psql.wait() != 0:
            _fail("psql", said)
    database.close()  # connections that remember the former tables
    with database.read() as connection:
        return rows_of(connection)


def rows_of(connection: Connection) -> dict[str, int]:
    """How many rows each table has."""
    counts = {}
    for name in sorted(inspect(connection).get_table_names()):
        query = f'SELECT count(*) FROM "{name}"'  # noqa: S608 - a name of the database itself
        counts[name] = int(connection.scalar(text(query)) or 0)
    return counts


def _rows_in(dump_file: Path, program: str) -> dict[str, int]:
    """Count the rows of a dump, by reading all of it."""
    counts: dict[str, int] = {}
    table = None
    for line in _lines(program, dump_file, "--data-only"):
        if table is None:
            if found := _COPY.fullmatch(line):
                table = found[1].decode()
                counts[table] = 0
        elif line == b"\\.\n":
            table = None
        else:
            counts[table] += 1
    return counts


def _write_script(program: str, dump_file: Path, to: IO[bytes]) -> None:
    for line in _lines(program, dump_file, "--no-owner", "--no-privileges"):
        to.write(line)


def _lines(program: str, dump_file: Path, *options: str) -> Iterator[bytes]:
    """What pg_restore writes, line by line.

    :raises HostError: it failed.
    """
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(
            [program, *options, "--file=-", str(dump_file)], stdout=subprocess.PIPE, stderr=said
        ) as restore,
    ):
        assert restore.stdout is not None  # noqa: S101 - for the type checker
        try:
            yield from restore.stdout
        except BaseException:
            restore.kill()
            raise
        if restore.wait() != 0:
            _fail("pg_restore", said)


def _program(name: str, connection: Connection) -> str:
    """The program that fits the server best: of its version, else of PATH, else the newest.

    :raises HostError: there is none.
    """
    version: Any = connection.dialect.server_version_info
    folders = sorted(SYSTEM_FOLDERS.glob("*/bin"), key=_number, reverse=True)
    fitting = [folder for folder in folders if _number(folder) == version[0]]
    places = [*fitting, *os.environ.get("PATH", os.defpath).split(os.pathsep), *folders]
    for place in places:
        if found := shutil.which(name, path=str(place)):
            return found
    raise HostError(
        f"The program {name} of PostgreSQL is not installed here.",
        advice="Install PostgreSQL's client programs (on Debian: postgresql-client), or run the "
        "command on a machine that has them.",
    )


def _number(folder: Path) -> int:
    return int(re.sub(r"\D", "", folder.parent.name) or 0)


def _address(database: Database) -> tuple[str, str]:
    """The arguments that name the database, without its password; nobody is asked for one."""
    from psycopg.conninfo import make_conninfo

    return "--no-password", f"--dbname={make_conninfo(**_parameters(database, password=False))}"


def _environment(database: Database) -> dict[str, str]:
    password = _parameters(database).get("password")
    return {**os.environ, "PGPASSWORD": password} if password else dict(os.environ)


def _parameters(database: Database, *, password: bool = True) -> dict[str, Any]:
    _, parameters = database.url.get_dialect()().create_connect_args(database.url)
    return {name: it for name, it in parameters.items() if password or name != "password"}


def _run(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    if done.returncode != 0:
        _refuse(Path(command[0]).name, done.stderr)


def _fail(program: str, said: IO[bytes]) -> None:
    said.seek(0)
    _refuse(program, said.read())


def _refuse(program: str, said: bytes) -> None:
    lines = said.decode(errors="replace").strip().splitlines()
    reason = next((line for line in lines if "error" in line.lower()), lines[0] if lines else "?")
    raise DatabaseError(
        f"{program} failed: {reason.strip()}",
        advice="Mend what it names, then run the same command again.",
    )
