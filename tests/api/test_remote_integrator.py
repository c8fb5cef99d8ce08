"""`halo-host integrator --api`: with an address and a token alone, from another machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import requests_mock
from click.testing import CliRunner
from support.acme import Desk
from support.agents import add_agent
from support.browser import serving_pages
from support.clock import Clock
from support.serving import PATIENCE, eventually

from halo_host.agents.roles import Role
from halo_host.cli import main
from halo_host.errors import HostError, InvalidInput
from halo_host.host import Host
from halo_host.integrator.api_client import ApiAway, ApiClient, ApiRefused
from halo_host.integrator.carriers import carriers
from halo_host.integrator.remote import RemoteIntegrator
from halo_host.integrator.worker import Worker
from halo_host.jobs.job import JobState

BASE = "http://localhost/api/v1"


@pytest.fixture
def address(host: Host) -> Iterator[str]:
    with serving_pages(host) as url:
        yield url


@pytest.fixture
def due(desk: Desk, clock: Clock) -> Desk:
    """An import of users is due."""
    desk.run({"id": "CU1", "given_name": "Ann"})
    clock.advance(hours=2)
    desk.ledger.write({"id": "CU1", "given_name": "Ann"}, {"id": "CU2", "given_name": "Bea"})
    return desk


def token(host: Host, role: Role = Role.OPERATOR) -> str:
    agent = add_agent(host, role=role)
    return host.agents.tokens.add(agent.id, "integrator", role, agent="Test").secret


@pytest.fixture
def carrying(host: Host) -> Iterator[None]:
    """The host's own jobs are carried out, as by an integrator beside its database."""
    stop = threading.Event()
    worker = Worker(host.jobs, carriers(host), stop.is_set)

    def work() -> None:
        while not stop.wait(0.05):
            worker.work()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stop.set()
    thread.join()


