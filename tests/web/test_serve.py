"""`halo-host serve` starts two processes and leaves none behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.acme import Desk
from support.serving import Serving, delivery, eventually, is_alive

from halo_host.cli import main

from .conftest import Serve


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_polite_signal_stops_everything_soon(serve: Serve, number: signal.Signals) -> None:
    running = serve("--threads", "2")
    processes = eventually(lambda: _two_servers(running))
    began = time.monotonic()

    running.process.send_signal(number)

    assert running.process.wait(timeout=60) == 0
    assert time.monotonic() - began < 25
    assert not [it for it in processes if is_alive(it)]
    assert "Stopped." in running.said()
    assert "Traceback" not in running.said()


def test_a_killed_parent_takes_its_children_with_it(serve: Serve) -> None:
    running = serve("--threads", "2")
    processes = eventually(lambda: _two_servers(running))

    running.process.kill()
    running.process.wait()

    eventually(lambda: not [it for it in processes if is_alive(it)])


def test_an_integrator_that_dies_is_started_again_and_that_is_said(serve: Serve) -> None:
    running = serve("--threads", "2")
    (first,) = eventually(lambda: _integrators(running))

    os.kill(first, signal.SIGKILL)

    eventually(lambda: _integrators(running) - {first})
    assert "The integrator has ended (killed by SIGKILL); it is started again" in running.said()
    assert running.deliver(delivery(1)).status_code == 204


def test_a_web_server_that_dies_ends_everything_and_the_status_tells(serve: Serve) -> None:
    running = serve("--threads", "2")
    processes = eventually(lambda: _two_servers(running))
    web = {it for it in processes if "halo_host.web" in _command(it)}

    os.kill(min(web), signal.SIGKILL)

    assert running.process.wait(timeout=60) == 1
    assert "The web server has ended (killed by SIGKILL)" in running.said()
    eventually(lambda: not [it for it in processes if is_alive(it)])


def test_a_port_that_is_taken_is_said_with_advice(listening_desk: Desk) -> None:
    settings = listening_desk.host.settings
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        refused = subprocess.run(
            [sys.executable, "-m", "halo_host", "serve", "--listen", address],
            env={
                **os.environ,
                "HALO_HOST_DATA": str(settings.data),
                "HALO_HOST_DATABASE_URL": settings.database_url,
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert refused.returncode == 1
    assert f"cannot listen on {address}" in refused.stderr
    assert "HALO_HOST_LISTEN" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("address", ["8080", "localhost:", ":80", "a:b", "1.2.3.4:99999", "::1"])
def test_an_address_that_is_none_is_refused(tmp_path: Path, address: str) -> None:
    said = CliRunner().invoke(main, ["--data", str(tmp_path), "serve", "--listen", address])

    assert said.exit_code == 1
    assert "is no address to listen on" in said.output


def test_sqlite_has_one_web_process(tmp_path: Path) -> None:
    said = CliRunner().invoke(main, ["--data", str(tmp_path), "serve", "--workers", "2"])

    assert said.exit_code == 1
    assert "Several web processes need PostgreSQL" in said.output


def _command(process_id: int) -> str:
    try:
        return Path(f"/proc/{process_id}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def _integrators(running: Serving) -> set[int]:
    return {it for it in running.children() if "halo_host integrator" in _command(it)}


def _two_servers(running: Serving) -> set[int]:
    """All its processes, once gunicorn with its worker and the integrator run."""
    processes = running.children()
    web = {it for it in processes if "halo_host.web" in _command(it)}
    return processes if len(web) >= 2 and _integrators(running) else set()
