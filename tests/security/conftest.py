"""A host with a little of everything, its web application, and those who attack it."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from support.acme import AGENT, CONNECTION, Desk
from support.api import Program, program_with
from support.mirror import Mirror
from support.pages import Visitor, visitor_with
from support.serving import SECRET

from halo_host.agents.roles import Role
from halo_host.host import Host
from halo_host.web.answer_times import AnswerTimes
from halo_host.web.app import create_app

MIRRORED = Path(__file__).parents[1] / "payments" / "installed"


@pytest.fixture
def acme_pay(acme_pay: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mirrored Pay is installed, too."""
    monkeypatch.syspath_prepend(MIRRORED)


@pytest.fixture
def app(host: Host) -> Flask:
    return create_app(host, AnswerTimes())


@pytest.fixture
def stranger(app: Flask) -> Visitor:
    """Somebody who is not signed in."""
    return Visitor(app)


@pytest.fixture
def viewer(app: Flask, host: Host) -> Visitor:
    return visitor_with(app, host, Role.VIEWER)


@pytest.fixture
def operator(app: Flask, host: Host) -> Visitor:
    return visitor_with(app, host, Role.OPERATOR)


@pytest.fixture
def administrator(app: Flask, host: Host) -> Visitor:
    return visitor_with(app, host, Role.ADMINISTRATOR)


@pytest.fixture
def program(app: Flask, host: Host) -> Program:
    """With the token of an administrator."""
    return program_with(app, host, Role.ADMINISTRATOR, "Machine Room")


@pytest.fixture
def listening(desk: Desk) -> Desk:
    """Its connection takes webhooks."""
    desk.host.connections.configure(CONNECTION, settings={"webhook_secret": SECRET}, agent=AGENT)
    return desk


@pytest.fixture
def mirror(desk: Desk) -> Mirror:
    """The connection `bank`, which keeps a mirror."""
    desk.host.connections.enable("mirrored-pay", {}, slug="bank", agent=AGENT)
    mirror = Mirror(desk.host, "bank")
    mirror.filled()
    return mirror
