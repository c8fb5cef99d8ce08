"""Pages without a browser: who asks, with which token, and what comes back."""

from __future__ import annotations

import html
import re
from itertools import pairwise
from typing import Any

from flask import Flask
from html5lib import HTMLParser
from werkzeug.test import TestResponse

from halo_host.agents.roles import Role
from halo_host.host import Host

from .agents import PASSWORD, add_agent

_REFERENCES = ("for", "aria-controls", "aria-describedby", "aria-labelledby", "list", "form")
_TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')


class Visitor:
    """Somebody with a browser of their own, who is signed in or not."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, headers={"Accept": "text/html", **_named(headers)})

    def htmx(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, headers={"HX-Request": "true", **_named(headers)})

    def post(
        self,
        path: str,
        data: dict[str, Any] | None = None,
        *,
        token: str | None = None,
        **headers: str,
    ) -> TestResponse:
        """With the token of a page that was just loaded, unless another is given."""
        sent = {"csrf_token": self.token() if token is None else token, **(data or {})}
        return self.client.post(path, data=sent, headers={"Accept": "text/html", **_named(headers)})

    def token(self) -> str:
        """Of a page that everybody has."""
        found = _TOKEN.search(self.get("/no-such-page").text)
        assert found is not None
        return html.unescape(found[1])

    def sign_in(self, email: str, password: str = PASSWORD, wanted: str = "/") -> TestResponse:
        return self.post("/sign-in", {"email": email, "password": password, "next": wanted})

    def cookie(self, name: str = "halo-session") -> str:
        held = self.client.get_cookie(name)
        return "" if held is None else held.value


def visitor_with(app: Flask, host: Host, role: Role) -> Visitor:
    """A new agent of this role, signed in."""
    agent = add_agent(host, f"{role.value.capitalize()} Jones", role)
    visitor = Visitor(app)
    assert visitor.sign_in(agent.email).status_code == 303
    return visitor


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def mistakes(text: str) -> list[str]:
    """What is wrong with a page's HTML: what a strict reader stumbles over, ids that are there
    twice, and references that lead nowhere."""
    parser = HTMLParser(namespaceHTMLElements=False)
    root = parser.parse(text)
    found = [f"line {place[0]}: {code} {values}" for place, code, values in parser.errors]
    elements = [it for it in root.iter() if isinstance(it.tag, str)]
    ids = [each.attrib["id"] for each in elements if "id" in each.attrib]
    found += [f"twice the id {each}" for each in sorted({it for it in ids if ids.count(it) > 1})]
    for each in elements:
        for name in _REFERENCES:
            for wanted in each.attrib.get(name, "").split():
                if wanted not in ids:
                    found.append(f"<{each.tag} {name}={wanted}> leads nowhere")
    headings = [int(it.tag[1]) for it in elements if re.fullmatch("h[1-6]", it.tag)]
    if headings.count(1) != 1 or any(b > a + 1 for a, b in pairwise(headings)):
        found.append(f"headings of the levels {headings}")
    return found
