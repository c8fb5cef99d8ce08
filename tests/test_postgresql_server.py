"""The PostgreSQL server of the tests: found, private, and gone with the process that wanted it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from support.databases import empty_postgresql
from support.postgresql_programs import NoServer, find_programs
from support.postgresql_server import Server

TESTS = Path(__file__).parent


def _programs(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name in ("initdb", "postgres"):
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    return folder


def test_programs_on_the_path_are_taken_first(tmp_path: Path) -> None:
    on_path = _programs(tmp_path / "bin")
    _programs(tmp_path / "system" / "17" / "bin")

    assert find_programs(search_path=str(on_path), system=tmp_path / "system") == on_path


def test_else_the_newest_of_the_system_is_taken(tmp_path: Path) -> None:
    _programs(tmp_path / "9.6" / "bin")
    newest = _programs(tmp_path / "17" / "bin")
    (tmp_path / "18" / "bin").mkdir(parents=True)  # client programs alone are not enough

    assert find_programs(search_path="", system=tmp_path) == newest


def test_else_the_programs_of_the_package_are_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = _programs(tmp_path / "postgres_in_a_wheel" / "pginstall" / "bin")
    (tmp_path / "postgres_in_a_wheel" / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))

    found = find_programs(search_path="", system=tmp_path / "none", package="postgres_in_a_wheel")

    assert found == shipped


def test_without_programs_the_message_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(NoServer, match=r"no-such-package is not installed[^?]*Install "):
        find_programs(search_path="", system=tmp_path, package="no_such_package")


def test_each_database_is_empty_and_dropped_at_its_end(postgresql_server: Server) -> None:
    with empty_postgresql(postgresql_server) as url:
        address = url.replace("+psycopg", "")
        with psycopg.connect(address) as connection:
            connection.execute("CREATE TABLE customers (id bigint)")
        left_open = psycopg.connect(address)
    with pytest.raises(psycopg.OperationalError):
        left_open.execute("SELECT 1")
    left_open.close()
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(address)


def test_nothing_is_left_when_the_process_that_wanted_it_is_killed(
    postgresql_server: Server,
) -> None:
    del postgresql_server  # says that this run is one with PostgreSQL
    wanting = subprocess.Popen(
        [sys.executable, "-c", _WANTING], cwd=TESTS, stdout=subprocess.PIPE, text=True
    )
    assert wanting.stdout is not None
    folder = Path(wanting.stdout.readline().strip())
    wanting.stdout.close()
    server = int((folder / "data" / "postmaster.pid").read_text().split()[0])

    wanting.send_signal(signal.SIGKILL)
    wanting.wait()

    _wait_for(lambda: not folder.exists())
    with pytest.raises(ProcessLookupError):
        os.kill(server, 0)


_WANTING = """
from support.postgresql_server import running_server

with running_server() as server:
    print(server.folder, flush=True)
    input()
"""


def _wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)
