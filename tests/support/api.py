"""Programs that call the API, each with a token of an agent."""

from __future__ import annotations

from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from halo_host.agents.roles import Role
from halo_host.host import Host

from .agents import add_agent

PREFIX = "/api/v1"


class Program:
    """Somebody who calls the API."""

    def __init__(self, app: Flask, token: str = "") -> None:
        self.app = app
        self.token = token

    def call(self, method: str, path: str, **more: Any) -> TestResponse:
        headers = dict(more.pop("headers", {}))
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        client = self.app.test_client()
        return client.open(PREFIX + path, method=method, headers=headers, **more)

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.call("GET", path, headers=_named(headers))

    def post(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        return self._send("POST", path, body, headers)

    def put(self, path: str, body: Any, **headers: str) -> TestResponse:
        return self._send("PUT", path, body, headers)

    def patch(self, path: str, body: Any, **headers: str) -> TestResponse:
        return self._send("PATCH", path, body, headers)

    def delete(self, path: str, **headers: str) -> TestResponse:
        return self._send("DELETE", path, None, headers)

    def _send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> TestResponse:
        more = {} if body is None else {"json": body}
        return self.call(method, path, headers=_named(headers), **more)


def program_with(app: Flask, host: Host, role: Role, name: str = "") -> Program:
    """A new agent of this role, and a token that is as good as the agent."""
    agent = add_agent(host, name or f"{role.value.capitalize()} Program", role)
    made = host.agents.tokens.add(agent.id, "test", role, agent="Test")
    return Program(app, made.secret)


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
