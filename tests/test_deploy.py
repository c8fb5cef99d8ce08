"""What stands in deploy/ is right: the Compose file, the container file, the systemd units."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import jsonschema
import pytest
import yaml

import halo_host
from halo_host.cli import main

PROJECT = Path(__file__).resolve().parents[1]
DEPLOY = PROJECT / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]
VENDOR = Path(__file__).with_name("vendor") / "compose-spec"
INSTALLED = "/opt/halo-host/bin/halo-host"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
HOSTS = ("upgrade", "web", "integrator", "backup")


def unknown_words(words: list[str]) -> str | None:
    """What of a halo-host command does not exist, or None. Parses it as the command line does."""
    command: click.Command = main
    context = click.Context(main)
    while True:
        parser = command.make_parser(context)
        try:
            _, words, _ = parser.parse_args(words)
        except click.UsageError as error:
            return error.message
        if not isinstance(command, click.Group):
            return None
        name, *words = words or [""]
        below = command.get_command(context, name)
        if below is None:
            return name
        command, context = below, click.Context(below, parent=context)


def test_a_command_that_does_not_exist_would_be_found() -> None:
    assert unknown_words(["serve", "--no-integrator", "--workers", "2"]) is None
    assert unknown_words(["server"]) == "server"
    assert "--no-such" in str(unknown_words(["serve", "--no-such"]))


# --- Compose -------------------------------------------------------------------------------------


def test_the_schema_is_the_published_one() -> None:
    content = (VENDOR / "compose-spec.json").read_bytes()

    assert hashlib.sha256(content).hexdigest() in (VENDOR / "README.md").read_text()
    assert "Apache License" in (VENDOR / "LICENSE").read_text()


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft202012Validator:
    schema = json.loads((VENDOR / "compose-spec.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_the_compose_file_fits_the_specification(schema: jsonschema.Draft202012Validator) -> None:
    errors = [f"{error.json_path}: {error.message}" for error in schema.iter_errors(COMPOSE)]

    assert not errors


def test_a_compose_file_that_does_not_fit_would_be_found(
    schema: jsonschema.Draft202012Validator,
) -> None:
    wrong = json.loads(json.dumps(COMPOSE))
    wrong["services"]["web"]["healthchek"] = {}
    wrong["services"]["web"]["restart"] = 3

    assert len(list(schema.iter_errors(wrong))) == 2


@pytest.mark.parametrize("name", HOSTS)
def test_what_a_compose_service_runs_exists(name: str) -> None:
    assert unknown_words(COMPOSE["services"][name]["command"]) is None


def test_what_the_compose_file_refers_to_is_in_it() -> None:
    for name, service in COMPOSE["services"].items():
        for secret in service.get("secrets", ()):
            assert secret in COMPOSE["secrets"], name
        for network in service.get("networks", ()):
            assert network in COMPOSE["networks"], name
        for volume in service.get("volumes", ()):
            source = volume.rpartition(":")[0]
            assert source in COMPOSE["volumes"] or source.startswith("${"), name
        for other in service.get("depends_on", {}):
            assert other in COMPOSE["services"], name
    build = COMPOSE["x-host"]["build"]
    assert (DEPLOY / build["context"] / build["dockerfile"]).is_file()
    assert COMPOSE["x-host"]["image"] == f"halo-host:{halo_host.__version__}"


def test_no_secret_stands_in_the_compose_file() -> None:
    for service in COMPOSE["services"].values():
        for name, value in service.get("environment", {}).items():
            secret = re.search("PASSWORD|TOKEN|KEY", name)
            assert not secret or (name.endswith("_FILE") and value.startswith("/run/secrets/"))
    assert "database" not in [
        name for name, it in COMPOSE["services"].items() if it.get("ports") and name != "web"
    ]


def test_every_variable_is_one_that_the_host_reads() -> None:
    known = (PROJECT / "docs" / "configuration.md").read_text(encoding="utf-8")
    files = [DEPLOY / "compose.yaml", DEPLOY / "halo-host.env.example", *UNITS]
    named = {
        name
        for file in files
        for name in re.findall(r"HALO_HOST_[A-Z_]+", file.read_text(encoding="utf-8"))
    } - {"HALO_HOST_BACKUPS"}  # Compose's own

    assert len(named) > 10
    assert not [name for name in sorted(named) if f"`{name}`" not in known]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def serving(port: int, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    log = (folder / "log").open("wb")
    command = [sys.executable, "-m", "halo_host", "--data", str(folder / "data"), "serve"]
    with log, subprocess.Popen(
        [*command, "--listen", f"127.0.0.1:{port}"], stdout=log, stderr=log
    ) as server:  # fmt: skip
        try:
            yield server
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(60)


def test_the_health_check_asks_what_the_host_answers(tmp_path: Path) -> None:
    port = free_port()
    program, *arguments = COMPOSE["services"]["web"]["healthcheck"]["test"][1:]
    assert program == "python"
    check = [sys.executable, *(part.replace(":8080/", f":{port}/") for part in arguments)]
    with serving(port, tmp_path) as server:
        give_up = time.monotonic() + 90
        while subprocess.run(check, check=False, capture_output=True).returncode != 0:
            assert time.monotonic() < give_up, (tmp_path / "log").read_text()
            assert server.poll() is None, (tmp_path / "log").read_text()
            time.sleep(0.2)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10) as answer:
            assert json.load(answer)["status"] == "ready"
    assert subprocess.run(check, check=False, capture_output=True).returncode == 1


# --- the container file --------------------------------------------------------------------------


def test_the_container_file_runs_and_copies_what_exists() -> None:
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    instructions = [line.split(" ", 1) for line in text.splitlines() if line and line[0] != "#"]

    (command,) = [json.loads(value) for name, value in instructions if name == "CMD"]
    assert ["halo-host"] in [
        json.loads(value) for name, value in instructions if name == "ENTRYPOINT"
    ]
    assert unknown_words(command) is None
    assert [value for name, value in instructions if name == "USER"] == ["halo"]
    ignored = (DEPLOY / "Containerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    wanted = [line[1:] for line in ignored if line.startswith("!")]
    assert "*" in ignored
    assert [name for name in wanted if not (PROJECT / name).exists()] == []
    # All that building a wheel reads, as setup.cfg names it.
    assert {"halo_host", "LICENSE", "README.md", "pyproject.toml", "setup.cfg"} <= set(wanted)


# --- systemd -------------------------------------------------------------------------------------

# The names that the units use, out of systemd.unit(5), systemd.service(5), systemd.exec(5),
# systemd.resource-control(5), systemd.kill(5) and systemd.timer(5).
KNOWN = {
    "Unit": "Description Wants After StartLimitIntervalSec StartLimitBurst",
    "Service": "Type User Group Environment EnvironmentFile ExecStart StateDirectory "
    "StateDirectoryMode KillMode TimeoutStopSec Restart RestartSec Nice IOSchedulingClass "
    "CapabilityBoundingSet AmbientCapabilities NoNewPrivileges UMask ProtectSystem ProtectHome "
    "PrivateTmp PrivateDevices PrivateUsers ProtectClock ProtectHostname ProtectKernelLogs "
    "ProtectKernelModules ProtectKernelTunables ProtectControlGroups ProtectProc RemoveIPC "
    "RestrictAddressFamilies RestrictNamespaces RestrictRealtime RestrictSUIDSGID LockPersonality "
    "SystemCallArchitectures SystemCallFilter SystemCallErrorNumber",
    "Timer": "OnCalendar RandomizedDelaySec Persistent",
    "Install": "WantedBy",
}
HARDENED = {
    "CapabilityBoundingSet": "",
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "RestrictNamespaces": "yes",
    "SystemCallArchitectures": "native",
    "UMask": "0077",
}
MOST_EXPOSED = 20  # of 100, as `systemd-analyze security` counts


def settings(unit: Path) -> dict[str, dict[str, list[str]]]:
    """A unit's sections, and the values of each of their names."""
    found: dict[str, dict[str, list[str]]] = {}
    section: dict[str, list[str]] = {}
    for line in unit.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line[0] in "#;":
            continue
        if heading := re.fullmatch(r"\[(\w+)\]", line):
            section = found.setdefault(heading[1], {})
        else:
            name, separator, value = line.partition("=")
            assert separator, f"{unit.name}: {line}"
            section.setdefault(name, []).append(value)
    return found


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_every_name_in_a_unit_is_one_of_systemd(unit: Path) -> None:
    for section, names in settings(unit).items():
        assert section in KNOWN
        assert set(names) <= set(KNOWN[section].split())


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_a_service_runs_a_command_that_exists_and_may_do_little(unit: Path) -> None:
    service = settings(unit)["Service"]

    (command,) = service["ExecStart"]
    program, *words = shlex.split(command)
    assert program == INSTALLED
    assert unknown_words(words) is None
    assert {name: service[name] for name in HARDENED} == {
        name: [value] for name, value in HARDENED.items()
    }
    folders = service["StateDirectory"][0].split()
    (data,) = [it for it in service["Environment"] if it.startswith("HALO_HOST_DATA=")]
    written = [data.partition("=")[2], *(word for word in words if word.startswith("/"))]
    assert written == [f"/var/lib/{folder}" for folder in folders]


