"""Addresses that lead elsewhere, climb out of folders, or name what no database can count."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask
from support.agents import add_agent
from support.api import PREFIX, Program
from support.pages import Visitor
from support.served import Served, served_by

from halo_host.host import Host

SITE = "https://desk.example/some/page"
ELSEWHERE = (
    "https://evil.example/",
    "http://evil.example",
    "HTTPS://evil.example",
    "//evil.example/",
    "///evil.example/",
    "////evil.example/",
    "/\\evil.example/",
    "\\/evil.example/",
    "\\\\evil.example",
    "/\\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "\x00//evil.example",
    "/\x00/evil.example",
    "javascript:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "https:evil.example",
    "https:/evil.example",
    "https:\\\\evil.example",
    "//evil.example\\@desk.example/",
    "//desk.example@evil.example/",
    "/\u2215/evil.example",
    "\u3000//evil.example",
    "/%09/evil.example\t",
    "//[::1]/",
    "//%65vil.example/",
    "/x\r\nLocation: https://evil.example/",
    "/x\r\n\r\n<script>alert(1)</script>",
    "/\u560d\u560aLocation: evil.example",  # whose UTF-8 ends in CR and LF
    "?next=//evil.example",
    "#//evil.example",
    ".evil.example",
    "@evil.example",
    ":80",
)


def stays_here(location: str) -> bool:
    """Whether a browser on a page of ours goes to a page of ours; it takes `\\` for `/`, and drops
    tabs and line breaks."""
    as_read = re.sub(r"[\t\r\n]", "", location).strip().replace("\\", "/")
    return urlsplit(urljoin(SITE, as_read))[:2] == ("https", "desk.example")


@pytest.mark.parametrize("address", ELSEWHERE)
def test_no_form_leads_to_another_site(app: Flask, host: Host, address: str) -> None:
    add_agent(host)
    visitor = Visitor(app)

    answers = [
        visitor.get("/sign-in"),
        visitor.client.get("/sign-in", query_string={"next": address}),
        visitor.post("/viewing/theme", {"theme": "dark", "back": address}),
        visitor.sign_in("olive@example.com", wanted=address),
        visitor.client.get("/sign-in", query_string={"next": address}),  # signed in already
        visitor.post("/viewing/navigation", {"back": address}),
        visitor.post("/viewing/theme", {"back": address}, HX_Request="true"),
    ]

    for answer in answers:
        for name in ("Location", "HX-Redirect", "HX-Location", "Refresh"):
            assert stays_here(answer.headers.get(name, "/")), (name, answer.headers[name])
        hidden = re.findall(r'name="(?:next|back)" value="([^"]*)"', answer.text)
        assert all(stays_here(it) for it in hidden), hidden


@pytest.mark.parametrize("address", [it for it in ELSEWHERE if it.isascii() and it.isprintable()])
def test_a_part_of_a_page_never_leads_back_to_another_site(stranger: Visitor, address: str) -> None:
    answer = stranger.htmx("/", HX_Current_URL=address)

    wanted = answer.headers["HX-Redirect"].partition("next=")[2]
    assert stays_here(wanted or "/")


def test_no_answer_repeats_whom_the_request_was_addressed_to(
    app: Flask, administrator: Visitor, desk: object
) -> None:
    """A forged Host leads nobody away, and gets into no cache."""
    for each in served_by(app):
        if each.method != "GET":
            continue
        for path in (each.address(), f"/{each.address()}", each.address().replace("/", "//"), ""):
            answer = administrator.client.get(
                base_url="http://evil.example",
                environ_overrides={"PATH_INFO": path},
                headers={
                    "Cookie": f"halo-session={administrator.cookie()}",
                    "X-Forwarded-Host": "evil.example",
                    "Forwarded": "host=evil.example",
                },
            )
            assert "evil.example" not in str(answer.headers), path
            assert "evil.example" not in answer.text, path


CLIMBING = (
    "../../../../etc/passwd",
    "..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e/%2e%2e/etc/passwd",
    "%252e%252e%252fetc%252fpasswd",
    "..\\..\\etc\\passwd",
    "..%5c..%5cetc%5cpasswd",
    "....//....//etc/passwd",
    "%c0%ae%c0%ae/etc/passwd",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "app.css%00.png",
    "app.css/../../shell.py",
    "styles/../../shell.py",
    "../templates/shell/layout.html",
    "file:///etc/passwd",
    "~root",
    ".",
    "..",
    "",
)


def told_nothing(answer: object) -> bool:
    text = answer.text  # type: ignore[attr-defined]
    return "root:" not in text and "import annotations" not in text and "{% block" not in text


@pytest.mark.parametrize("name", CLIMBING)
def test_static_files_are_looked_up_in_a_table(app: Flask, stranger: Visitor, name: str) -> None:
    url = app.extensions["halo_host_assets"].url("app.css")
    assert stranger.get(url).status_code == 200
    digest = url.split("/")[2]

    for path in (f"/static/{digest}/{name}", f"/static/{name}", f"/static/{name}/app.css"):
        answer = stranger.get(path)
        assert answer.status_code == 404, path
        assert told_nothing(answer)


@pytest.mark.parametrize("name", CLIMBING)
def test_no_name_in_an_address_climbs_out_of_a_folder(
    app: Flask, administrator: Visitor, program: Program, desk: object, name: str
) -> None:
    """Keys of connections, slugs of tabs, integrations, payments."""
    for each in named(app):
        for argument in texts(each):
            address = each.address(**{argument: name})
            if each.is_api:
                answer = program.call("GET", address.removeprefix(PREFIX))
            else:
                answer = administrator.get(address)
            assert answer.status_code < 500, address
            assert told_nothing(answer), address


NUMBERS = (
    *("0", "-1", "+1", "00", "1.0", "1e3", "0x10", "NaN", "\u0663", "\u00b2", "1_000", " 1", "1 "),
    *(str(2**31), str(2**32), str(2**53), str(2**63 - 1), str(2**63), str(2**64), "9" * 4_400),
    *("%00", "1%00", "%ff", "1%0d%0aX-Planted:%201", "1'--", "{{7*7}}"),
)


def test_no_number_in_an_address_breaks_anything(
    app: Flask, administrator: Visitor, program: Program, desk: object
) -> None:
    """What no row can have is not there, whatever the method."""
    token = administrator.token()
    for each in served_by(app):
        for argument in set(each.arguments) - set(texts(each)):
            for number in NUMBERS:
                address = each.address(**{argument: number})
                if each.is_api:
                    answer = program.call(each.method, address.removeprefix(PREFIX))
                else:
                    answer = administrator.client.open(
                        address, method=each.method, headers={"X-CSRF-Token": token}
                    )
                assert answer.status_code < 500, (each, number[:40], answer.text)
                assert "X-Planted" not in answer.headers


def named(app: Flask) -> list[Served]:
    found = [it for it in served_by(app) if it.method == "GET" and texts(it)]
    assert len(found) > 20
    return [it for it in found if not it.rule.startswith("/static/")]


def texts(each: Served) -> list[str]:
    """The arguments that are no numbers."""
    texts = {"connection", "integration", "slug", "payment", "field", "custom_field"}
    return [it for it in each.arguments if it in texts and f"<int:{it}>" not in each.rule]