def test_what_is_due_is_started_followed_and_reported(
    host: Host, due: Desk, address: str, carrying: None, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text(f"{token(host)}\n")

    done = CliRunner().invoke(
        main, ["integrator", "--api", address, "--token-file", str(file), "--once"]
    )

    assert done.exit_code == 0, done.output
    assert "Working for Olive Operator, whose token is good for operator until 20" in done.output
    assert "Run 2 (import of acme-pay) is done: Import 2 is applied." in done.output
    assert due.names() == ["Ann", "Bea"]
    assert not (tmp_path / "home" / ".local").exists()  # it needs no database of its own


def test_a_sync_that_fails_is_told_and_ends_with_a_failure(
    host: Host, due: Desk, address: str, carrying: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    due.ledger.write({"fail": "The bank is closed."})
    monkeypatch.setenv("HALO_HOST_API_TOKEN", token(host))

    done = CliRunner().invoke(main, ["integrator", "--api", f"{address}/", "--once"])

    assert done.exit_code == 1
    assert "is failed: The bank is closed." in done.output


def test_it_stays_up_until_it_is_stopped(
    host: Host, due: Desk, address: str, carrying: None
) -> None:
    stop, said = threading.Event(), []

    def say(line: str) -> None:
        said.append(line)
        if "is done" in line:
            stop.set()

    client = ApiClient(address, token(host))
    RemoteIntegrator(client, stop, say).run(every=0.1, poll=0.05)
    client.close()

    assert [job.state for job in host.jobs.list("acme-pay", limit=1)] == [JobState.DONE]
    assert said.count(said[-1]) == 1


@pytest.mark.parametrize("role", [Role.VIEWER, None])
def test_a_token_that_is_not_good_for_it_ends_it(
    host: Host, due: Desk, address: str, role: Role | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HALO_HOST_API_TOKEN", token(host, role) if role else "halo_wrong")

    done = CliRunner().invoke(main, ["integrator", "--api", address])

    assert done.exit_code == 1
    assert "needs the role operator" in done.output or "is not good" in done.output
    assert host.jobs.list("acme-pay", states=("queued",)) == []


@pytest.mark.parametrize(
    "url",
    [
        "desk.example",
        "ftp://desk.example",
        "https://a:b@desk.example",
        "http://desk.example",
        "https://",
    ],
)
def test_an_address_that_cannot_be_used_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput):
        ApiClient(url, "halo_x")


def test_without_a_token_it_says_where_to_put_it() -> None:
    done = CliRunner().invoke(main, ["integrator", "--api", "https://desk.example"])

    assert done.exit_code == 1
    assert "HALO_HOST_API_TOKEN" in done.output


def test_a_host_that_is_away_is_asked_again_with_the_same_key() -> None:
    waits: list[float] = []
    client = ApiClient("http://localhost", "halo_x", wait=waits.append)
    with requests_mock.Mocker() as host:
        host.post(
            f"{BASE}/due",
            [
                {"exc": requests.ConnectTimeout},
                {"status_code": 503, "headers": {"Retry-After": "7"}},
                {"status_code": 429, "headers": {"Retry-After": "soon"}},
                {"json": {"items": []}},
            ],
        )
        assert client.post("/due") == {"items": []}
        keys = {it.headers["Idempotency-Key"] for it in host.request_history}
        sent = {it.headers["Authorization"] for it in host.request_history}

    assert waits == [1.0, 7.0, 4.0]
    assert len(keys) == 1
    assert sent == {"Bearer halo_x"}
    client.close()


def test_a_program_that_is_to_stop_asks_no_more() -> None:
    client = ApiClient("http://localhost", "halo_x", wait=lambda seconds: True)
    with requests_mock.Mocker() as host:
        host.get(f"{BASE}/me", exc=requests.ConnectTimeout)
        with pytest.raises(ApiAway):
            client.get("/me")
        assert host.call_count == 1
    client.close()


def test_a_certificate_that_is_not_trusted_is_told_at_once() -> None:
    client = ApiClient("https://desk.example", "halo_x", wait=lambda seconds: None)
    with requests_mock.Mocker() as host:
        host.get("https://desk.example/api/v1/me", exc=requests.exceptions.SSLError)
        with pytest.raises(HostError, match="is not trusted here") as raised:
            client.get("/me")
        assert host.call_count == 1
    assert "REQUESTS_CA_BUNDLE" in str(raised.value)
    client.close()


def test_trouble_is_told_once_and_over_when_an_answer_came(address: str, host: Host) -> None:
    stop, said = threading.Event(), []

    class Shaky(ApiClient):
        def post(self, path: str, body: object = None) -> Any:
            if len(said) < 3:
                raise ApiAway("The host is away.")
            stop.set()
            return super().post(path)

    def say(line: str) -> None:
        said.append(line)

    client = Shaky(address, token(host))
    integrator = RemoteIntegrator(client, stop, say)
    thread = threading.Thread(target=lambda: integrator.run(every=0.01, poll=0.01))
    thread.start()
    eventually(lambda: "The host is away. It is asked again." in said)
    said.append("")
    thread.join(timeout=PATIENCE)
    client.close()

    assert said.count("The host is away. It is asked again.") == 1
    assert said[-1] == "The host answers again."


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"status_code": 404, "text": "<h1>No</h1>"}, "is no API of Halo Host"),
        (
            {"status_code": 302, "headers": {"Location": "https://evil.example/x?y"}},
            r"sends on to another address(.|\n)*https://evil.example$",
        ),
        ({"status_code": 200, "text": "hello"}, "is no JSON"),
        ({"status_code": 500, "json": ["no"]}, "status 500"),
        ({"exc": requests.ConnectionError("token")}, "cannot be reached"),
    ],
)
def test_what_is_no_host_is_told(answer: dict[str, object], said: str) -> None:
    client = ApiClient("http://localhost", "halo_x", wait=lambda seconds: None)
    with requests_mock.Mocker() as host:
        host.get(f"{BASE}/me", **answer)  # type: ignore[arg-type]
        with pytest.raises(HostError, match=said) as raised:
            client.get("/me")
    assert not isinstance(raised.value, ApiRefused)
    assert "halo_x" not in str(raised.value)
    client.close()


def test_what_has_not_changed_is_not_sent_again(host: Host, address: str, desk: Desk) -> None:
    client = ApiClient(address, token(host))

    first = client.get("/connections/acme-pay")
    assert client.get("/connections/acme-pay") is first
    host.connections.configure("acme-pay", agent="Test", name="Other")
    assert client.get("/connections/acme-pay")["name"] == "Other"
    client.close()
