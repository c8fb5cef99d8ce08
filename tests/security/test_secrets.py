"""What errors tell and what logs keep, after everything went wrong: no password, no token, no
secret, no trace in an answer."""

from __future__ import annotations

import io
import json
import logging
import re
from pathlib import Path

import pytest
import requests
from flask import Flask
from support.acme import AGENT, CONNECTION, Desk
from support.agents import PASSWORD, add_agent
from support.api import PREFIX, Program, program_with
from support.pages import Visitor, visitor_with
from support.served import served_by
from support.serving import SECRET, delivery, serving, signed

from halo_host import logs
from halo_host.agents.roles import Role
from halo_host.host import Host
from halo_host.integrator.carriers import carriers
from halo_host.integrator.worker import Worker

API_KEY = "a-secret-key"  # of the connection that `desk` has
HUSHED = "hushed-value-of-a-setting"
TYPED = "a-typed-password-that-is-wrong"
LINES = re.compile(r'File "|Traceback|line \d+, in |/site-packages/|sqlalchemy|sqlite3\.', re.I)


@pytest.fixture
def log() -> io.StringIO:
    """All that the host logs, in detail, as `halo-host serve` writes it."""
    stream = io.StringIO()
    logs.set_up("json", stream=stream)
    logging.getLogger("halo_host").setLevel(logging.DEBUG)
    return stream


def secrets_of(host: Host, *more: str) -> list[str]:
    return [PASSWORD, TYPED, API_KEY, HUSHED, SECRET, *more]


def everything_goes_wrong(app: Flask, host: Host, desk: Desk) -> list[str]:
    """Use and misuse every door; what was secret in it."""
    add_agent(host, "Other Administrator", Role.ADMINISTRATOR)
    visitor = visitor_with(app, host, Role.ADMINISTRATOR)
    program = program_with(app, host, Role.ADMINISTRATOR, "Machine Room")
    invited = add_agent(host, "Nora Newcomer", password=None)
    link = host.agents.begin_password_link(invited.id, agent="Test")
    hidden = [visitor.cookie(), program.token, link, visitor.token()]

    for _ in range(8):
        Visitor(app).sign_in("administrator@example.com", TYPED)
    visitor.get(f"/new-password?token={link}")
    visitor.post("/new-password", {"token": link, "password": TYPED, "again": HUSHED})
    visitor.post("/welcome", {"token": HUSHED, "password": TYPED, "again": TYPED})
    visitor.post("/account/password", {"old": TYPED, "new": HUSHED, "again": HUSHED})
    for settings in ({"setting-api_key": HUSHED}, {"setting-region": HUSHED}):
        visitor.post(f"/integrations/{CONNECTION}/details/edit", settings)
    program.patch(f"/connections/{CONNECTION}", {"settings": {"api_key": HUSHED, "region": 1}})
    for secret in (SECRET, HUSHED):
        body = delivery(1, crash=f"{API_KEY} in a bug")
        app.test_client().post(f"/webhooks/{CONNECTION}", data=body, headers=signed(body, secret))
    desk.ledger.write({"crash": "A bug of the plugin: "}, {"id": "CU1"})
    for path in (f"/integrations/{CONNECTION}/details/test", f"/integrations/{CONNECTION}/imports"):
        visitor.post(path)
    Worker(host.jobs, carriers(host), lambda: False).work()
    made = visitor.post("/account/tokens/new", {"name": "t", "role": "viewer", "days": "9"})
    hidden += re.findall(r"halo_[\w-]{20,}", made.text)
    Program(app, hidden[-1] + "x").get("/me")
    for path in ("/nothing", "/users/1?token=" + HUSHED, f"/search?q={HUSHED}"):
        visitor.get(path)
    visitor.post("/sign-out")
    return hidden


def test_the_log_holds_no_secret_however_it_was_come_by(
    app: Flask, host: Host, listening: Desk, log: io.StringIO
) -> None:
    host.connections.enable(
        "acme-pay", {"ledger": "x", "api_key": HUSHED}, slug="second", agent=AGENT
    )
    hidden = everything_goes_wrong(app, host, listening)

    written = log.getvalue()

    assert "A bug of the plugin" in written
    for secret in secrets_of(host, *hidden):
        assert secret not in written, secret[:12]
    for line in written.splitlines():
        json.loads(line)  # nobody wrote a line of their own


def test_the_audit_log_and_its_file_hold_no_secret(app: Flask, host: Host, listening: Desk) -> None:
    hidden = everything_goes_wrong(app, host, listening)
    reader = Visitor(app)
    host.agents.set_password(
        host.agents.find("other@example.com").id, "quiet river nineteen", agent="Test"
    )
    assert reader.sign_in("other@example.com", "quiet river nineteen").status_code == 303

    for path in ("/activity/audit", "/activity/audit.csv", "/activity"):
        text = reader.get(path).text
        for secret in [*secrets_of(host, *hidden), "quiet river nineteen"]:
            assert secret not in text, (path, secret[:12])


