"""The API of a host, and programs that call it."""

from __future__ import annotations

import pytest
from flask import Flask
from support.api import Program, program_with

from halo_host.agents.roles import Role
from halo_host.host import Host
from halo_host.web.answer_times import AnswerTimes
from halo_host.web.app import create_app


@pytest.fixture
def app(host: Host) -> Flask:
    return create_app(host, AnswerTimes())


@pytest.fixture
def stranger(app: Flask) -> Program:
    """A program without a token."""
    return Program(app)


@pytest.fixture
def viewer(app: Flask, host: Host) -> Program:
    return program_with(app, host, Role.VIEWER)


@pytest.fixture
def operator(app: Flask, host: Host) -> Program:
    return program_with(app, host, Role.OPERATOR)


@pytest.fixture
def administrator(app: Flask, host: Host) -> Program:
    return program_with(app, host, Role.ADMINISTRATOR)
