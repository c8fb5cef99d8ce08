"""The pages through the real server: the first link that it prints, and pages beside a demo."""

from __future__ import annotations

import re
from pathlib import Path

import requests
from support.agents import PASSWORD
from support.serving import Serving, eventually

from halo_host.demo.agent import demo_agent
from halo_host.host import Host
from halo_host.web.beside import pages_beside

from .conftest import Serve

HTML = {"Accept": "text/html"}


def sent(session: requests.Session, address: str, path: str, **data: str) -> requests.Response:
    """Load a page, and send its form."""
    page = session.get(address + path, headers=HTML, timeout=30)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert token is not None
    form = {"csrf_token": token[1], **data}
    return session.post(
        address + path.partition("?")[0], data=form, headers=HTML, timeout=30, allow_redirects=False
    )


def test_an_empty_host_prints_a_link_and_whoever_follows_it_is_signed_in(
    serve: Serve, tmp_path: Path
) -> None:
    running: Serving = serve()
    printed = eventually(lambda: re.search(r"(http://\S+)/welcome\?token=(\S+)", running.said()))
    assert printed[1] == running.url

    with requests.Session() as session:
        answer = sent(
            session,
            running.url,
            f"/welcome?token={printed[2]}",
            token=printed[2],
            name="Ada Palmer",
            email="ada@example.com",
            password=PASSWORD,
            again=PASSWORD,
        )
        assert (answer.status_code, answer.headers["Location"]) == (303, "/")
        home = session.get(running.url, headers=HTML, timeout=30)
        assert "Ada Palmer" in home.text

    running.stop()
    assert running.said().count(printed[2]) == 1  # printed, and in no record of a request

    again: Serving = serve()
    assert "/welcome" not in again.said()
    with requests.Session() as session:
        answer = sent(session, again.url, "/sign-in", email="ada@example.com", password=PASSWORD)
        assert answer.status_code == 303


def test_a_demo_shows_its_pages(host: Host) -> None:
    agent = demo_agent(host)
    with pages_beside(host.settings) as address, requests.Session() as session:
        answer = sent(session, address, "/sign-in", email=agent.email, password=agent.password)
        assert answer.status_code == 303
        assert demo_agent(host).password != agent.password
        assert len(host.agents.all()) == 1

    log = (host.settings.data / "web.log").read_text("utf-8")
    assert "POST /sign-in 303" in log
