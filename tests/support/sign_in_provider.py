"""A real OpenID Connect provider on this machine, and people who sign in there with a browser."""

from __future__ import annotations

import html
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urljoin

import requests

PATIENCE = 60  # seconds
CLIENT, CLIENT_SECRET = "halo-host", "kept-between-the-two"
PASSWORD = "the provider's own password"
_PROCESS = Path(__file__).with_name("sign_in_provider_process.py")


class SignInProvider:
    """Canaille as a process. What it is told counts from the next request on."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.issuer = self._line()

    def has_client(self, *redirect_uris: str, client_id: str = CLIENT, **values: Any) -> None:
        """The host is registered, with these addresses to come back to."""
        self._tell(
            "client",
            client_id=client_id,
            redirect_uris=redirect_uris,
            **{
                "client_secret": CLIENT_SECRET,
                "client_name": "Halo Host",
                "token_endpoint_auth_method": "client_secret_basic",
                "grant_types": ["authorization_code"],
                "response_types": ["code"],
                "scope": ["openid", "email", "profile", "groups"],
                # Such a signature is never the same twice: Canaille cannot keep two access tokens
                # that are, as those of one person and one second would be.
                "id_token_signed_response_alg": "PS256",
                **values,
            },
        )

    def has_user(
        self, name: str, *groups: str, email: str = "", verified: bool = True, **values: Any
    ) -> None:
        """`olive` is Olive Operator, olive@example.com."""
        self._tell(
            "user",
            user_name=name,
            verified=verified,
            groups=groups,
            emails=[email or f"{name}@example.com"],
            password=PASSWORD,
            formatted_name=f"{name.capitalize()} Operator",
            family_name="Operator",
            **values,
        )

    def changes_its_key(self) -> None:
        self._tell("keys")

    def _tell(self, what: str, **values: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({what: values}) + "\n")
        self._process.stdin.flush()
        assert self._line() == "done"

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        assert line, "the provider has ended; what it said stands above"
        return line


@contextmanager
def running_provider() -> Iterator[SignInProvider]:
    with TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [sys.executable, str(_PROCESS), folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
        )
        try:
            yield SignInProvider(process)
        finally:
            process.communicate(timeout=PATIENCE)


class Person:
    """Somebody with a browser of their own: cookies, links and forms, one request at a time."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.session = requests.Session()
        self.session.headers["Accept"] = "text/html"

    def get(self, address: str) -> requests.Response:
        return self.session.get(
            urljoin(self.host, address), timeout=PATIENCE, allow_redirects=False
        )

    def begins(self, wanted: str = "/") -> str:
        """Follow the button of the sign-in page; where it leads."""
        page = self.get(f"/sign-in?next={wanted}")
        link = re.search(r'href="(/sign-in/provider\?[^"]*)"', page.text)
        assert link, page.text
        return self.begins_anew(html.unescape(link[1]))

    def begins_anew(self, address: str = "/sign-in/provider") -> str:
        """The same without the sign-in page, which nobody is shown who is signed in."""
        answer = self.get(address)
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]

    def comes_back(self, address: str, name: str, *, answer: str = "accept") -> str:
        """Do what the provider asks for, which is less the second time: sign in, agree. The
        address that leads back to the host."""
        page = self._led(address)
        for asked, value in (("login", name), ("password", PASSWORD), ("answer", answer)):
            if f'name="{asked}"' in page.text:
                page = self._sent(page, **{asked: value})
        return page.headers["Location"]

    def signs_in(self, name: str, wanted: str = "/", **named: str) -> requests.Response:
        """All the way; what the host says in the end."""
        return self.get(self.comes_back(self.begins(wanted), name, **named))

    def _led(self, address: str) -> requests.Response:
        """Where redirects lead, up to one to the host."""
        page = self.get(address)
        while page.is_redirect and not page.headers["Location"].startswith(self.host):
            page = self.session.get(
                urljoin(page.url, page.headers["Location"]), timeout=PATIENCE, allow_redirects=False
            )
        assert page.status_code < 400, page.text
        return page

    def _sent(self, page: requests.Response, **values: str) -> requests.Response:
        token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page.text)
        sent = {**values, **({"csrf_token": token[1]} if token else {})}
        action = re.search(r'<form[^>]* action="([^"]+)"', page.text)
        answer = self.session.post(
            urljoin(page.url, html.unescape(action[1]) if action else ""),
            data=sent,
            headers={"Referer": page.url},
            timeout=PATIENCE,
            allow_redirects=False,
        )
        if answer.is_redirect and not answer.headers["Location"].startswith(self.host):
            return self._led(urljoin(answer.url, answer.headers["Location"]))
        return answer

    def close(self) -> None:
        self.session.close()
