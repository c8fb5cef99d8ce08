"""What every page has in common: headers, assets, messages, errors for people and for programs."""

from __future__ import annotations

import gzip
import hashlib
import re

import pytest
from flask import Flask, Response
from support.agents import add_agent
from support.browser import AXE
from support.pages import Visitor, mistakes, visitor_with

from halo_host.agents.roles import Role
from halo_host.errors import InvalidInput, NotFound
from halo_host.host import Host
from halo_host.web.shell.assets import FOLDER
from halo_host.web.shell.commands import coded
from halo_host.web.shell.pages import back_to, public, requires, say

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)
INLINE = re.compile(
    r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE
)


def test_no_page_holds_a_script_or_style_and_none_may_run(
    visitor: Visitor, viewer: Visitor
) -> None:
    for answer in (visitor.get("/sign-in"), viewer.get("/"), viewer.get("/nothing-here")):
        assert answer.headers["Content-Security-Policy"] == POLICY
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert INLINE.findall(answer.text) == []


def test_assets_are_kept_for_long_under_the_address_of_their_content(visitor: Visitor) -> None:
    addresses = re.findall(r'(?:href|src)="(/static/[^"]+)"', visitor.get("/sign-in").text)
    assert len(addresses) == 6

    for address in addresses:
        plain = visitor.client.get(address)
        packed = visitor.client.get(address, headers={"Accept-Encoding": "gzip"})
        assert plain.status_code == packed.status_code == 200
        assert plain.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert gzip.decompress(packed.data) == plain.data
        assert packed.headers["Content-Encoding"] == "gzip"
        assert hashlib.sha256(plain.data).hexdigest().startswith(address.split("/")[2])


@pytest.mark.parametrize(
    "name",
    [
        "../assets.py",
        "..%2fassets.py",
        "%2e%2e/%2e%2e/app.py",
        "....//assets.py",
        "/etc/passwd",
        "..\\assets.py",
        "app.css%00.js",
        "styles/10-colours.css",
        "vendor/SHA256SUMS",
    ],
)
def test_nothing_else_is_served(visitor: Visitor, name: str) -> None:
    good = re.search(r"/static/(\w+)/app\.css", visitor.get("/sign-in").text)
    assert good is not None

    assert visitor.client.get(f"/static/{good[1]}/{name}").status_code in {404, 308}
    assert visitor.client.get("/static/0000000000000000/app.css").status_code == 404


def test_what_is_of_others_is_unchanged_and_has_a_licence() -> None:
    vendor = FOLDER / "vendor"
    sums = dict(
        reversed(line.split("  ./")) for line in (vendor / "SHA256SUMS").read_text().splitlines()
    )
    files = {
        path.relative_to(vendor).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in vendor.rglob("*")
        if path.is_file() and path.name not in {"SHA256SUMS", "README.md"}
    }

    assert files == sums
    for folder in (it for it in vendor.iterdir() if it.is_dir()):
        assert re.fullmatch(r"[a-z.-]+-\d+\.\d+\.\d+", folder.name)
        assert (folder / "LICENSE").stat().st_size > 500


def test_the_engine_that_looks_for_barriers_is_unchanged() -> None:
    digest = hashlib.sha256(AXE.read_bytes()).hexdigest()

    assert f"SHA-256: {digest}" in (AXE.parent / "README.md").read_text(encoding="utf-8")


def test_pages_are_compressed_for_browsers_that_ask(viewer: Visitor) -> None:
    plain = viewer.get("/").data
    packed = viewer.get("/", Accept_Encoding="gzip")

    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert b"Good morning" in gzip.decompress(packed.data)
    assert len(packed.data) < len(plain) / 2


def test_errors_are_pages_for_people_and_json_for_programs(
    visitor: Visitor, viewer: Visitor
) -> None:
    page = viewer.get("/nothing-here")
    assert page.status_code == 404
    assert "There is nothing at this address." in page.text
    assert 'aria-label="Main"' in page.text

    assert 'aria-label="Main"' not in visitor.get("/nothing-here").text
    machine = visitor.client.get("/nothing-here")
    assert machine.is_json
    assert machine.get_json()["message"] == "There is nothing at this address."
    delivery = visitor.client.post("/webhooks/none", headers={"Accept": "text/html"})
    assert delivery.is_json


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFound("There is no user 7.", advice="Look at `halo-host users list`."), 404),
        (InvalidInput("<b>That</b> is no name."), 422),
        (RuntimeError("password=hunter2"), 500),
    ],
)
def test_a_failing_view_says_what_happened_and_no_more(
    app: Flask, visitor: Visitor, error: Exception, status: int
) -> None:
    @app.get("/fails")
    @public("a test")
    def fails() -> Response:
        raise error

    answer = visitor.get("/fails")

    assert answer.status_code == status
    assert "hunter2" not in answer.text
    assert "<b>That" not in answer.text
    if status == 404:
        assert '<a class="leads" href="/users">Users</a>' in answer.text


