"""The command: what it prints, how it stops, what it refuses."""

from __future__ import annotations

import re
import signal
import subprocess
import sys

import pytest
import requests
from click.testing import CliRunner
from halo_gocardless.twin import Fault, FaultKind
from halo_gocardless.twin.cli import main

COMMAND = [sys.executable, "-c", "from halo_gocardless.twin.cli import main; main()"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_how_to_reach_it_and_stops_cleanly(number: signal.Signals) -> None:
    options = ["--customers", "3", "--fault", "server_error:path=/mandates,after=1"]
    with subprocess.Popen([*COMMAND, *options], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        printed = "".join(next(lines) for _ in range(7))
        found = dict(re.findall(r"^  (\S+) +(\S+)$", printed, re.MULTILINE))
        try:
            headers = {
                "Authorization": f"Bearer {found['full']}",
                "GoCardless-Version": "2015-07-06",
            }
            url = found["API"]
            customers = requests.get(f"{url}/customers", headers=headers, timeout=10).json()
            mandates = [
                requests.get(f"{url}/mandates", headers=headers, timeout=10).status_code
                for _ in range(2)
            ]
            page = requests.get(found["Dashboard"], timeout=10)
        finally:
            process.send_signal(number)
        assert process.wait(timeout=30) == 0
        assert process.stdout.read() == "Stopped.\n"
    assert len(customers["customers"]) == 3
    assert mandates == [200, 500]
    assert page.status_code == 200
    assert set(found) == {"API", "Dashboard", "full", "read-only", "revoked"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--host", "0.0.0.0"], "--allow-remote"),
        (["--customers", "-1"], "-1 is not in the range"),
        (["--now", "2026-01-01"], "needs a time zone"),
        (["--now", "soon"], "is not an ISO 8601 time"),
        (["--fault", "fire"], "kind must be one of"),
        (["--fault", "reset:count"], "not of the form name=value"),
        (["--fault", "reset:depth=3"], "has no 'depth'"),
    ],
)
def test_it_refuses_what_it_cannot_do(options: list[str], message: str) -> None:
    result = CliRunner().invoke(main, options)
    assert result.exit_code != 0
    assert message in result.output.replace("\n", " ")


def test_a_fault_is_written_as_its_help_says() -> None:
    written = "slow_body:count=-,probability=20,path=/payments,method=GET,after=7,seconds=2"
    assert Fault.parse(written) == Fault(
        FaultKind.SLOW_BODY, None, 20, "/payments", "GET", after=7, seconds=2
    )
    assert Fault.parse("reset") == Fault(FaultKind.RESET)
