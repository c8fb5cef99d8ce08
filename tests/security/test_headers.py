"""What requests and people's texts bring never becomes a header, and odd headers break nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pytest
from flask import Flask
from support.acme import CONNECTION, Desk
from support.api import PREFIX, Program
from support.mirror import Mirror
from support.pages import Visitor
from support.served import served_by
from werkzeug.test import TestResponse

PLANTED = "X-Planted"
BREAKS = (
    f"a\r\n{PLANTED}: 1",
    f"a\n{PLANTED}: 1",
    f"a\r{PLANTED}: 1",
    f"a\x00\r\n{PLANTED}: 1",
    f"a\u560d\u560a{PLANTED}: 1",
    f"a\u2028{PLANTED}: 1",
    f"a\x85{PLANTED}: 1",
    f'a"; filename="evil.exe"\r\n{PLANTED}: 1',
)


def clean(answer: TestResponse) -> bool:
    """Nothing was planted, and every header is one line that any server can send."""
    for name, value in answer.headers:
        if not (name + value).isprintable():
            return False
        value.encode("latin-1")
    return PLANTED not in answer.headers


@pytest.mark.parametrize("text", BREAKS)
def test_texts_in_messages_plant_no_header(operator: Visitor, desk: Desk, text: str) -> None:
    """Toasts travel in cookies after a redirect, and in a header to htmx."""
    answers = [
        operator.post("/customers/new", {"name": f"{text} Ltd"}),
        operator.get("/customers"),
        operator.post(f"/customers/{desk.acme.id}/edit", {"name": text}, HX_Request="true"),
        operator.post("/integrations/acme-pay/integrator/sync", {"part": text}, HX_Request="true"),
        operator.post("/integrations/acme-pay/mappings/core/" + "x", {"policy": text}),
        operator.post("/viewing/theme", {"theme": text, "back": f"/{text}"}),
        operator.client.get("/sign-in", query_string={"next": f"/{text}"}),
        operator.client.get("/search", query_string={"q": text}),
    ]

    assert all(clean(it) for it in answers)


@pytest.mark.parametrize("text", BREAKS)
def test_names_of_downloads_are_made_of_what_the_host_knows(
    administrator: Visitor, desk: Desk, mirror: Mirror, text: str
) -> None:
    mirror.payment("PM1")
    ask = administrator.client.get
    user = desk.add_user("Head office", given_name=text)
    answers = [
        ask("/payments.csv", query_string={"connection": text, "status": text}),
        ask("/activity/audit.csv", query_string={"agent": text, "q": text}),
        ask(f"/users/{user}/tabs/bank/{text}/payments.csv"),
        ask(f"/users/{user}/tabs/{text}/payments/payments.csv"),
        ask(f"/users/{user}/tabs/bank/payments/payments.csv", query_string={"status": text}),
    ]

    for answer in answers:
        assert clean(answer)
        assert answer.status_code in {200, 404, 422}
        named = answer.headers.get("Content-Disposition", 'attachment; filename="x.csv"')
        assert set(named.partition('filename="')[2].rstrip('"')) <= set(
            "abcdefghijklmnopqrstuvwxyz0123456789-."
        )


@pytest.mark.parametrize(
    "name",
    ["X-Request-Id", "User-Agent", "X-Forwarded-For", "Referer", "Origin", "HX-Current-URL",
     "HX-Target", "HX-Trigger-Name", "Accept-Language", "Idempotency-Key", "X-CSRF-Token"],
)  # fmt: skip
def test_no_header_of_a_request_becomes_one_of_the_answer(
    administrator: Visitor, program: Program, name: str
) -> None:
    for value in ("x; Set-Cookie: planted=1", "x\u00e4planted", "planted" * 900, "\u00ff\u00fe"):
        for path in ("/", "/sign-in", "/nothing", "/static/x/y", "/healthz"):
            answer = administrator.client.get(path, headers={name: value})
            assert answer.status_code < 500 or path == "/readyz"
            assert clean(answer)
            assert "planted" not in str(answer.headers)
        answer = program.call("POST", "/due", headers={name: value})
        assert answer.status_code < 500
        assert clean(answer)
        assert "planted" not in str(answer.headers)


def test_the_id_of_a_request_is_kept_where_it_is_one(stranger: Visitor) -> None:
    def kept(text: str) -> str:
        return stranger.client.get("/healthz", headers={"X-Request-Id": text}).headers[
            "X-Request-Id"
        ]

    assert kept("proxy-7.a_B") == "proxy-7.a_B"
    for text in ("", " ", "a b", "a;b", "<script>", "ä", "x" * 65, "a\tb", '"'):
        assert kept(text) != text


ODD: dict[str, Iterable[str]] = {
    "Range": ("bytes=0-", "bytes=-1", "bytes=5-1", "bytes=0-0,1-1,2-2", "x", "bytes=9" * 90, "="),
    "If-Range": ("x", '"', "Mon"),
    "If-None-Match": ("*", '"', 'W/"', "x" * 5_000, '"a", "b", ' * 300, ",,,", "\u00e4"),
    "If-Match": ("*", '"', "", ",", 'W/"x"', "x" * 5_000),
    "If-Modified-Since": ("x", "Mon, 99 Foo 2026 99:99:99 GMT", "0", "9" * 40),
    "If-Unmodified-Since": ("x", "Thu, 01 Jan 1970 00:00:00 GMT"),
    "Accept": ("", "*", "text/html;q=nan", "text/html;q=1e999", ",;,", "a/b/c", "x" * 5_000),
    "Accept-Encoding": ("gzip;q=nan", "gzip;q=-1", "*;q=0", "\u00e4", ",,"),
    "Accept-Language": ("x-" * 900, "*", ";q=", "en;q=1e400"),
    "Content-Type": ("x", "multipart/form-data", "application/json; charset=\u00e4", "a/b; c=d; =",
                     "multipart/form-data; boundary=", "application/json; charset=utf-7"),
    "Content-Encoding": ("gzip", "deflate"),
    "Authorization": ("Bearer", "Bearer  ", "Basic x", "Bearer \u00e4", "Digest a=b", "bearer x",
                      "Basic " + "=" * 99, ":"),
    "Cookie": ("halo-session", "=", ";;;", "halo-session=\u00e4", "halo-toast=e30.x",
               "halo-toast=.", 'halo-session="', "halo-theme=<script>", "halo-navigation=\u00ff",
               "__Host-halo-session=x", "a=b; " * 900),
    "X-Forwarded-For": ("\u00e4", "1.2.3.4, ", "::1%eth0", "9" * 900, "fe80::1%25", "127.0.0.1:80"),
    "HX-Request": ("false", "\u00e4"),
    "HX-Current-URL": ("http://[", "//[::1", "\u00e4", "http://a:99999999/", "x" * 3_000),
    "Sec-Fetch-Site": ("\u00e4", "cross-site"),
    "X-HTTP-Method-Override": ("DELETE",),
    "Content-Length": ("0",),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_odd_headers_break_no_page_and_no_part_of_the_api(
    app: Flask, administrator: Visitor, program: Program, desk: object, name: str
) -> None:
    pages = ("/", "/customers", "/payments", "/payments.csv", f"/integrations/{CONNECTION}/details",
             "/sign-in", "/nothing", "/pickers/users", "/configuration/agents",
             app.extensions["halo_host_assets"].url("app.css"))  # fmt: skip
    session = f"halo-session={administrator.cookie()}"
    for value in ODD[name]:
        for path in pages:
            for method in ("GET", "HEAD", "POST"):
                headers = {"Cookie": session, name: value}
                answer = app.test_client().open(path, method=method, headers=headers)
                assert answer.status_code < 500, (method, path, value[:60])
                assert clean(answer)
        for path in ("/me", "/connections", "/openapi.json", f"/connections/{CONNECTION}"):
            for method in ("GET", "HEAD", "PATCH"):
                headers = {"Authorization": f"Bearer {program.token}", name: value}
                answer = app.test_client().open(PREFIX + path, method=method, headers=headers)
                assert answer.status_code < 500, (method, path, value[:60], answer.text)
                assert clean(answer)


def test_what_is_private_is_kept_in_no_cache(
    app: Flask, administrator: Visitor, program: Program, desk: object
) -> None:
    for each in served_by(app):
        if each.method != "GET" or each.role is None:
            continue
        answer = (
            program.call("GET", each.address().removeprefix(PREFIX))
            if each.is_api
            else administrator.get(each.address())
        )
        kept = answer.headers["Cache-Control"]
        assert "public" not in kept, each
        assert {"no-store", "no-cache", "private, max-age=3600"} & {kept}, (each, kept)
        assert answer.headers["X-Content-Type-Options"] == "nosniff", each
        assert answer.headers["X-Frame-Options"] == "DENY", each
        policy = answer.headers["Content-Security-Policy"]
        assert "unsafe" not in policy, each
        assert "default-src 'none'" in policy, each
        assert "frame-ancestors 'none'" in policy, each


def test_messages_of_a_forged_cookie_are_not_shown(administrator: Visitor) -> None:
    import base64

    listed = json.dumps([{"text": "Call this number", "tone": "danger"}]).encode()
    text = base64.urlsafe_b64encode(listed).decode()
    for value in (f"{text}.", f"{text}.{'0' * 64}", f"{text}.ä", text, ".", f".{text}"):
        administrator.client.set_cookie("halo-toast", value)
        answer = administrator.get("/account")
        assert answer.status_code == 200
        assert "Call this number" not in answer.text
