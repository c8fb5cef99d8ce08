"""`serve` and `integrator --api` as two processes, either of which is killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.acme import CONNECTION, Desk
from support.agents import add_agent
from support.clock import Clock
from support.serving import PATIENCE, Serving, eventually, serving

from halo_host.agents.roles import Role
from halo_host.host import Host
from halo_host.integrator.carriers import carriers
from halo_host.integrator.worker import Worker
from halo_host.jobs.job import Why

pytestmark = pytest.mark.once


class Remote:
    """A running `halo-host integrator --api`."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self.log = log

    def said(self) -> str:
        return self.log.read_text("utf-8", "replace")

    def says(self, words: str) -> None:
        def found() -> bool:
            if self.process.poll() is not None:
                assert words in self.said(), f"it has ended: {self.said()}"
            return words in self.said()

        eventually(found)


@contextmanager
def remote(port: int, token: str, folder: Path, name: str) -> Iterator[Remote]:
    log = folder / f"{name}.log"
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "halo_host", "integrator", "--api", url, "--sweep", "0.2"]
    environment = {**os.environ, "HALO_HOST_API_TOKEN": token, "HALO_HOST_DATA": str(folder / name)}
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, env=environment, stdout=output, stderr=output, cwd=folder
        )
    try:
        yield Remote(process, log)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(timeout=PATIENCE)


def kill(running: Serving) -> None:
    """All of it at once, as a machine that loses its power."""
    for process_id in {running.process.pid, *running.children()}:
        os.kill(process_id, signal.SIGKILL)
    running.process.wait(timeout=PATIENCE)


@contextmanager
def carrying(host: Host) -> Iterator[None]:
    """What is queued is carried out beside the database; nothing else is begun there."""
    stop = threading.Event()
    worker = Worker(host.jobs, carriers(host), stop.is_set)

    def work() -> None:
        while not stop.wait(0.1):
            worker.work()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        number: int = found.getsockname()[1]
        return number


@pytest.fixture
def due(clock: Clock, desk: Desk) -> Desk:
    """An import of users is due by the time that processes have."""
    clock.set(datetime.now(UTC) - timedelta(hours=2))
    desk.run({"id": "CU1", "given_name": "Ann"})
    desk.ledger.write({"id": "CU1", "given_name": "Ann"}, {"id": "CU2", "given_name": "Bea"})
    clock.advance(hours=3)
    return desk


def test_either_side_is_killed_and_the_work_goes_on(
    host: Host, due: Desk, port: int, tmp_path: Path
) -> None:
    agent = add_agent(host)
    token = host.agents.tokens.add(agent.id, "integrator", Role.OPERATOR, agent="Test")
    arguments = ("--listen", f"127.0.0.1:{port}", "--no-integrator")

    with remote(port, token.secret, tmp_path, "first") as first:
        first.says("cannot be reached (ConnectionError). It is asked again.")
        with serving(host.settings, tmp_path, *arguments) as running:
            first.says("Working for Olive Operator, whose token is good for operator until ")
            with carrying(host):
                first.says("(import of acme-pay) is done: ")
            assert due.names() == ["Ann", "Bea"]
            kill(running)
        eventually(lambda: first.said().count("It is asked again.") == 2)
        with serving(host.settings, tmp_path, *arguments):
            eventually(lambda: first.said().count("The host answers again.") == 2)
            first.process.kill()
            assert "Traceback" not in first.said()
            left = host.jobs.enqueue("import", CONNECTION, why=Why.SCHEDULE, agent="Test")

            with remote(port, token.secret, tmp_path, "second") as second:
                second.says(f"Run {left.id} (import of acme-pay) is queued.")
                second.says("No integrator runs beside the host's database")
                host.jobs.cancel(left.id, agent="Test")
                second.says(f"Run {left.id} (import of acme-pay) is cancelled")

                host.agents.tokens.revoke(token.token.id, agent="Test")
                assert second.process.wait(timeout=PATIENCE) == 1
                assert "Error: The API token is not good" in second.said()
                assert "Traceback" not in second.said()


def test_it_stops_at_once_while_the_host_is_away(port: int, tmp_path: Path) -> None:
    with remote(port, "halo_x", tmp_path, "only") as only:
        only.says("It is asked again.")
        only.process.terminate()

        assert only.process.wait(timeout=PATIENCE) == 0
        assert only.said().count("cannot be reached") == 1