def test_the_timer_starts_a_service_that_exists() -> None:
    (timer,) = [unit for unit in UNITS if unit.suffix == ".timer"]
    (moment,) = settings(timer)["Timer"]["OnCalendar"]

    assert timer.with_suffix(".service") in UNITS
    assert datetime.strptime(moment, "*-*-* %H:%M:%S")  # noqa: DTZ007 - a time of day


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_itself_finds_nothing_wrong(unit: Path, tmp_path: Path) -> None:
    """Where systemd is installed. Elsewhere the tests above check the same names by our own list,
    and this one that the program is not there."""
    analyze = shutil.which("systemd-analyze")
    for each in UNITS:
        text = each.read_text(encoding="utf-8").replace(INSTALLED, sys.executable)
        (tmp_path / each.name).write_text(text, encoding="utf-8")
    if analyze is None:
        assert not Path("/usr/bin/systemd-analyze").exists()
        return

    def ask(*arguments: str) -> Any:
        return subprocess.run(
            [analyze, *arguments, str(tmp_path / unit.name)],
            check=False,
            capture_output=True,
            text=True,
        )

    verified = ask("verify", "--recursive-errors=no")
    assert (verified.returncode, verified.stderr.strip()) == (0, "")
    if unit.suffix == ".service":
        exposed = ask("security", "--offline=true", "--no-pager", f"--threshold={MOST_EXPOSED}")
        assert exposed.returncode == 0, exposed.stdout[-500:]
        # That the program finds mistakes, and not only nothing.
        wrong = (tmp_path / unit.name).read_text().replace("NoNewPrivileges", "NoNewPriviledges")
        (tmp_path / unit.name).write_text(wrong)
        assert "NoNewPriviledges" in ask("verify").stderr
