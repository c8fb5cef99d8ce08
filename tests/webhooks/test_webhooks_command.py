"""`halo-host webhooks`, as an operator types it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result
from support.acme import CONNECTION, Desk
from support.serving import an_event, delivery

from halo_host.cli import main

from .conftest import Deliver

Run = Callable[..., Result]


@pytest.fixture
def halo(listening_desk: Desk) -> Run:
    settings = listening_desk.host.settings

    def run(*arguments: str, status: int = 0) -> Result:
        given = ["--data", str(settings.data), "--database", settings.database_url]
        result = CliRunner().invoke(main, [*given, "webhooks", *arguments])
        assert result.exit_code == status, result.output
        return result

    return run


def test_the_address_to_register(halo: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    told = halo("url", CONNECTION)
    assert told.stdout == "http://127.0.0.1:8080/webhooks/acme-pay\n"
    assert told.stderr.startswith("Made from HALO_HOST_LISTEN (127.0.0.1:8080); ")
    assert "HALO_HOST_PUBLIC_URL" in told.stderr
    monkeypatch.setenv("HALO_HOST_LISTEN", "127.0.0.1:9000")
    told = halo("url", CONNECTION)
    assert told.stdout == "http://127.0.0.1:9000/webhooks/acme-pay\n"
    assert "127.0.0.1:9000" in told.stderr

    monkeypatch.setenv("HALO_HOST_PUBLIC_URL", "https://desk.example/")
    told = halo("url", CONNECTION, "--json")
    assert json.loads(told.stdout)["url"] == "https://desk.example/webhooks/acme-pay"
    assert told.stderr == ""
    assert "There is no connection nobody" in halo("url", "nobody", status=1).output


def test_deliveries_are_listed_shown_and_replayed(halo: Run, deliver: Deliver) -> None:
    deliver(delivery(1, an_event(1)))
    deliver(delivery(2, an_event(2)), user_agent="hooks\x1b[31m")

    listed = json.loads(halo("list", "--json").stdout)
    assert [(it["key"], it["state"]) for it in listed] == [("D2", "new"), ("D1", "new")]
    newest = str(listed[0]["id"])
    shown = json.loads(halo("show", newest, "--json").stdout)
    assert shown["payload"]["events"][0]["id"] == "EV2"
    assert '"id": "EV2"' in halo("show", newest).stdout
    assert "\x1b" not in halo("show", newest).stdout
    said = halo("process", CONNECTION).stdout
    assert said == "2 deliveries could not be processed.\n"
    assert "No delivery waits to be processed." in halo("process", CONNECTION).stdout
    assert "failed" in halo("list", CONNECTION, "--state", "failed").stdout

    assert (
        "1 delivery is replayed; the integrator processes it next." in halo("replay", newest).stdout
    )
    assert (
        "1 delivery is replayed; the integrator processes it next."
        in halo("replay", "--state", "failed").stdout
    )
    assert [it["state"] for it in json.loads(halo("list", "--json").stdout)] == ["new", "new"]
    for again in (["--since", "2026-03-01"], ["--state", "failed"]):
        assert halo("replay", *again).stdout == (
            "2 deliveries wait to be processed already; the integrator processes them next.\n"
        )
    assert "1 delivery waits to be processed already" in halo("replay", newest).stdout
    assert "none is replayed" in halo("replay", "--since", "2026-04-01").stdout


def test_a_replay_of_everything_must_be_said(halo: Run) -> None:
    assert "Give numbers" in halo("replay", status=2).output
    assert "Give numbers" in halo("replay", "1", "--connection", CONNECTION, status=2).output
    assert "There is no delivery 7" in halo("replay", "7", status=1).output
    assert "There is no delivery 7" in halo("show", "7", status=1).output


def test_counts_and_pruning(halo: Run, deliver: Deliver, listening_desk: Desk) -> None:
    deliver(delivery(1))
    deliver(delivery(1), acme_signature="wrong")
    listening_desk.host.webhooks.close()

    counted = json.loads(halo("counts", CONNECTION, "--json").stdout)
    assert {(it["outcome"], it["count"]) for it in counted} == {("accepted", 1), ("rejected", 1)}
    assert "Its signature is wrong." in halo("counts").stdout
    assert "There is no connection nope" in halo("counts", "nope", status=1).output
    assert "There is no connection nope" in halo("counts", "nope", "--json", status=1).output
    assert "0 deliveries are deleted: processed and older than 180 days." in halo("prune").stdout