def test_no_page_shows_a_secret_again(app: Flask, host: Host, listening: Desk) -> None:
    visitor = visitor_with(app, host, Role.ADMINISTRATOR)
    for each in served_by(app):
        if each.method == "GET" and not each.is_api:
            text = visitor.get(each.address()).text
            for secret in (API_KEY, SECRET, PASSWORD, visitor.cookie()):
                assert secret not in text, each


def test_what_breaks_tells_no_trace_no_path_and_no_statement(
    app: Flask, host: Host, desk: Desk, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every room of the host breaks; every address that uses it answers in plain words."""
    visitor = visitor_with(app, host, Role.ADMINISTRATOR)
    program = program_with(app, host, Role.ADMINISTRATOR, "Machine Room")
    token = visitor.token()
    logs.conceal(HUSHED)

    def breaks(*given: object, **named: object) -> None:
        raise RuntimeError(f"{HUSHED} at {Path(__file__)}: SELECT api_key")

    for room in ("directory", "connections", "imports", "reviews", "payments", "sync", "schedules",
                 "jobs", "alerts", "webhooks", "health", "tabs"):  # fmt: skip
        kind = type(getattr(host, room))
        for name in [it for it in vars(kind) if not it.startswith("_") and it != "close"]:
            if callable(vars(kind)[name]):
                monkeypatch.setattr(kind, name, breaks)
    broken = 0
    for each in served_by(app):
        if each.rule in {"/sign-out", "/metrics"}:
            continue
        answers = []
        if each.is_api:
            answers.append(program.call(each.method, each.address().removeprefix(PREFIX)))
        else:
            for headers in ({"Accept": "text/html"}, {"HX-Request": "true"}):
                answers.append(
                    visitor.client.open(
                        each.address(),
                        method=each.method,
                        data={"csrf_token": token} if each.method == "POST" else None,
                        headers=headers,
                    )
                )
        for answer in answers:
            broken += answer.status_code >= 500
            told = answer.text + str(answer.headers)
            assert not LINES.search(told), (each, LINES.search(told))
            for private in (HUSHED, str(Path(__file__).parent), "SELECT"):
                assert private not in told, each
    assert broken > 60
    assert HUSHED not in log.getvalue()
    assert "RuntimeError" in log.getvalue()  # whoever runs the host finds it


def test_the_log_of_a_server_holds_no_secret(listening: Desk, host: Host, tmp_path: Path) -> None:
    """Over the wire, with the server's own records of requests."""
    with Host(host.settings) as now:  # whose clock is the server's
        agent = add_agent(now, role=Role.ADMINISTRATOR)
        made = now.agents.tokens.add(agent.id, "wire", Role.ADMINISTRATOR, agent="Test").secret
        link = now.agents.begin_password_link(agent.id, agent="Test")
    with (
        serving(host.settings, tmp_path, "--no-integrator") as running,
        requests.Session() as browser,
    ):
        page = browser.get(f"{running.url}/sign-in?next=/users?q={HUSHED}", timeout=60)
        csrf = re.search(r'name="csrf-token" content="([^"]+)"', page.text)
        assert csrf is not None
        fields = {"email": agent.email, "csrf_token": csrf[1]}
        for password in (TYPED, PASSWORD):
            browser.post(f"{running.url}/sign-in", data=fields | {"password": password}, timeout=60)
        cookie = browser.cookies["halo-session"]
        assert browser.get(f"{running.url}/account", timeout=60).status_code == 200
        shown = requests.get(f"{running.url}/new-password", params={"token": link}, timeout=60)
        assert shown.status_code == 200
        bearer = {"Authorization": f"Bearer {made}"}
        for path in ("/me", f"/users?q={HUSHED}", "/nothing", f"/connections/{CONNECTION}"):
            requests.get(f"{running.url}{PREFIX}{path}", headers=bearer, timeout=60)
        requests.patch(
            f"{running.url}{PREFIX}/connections/{CONNECTION}",
            json={"settings": {"api_key": HUSHED, "region": HUSHED}},
            headers=bearer,
            timeout=60,
        )
        body = delivery(1, crash=API_KEY)
        requests.post(
            f"{running.url}/webhooks/{CONNECTION}", data=body, headers=signed(body), timeout=60
        )
        written = running.said()

    assert "/api/v1/me 200" in written
    for secret in [*secrets_of(host), cookie, made, link, csrf[1]]:
        assert secret not in written, secret[:12]