def test_without_its_database_the_host_still_answers_with_a_page(
    visitor: Visitor, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor.client.set_cookie("halo-session", "something")

    def away(token: str) -> None:
        raise OSError("the database is away")

    monkeypatch.setattr(host.agents, "session", away)
    answer = visitor.get("/")

    assert answer.status_code == 500
    assert "<h1" in answer.text
    assert "database is away" not in answer.text


def test_a_message_travels_with_a_redirect_and_is_shown_once(app: Flask, host: Host) -> None:
    @app.post("/does")
    @requires(Role.VIEWER)
    def does() -> Response:
        say("Saved <b>7</b> users; “that's it”.")
        return back_to("/")

    viewer = visitor_with(app, host, Role.VIEWER)
    answer = viewer.post("/does")
    assert answer.status_code == 303

    assert "Saved &lt;b&gt;7&lt;/b&gt; users; “that&#39;s it”." in viewer.get("/").text
    assert "Saved" not in viewer.get("/").text

    part = viewer.post("/does", HX_Request="true")
    assert (part.status_code, part.headers["HX-Redirect"]) == (204, "/")
    assert "Saved" in viewer.get("/").text


def test_a_message_that_nobody_here_wrote_is_not_shown(viewer: Visitor) -> None:
    viewer.client.set_cookie("halo-toast", "W3sidGV4dCI6ICJQYXkgbWUiLCAidG9uZSI6ICJpbmZvIn1d.00")

    assert "Pay me" not in viewer.get("/").text


def test_a_message_on_a_part_of_a_page_comes_in_a_header(app: Flask, host: Host) -> None:
    @app.post("/part")
    @requires(Role.VIEWER)
    def part() -> Response:
        say("Möglich\r\nSet-Cookie: a=b")
        return Response("<p>part</p>")

    viewer = visitor_with(app, host, Role.VIEWER)
    answer = viewer.post("/part", HX_Request="true")

    assert answer.headers["HX-Trigger"] == (
        '{"halo:toasts": [{"text": "M\\u00f6glich\\r\\nSet-Cookie: a=b", "tone": "success"}]}'
    )


def test_a_part_of_a_page_is_rendered_alone(viewer: Visitor) -> None:
    part = viewer.htmx("/")
    whole = viewer.htmx("/", HX_History_Restore_Request="true")

    assert "<html" not in part.text
    assert 'id="home-health"' in part.text
    assert "<html" in whole.text
    assert "HX-Request" in part.headers["Vary"]


def test_the_first_link_works_once(app: Flask, visitor: Visitor, host: Host) -> None:
    token = host.agents.begin_first_link()
    account = {
        "token": token,
        "name": "Ada Palmer",
        "email": "ada@example.com",
        "password": "short",
        "again": "short",
    }
    assert visitor.get(f"/welcome?token={token}").status_code == 200
    weak = visitor.post("/welcome", account)
    assert weak.status_code == 422
    assert "field-password-error" in weak.text
    wrong = visitor.post("/welcome", {**account, "email": "notmail", "again": "shorter"}).text
    for field, words in {
        "email": "That is no e-mail address.",
        "password": "The password is too short",
        "again": "The two passwords differ.",
    }.items():
        assert f'id="field-{field}-error"' in wrong
        assert words in wrong
    assert 'id="field-name-error"' not in wrong

    good = {**account, "password": "violet harbour", "again": "violet harbour"}
    assert visitor.post("/welcome", good).status_code == 303
    assert visitor.get("/").status_code == 200

    late = Visitor(app)
    assert late.get(f"/welcome?token={token}").status_code == 410
    assert late.post("/welcome", good).status_code == 410
    assert len(host.agents.all()) == 1


def test_a_forgotten_password_is_replaced_by_a_link(visitor: Visitor, host: Host) -> None:
    agent = add_agent(host)
    token = host.agents.begin_password_link(agent.id, agent="Ada Palmer")
    new = {"token": token, "password": "crimson lantern bay", "again": "crimson lantern bay"}

    assert "Olive Operator" in visitor.get(f"/new-password?token={token}").text
    assert visitor.post("/new-password", {**new, "again": "other"}).status_code == 422
    assert visitor.post("/new-password", new).status_code == 303
    assert visitor.get("/").status_code == 200
    assert visitor.post("/new-password", new).status_code == 410


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Run `halo-host <x>`.", "Run <code>halo-host &lt;x&gt;</code>."),
        ("A ` alone", "A ` alone"),
        ("<b>", "&lt;b&gt;"),
    ],
)
def test_commands_in_sentences_are_marked(text: str, shown: str) -> None:
    assert coded(text) == shown


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("<p><div>x</div></p>", "unexpected-end-tag"),
        ("<i id=a></i><i id=a></i>", "twice the id a"),
        ("<label for=b>x</label>", "leads nowhere"),
        ("<h3>x</h3>", "headings"),
    ],
)
def test_mistakes_in_html_would_be_found(text: str, mistake: str) -> None:
    page = "<!doctype html><title>x</title><body><h1>x</h1>"

    assert mistakes(page) == []
    assert mistake in str(mistakes(page + text))


def test_a_status_that_was_shown_before_is_escaped_as_it_was_given(app: Flask) -> None:
    with app.test_request_context():
        shown = app.jinja_env.from_string(
            "{{ ui.status('<i>'|safe) }}{{ ui.status('<i>') }}{{ ui.status('<i>'|safe) }}"
        ).render()

    assert (shown.count("<i>"), shown.count("&lt;i&gt;")) == (2, 1)
