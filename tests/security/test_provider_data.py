"""What a provider says, and what people type, is text: never a script, a template, a link that runs
something, or a formula in a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from html5lib import HTMLParser
from support.acme import AGENT, CONNECTION, Desk
from support.agents import add_agent
from support.mirror import Mirror
from support.pages import Visitor, mistakes
from support.served import served_by

from halo_host import PaymentState
from halo_host.agents.roles import Role
from halo_host.host import Host

NASTY = (
    "{{ 7*191 }}{% raise %}{# gone #}${7*191}#{7*191}<%= 7*191 %>"
    "<script>document.title='taken'</script><img src=x onerror=taken()>"
    "\"><svg onload=taken()>'--></title></textarea></script><b>bold"
    "javascript:taken() &#60;script&#62; \u202egnp.exe\u2066 \ufeff\u0000\x1b[31m"
)
FORMULAS = ("=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "\t=1+1", "\r=1+1", "'=1+1")
_HANDLER = re.compile(r"on[a-z]+|style|srcdoc|formaction|xlink:href")
_GOOD = re.compile(r"$|/(?![/\\])|#|\?|https://|data:image/|mailto:|tel:")
_ADDRESSES = ("href", "src", "action", "hx-get", "hx-post", "data-open", "data-href", "formaction")


@pytest.fixture
def poisoned(desk: Desk, mirror: Mirror, host: Host) -> int:
    """A host in which every text that comes from elsewhere is nasty; the number of a user."""
    directory = host.directory
    customer = directory.add_customer(NASTY[:200], site_names=(NASTY[:200],), agent=AGENT)
    (site,) = directory.sites(customer.id)
    directory.add_custom_field(NASTY[:100], agent=AGENT)
    desk.run({"id": "CU1", "given_name": NASTY, "family_name": NASTY, "company": NASTY[:200]})
    user = desk.user_of("CU1")
    directory.edit_user(user, {"phone": NASTY[:60]}, agent=AGENT)
    desk.add_user(str(site.id), given_name=NASTY, email="a@example.com")
    desk.run(
        {"id": "CU1", "given_name": f"{NASTY}2", "company": NASTY[:200]},
        {"id": "CU2", "given_name": NASTY, "email": "a@example.com", "company": NASTY},
        {"unreadable": NASTY, "id": NASTY},
    )
    host.connections.enable(
        "mirrored-pay", {}, slug="named", name=NASTY[:60].replace("\0", ""), agent=AGENT
    )
    mirror.link("CU9", user)
    mirror.payer("CU9", NASTY, "b@example.com")
    for number in ("", "/../../../evil", "?a#b", "@evil.example", "//evil.example", " onclick=x"):
        mirror.payment(
            f"PM0{number}{NASTY[:60]}",
            "CU9",
            status=NASTY[:40],
            state=PaymentState.FAILED,
            description=NASTY,
            reference=NASTY,
        )
    add_agent(host, "Nasty <script>taken()</script>", Role.VIEWER)
    return user


def pages(app: Flask, visitor: Visitor, user: int) -> Iterator[tuple[str, str]]:
    """Every page and every part of a page that there is."""
    payment = f"PM0{NASTY[:60]}"
    named = {"slug": "payments", "payment": payment, "customer": "3", "position": "1"}
    for each in served_by(app):
        if each.method != "GET" or each.is_api or each.rule.endswith(".csv"):
            continue
        for connection in ("acme-pay", "bank"):
            for number in ("1", "2", "3", str(user)):
                address = each.address(number, connection=connection, **named)
                for headers in ({}, {"HX_Request": "true"}):
                    answer = visitor.get(address, **headers)
                    assert answer.status_code < 500 or each.rule == "/readyz", address
                    if answer.mimetype == "text/html":
                        yield address, answer.text
                if not each.arguments:
                    break
            if "connection" not in each.arguments:
                break


def dangers(text: str) -> list[str]:
    """What would run, load or lead elsewhere."""
    parser = HTMLParser(namespaceHTMLElements=False)
    root = parser.parse(text)
    found = []
    for element in root.iter():
        if not isinstance(element.tag, str):
            continue
        if element.tag in {"iframe", "object", "embed", "base", "style", "foreignObject", "math"}:
            found.append(f"<{element.tag}>")
        if element.tag == "script" and (
            element.text or not element.attrib.get("src", "").startswith("/static/")
        ):
            found.append(f"<script>{element.text}")
        for name, value in element.attrib.items():
            if _HANDLER.fullmatch(name):
                found.append(f"<{element.tag} {name}={value[:40]}>")
            if name in _ADDRESSES and not _GOOD.match(value):
                found.append(f"<{element.tag} {name}={value[:40]}>")
    return found


def test_no_page_runs_or_follows_what_a_provider_says(
    app: Flask, administrator: Visitor, poisoned: int
) -> None:
    shown, count = 0, 0
    for address, text in pages(app, administrator, poisoned):
        count += 1
        assert dangers(text) == [], address
        assert "1337" not in text, address
        shown += "7*191" in text
        if text.lstrip().startswith("<!doctype"):
            found = [it for it in mistakes(text) if "invalid-codepoint" not in it]  # what it sent
            assert found == [], address
    assert count > 150
    assert shown > 20  # nasty as it is, it is shown


def test_links_of_payments_lead_to_the_web_alone(
    administrator: Visitor, poisoned: int, mirror: Mirror
) -> None:
    for path in ("/payments", "/payments/failures", f"/users/{poisoned}/tabs/bank/payments"):
        text = administrator.get(path, HX_Request="true").text + administrator.get(path).text
        for link in re.findall(r'(?:href|data-open)="([^"]*)"', text):
            assert link.startswith(("/", "#", "?", "https://")), (path, link)
            assert not link.startswith("//"), (path, link)


def test_what_is_searched_for_is_shown_as_text(app: Flask, administrator: Visitor) -> None:
    names = "q status from to connection sort page after action next agent state until id"
    sent = dict.fromkeys(names.split(), NASTY)
    for each in served_by(app):
        if each.method == "GET" and not each.is_api and not each.rule.endswith(".csv"):
            answer = administrator.client.get(
                each.address(), query_string=sent, headers={"Accept": "text/html"}
            )
            if answer.mimetype == "text/html":
                assert dangers(answer.text) == [], each
                assert "1337" not in answer.text, each


def test_forms_that_are_shown_again_hold_what_was_typed_as_text(
    app: Flask, administrator: Visitor, desk: Desk
) -> None:
    token = administrator.token()
    names = ("name", "email", "given_name", "family_name", "phone", "reference", "site", "role",
             "days", "setting-ledger", "setting-region", "setting-retries", "every", "label", "q",
             "default_site", "field", "policy", "new", "old", "again", "back", "next", "choice",
             "slug")  # fmt: skip
    for each in served_by(app):
        if each.method == "POST" and not each.is_api and each.rule != "/sign-out":
            answer = administrator.client.post(
                each.address("987654321" if "agents" in each.rule else "1"),
                data=dict.fromkeys(names, NASTY) | {"csrf_token": token},
                headers={"Accept": "text/html"},
            )
            if answer.mimetype == "text/html":
                assert dangers(answer.text) == [], each
                assert "1337" not in answer.text, each


def test_no_cell_of_a_download_is_a_formula(
    administrator: Visitor, desk: Desk, mirror: Mirror, host: Host
) -> None:
    user = desk.add_user("Warehouse", given_name=FORMULAS[0], family_name=FORMULAS[1])
    mirror.link("CU1", user)
    mirror.payer("CU1", FORMULAS[0])
    for number, text in enumerate(FORMULAS):
        mirror.payment(f"{text}{number}", "CU1", description=text, reference=text, amount=-5)
        host.directory.add_customer(f"{text} {number}", agent=text.strip() or "x")

    for path in (
        "/payments.csv",
        f"/users/{user}/tabs/bank/payments/payments.csv",
        "/activity/audit.csv",
    ):
        answer = administrator.client.get(path)
        rows = list(csv.reader(io.StringIO(answer.text, newline="")))
        assert answer.status_code == 200
        assert answer.mimetype == "text/csv"
        assert answer.headers["Content-Disposition"].startswith("attachment;")
        assert len(rows) > len(FORMULAS)
        for row in rows:
            for cell in row:
                assert not cell.startswith(("=", "+", "@", "\t", "\r")), (path, cell)
                assert not cell.startswith("-") or re.fullmatch(r"-[\d.]+", cell), (path, cell)


HOSTILE: tuple[tuple[str, Any], ...] = (
    ("{{ words.__class__.__mro__ }}", "x"),
    ("{{ ''.__class__.__base__.__subclasses__() }}", "x"),
    ("{{ words.__init__.__globals__ }}", "x"),
    ("{{ self.__init__.__globals__ }}", "x"),
    ("{{ cycler.__init__.__globals__.os.popen('id').read() }}", "x"),
    ("{{ config }}", "x"),
    ("{{ request.environ }}", "x"),
    ("{% include '../../../../etc/passwd' %}", "x"),
    ("{% include 'halo_host.tabs:tab.html' %}", "x"),
    ("{% import 'shell/macros.html' as ui %}", "x"),
    ("{{ '%s' % words | attr('__class__') }}{{ 1/0 }}", "x"),
    ("{{ words.format.__globals__ }}{{ missing.name }}", "x"),
)


@pytest.mark.parametrize("template", [it for it, _ in HOSTILE])
def test_a_template_of_a_plugin_reaches_nothing_of_the_host(
    app: Flask,
    viewer: Visitor,
    desk: Desk,
    template: str,
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its page stands, with the tab's error in its place."""
    package = tmp_path / "plugged" / "hostile_pages"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "page.html").write_text(f"<p>begun</p>{template}", "utf-8")
    monkeypatch.syspath_prepend(package.parent)
    rendered = desk.host.tabs._renderer
    monkeypatch.setattr(
        rendered,
        "fragment",
        lambda name, values, ask=rendered.fragment: ask("hostile_pages:page.html", {"words": "x"}),
    )
    desk.run({"id": "CU1", "given_name": "Ann", "company": "Acme Ltd"})

    answer = viewer.htmx(f"/users/{desk.user_of('CU1')}/tabs/{CONNECTION}/payments")

    assert answer.status_code == 200
    assert "begun" not in answer.text
    assert "root:" not in answer.text
    assert "Traceback" not in answer.text
    assert str(tmp_path) not in answer.text


@pytest.mark.parametrize(
    "name",
    ["acme_pay:../acme_pay/payments.html", "acme_pay:../../../../../etc/passwd", "os:path",
     "acme_pay:/etc/passwd", "halo_host:../setup.cfg", "acme_pay:\0", "../x:y", "acme_pay", ":x"],
)  # fmt: skip
def test_a_template_is_found_in_its_package_alone(desk: Desk, name: str) -> None:
    from jinja2 import TemplateNotFound

    from halo_host.errors import PluginError

    with pytest.raises((TemplateNotFound, PluginError)):
        desk.host.tabs._renderer.fragment(name, {})
