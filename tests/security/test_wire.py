"""Requests as no client library sends them, against the server that serves."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from support.acme import Desk
from support.serving import Serving, serving

TIMEOUT = 60.0


@pytest.fixture
def server(listening: Desk, tmp_path: Path) -> Iterator[Serving]:
    with serving(listening.host.settings, tmp_path, "--no-integrator") as running:
        yield running


def talk(server: Serving, sent: bytes) -> bytes:
    """What comes back until the server closes or falls silent after an answer."""
    place = urlsplit(server.url)
    with socket.create_connection((place.hostname, place.port), timeout=TIMEOUT) as line:
        line.sendall(sent)
        line.shutdown(socket.SHUT_WR)
        parts = []
        while part := line.recv(65_536):
            parts.append(part)
    return b"".join(parts)


def ask(path: str | bytes, *headers: str, method: str = "GET", body: bytes = b"") -> bytes:
    raw = path if isinstance(path, bytes) else path.encode("latin-1")
    lines = "".join(f"{it}\r\n" for it in ("Host: desk.example", "Connection: close", *headers))
    head = method.encode() + b" " + raw + b" HTTP/1.1\r\n" + lines.encode("latin-1")
    return head + b"\r\n" + body


def status(answer: bytes) -> int:
    assert answer.startswith(b"HTTP/1.1 "), answer[:200]
    return int(answer.split(maxsplit=2)[1])


PATHS: tuple[str | bytes, ...] = (
    "/static/../../../etc/passwd",
    "/static/x/../../../../../etc/passwd",
    "/../../../../etc/passwd",
    "//etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/static/x/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "/static/x/..%00/app.css",
    "/users/%00",
    "/users/1%00",
    "/users/%ff%fe",
    b"/users/\xff\xfe\xc3(",
    "/integrations/%0d%0aX-Planted:%201/details",
    "/integrations/\x01/details",
    "/users/" + "9" * 3_000,
    "http://evil.example/users/1",
    "http://evil.example",
    "https://evil.example//",
    "//evil.example/%2f..",
    "//evil.example",
    "/\\evil.example",
    "*",
    "?",
    "#",
    "/;a=b",
    "/users/1;tabs",
    "/?" + "a&" * 1_900,
    "/" * 3_000,
    "/%",
    "/%zz",
    "/%u0041",
)


def test_no_path_leads_out_or_breaks_anything(server: Serving) -> None:
    for path in PATHS:
        answer = talk(server, ask(path))
        assert status(answer) in {303, 400, 404, 405, 414}, (path, answer[:300])
        head, _, body = answer.partition(b"\r\n\r\n")
        assert b"root:" not in body
        assert b"Traceback" not in body
        assert b"evil.example/" not in head.replace(b"%2F", b"/"), (path, head)
        assert b"X-Planted: 1\r\n" not in answer
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"location:"):
                assert line.split(maxsplit=1)[1].startswith(b"/sign-in"), (path, line)
    assert server.get("/healthz").status_code == 200


FORM = b"email=a&password=b"
REQUESTS: tuple[bytes, ...] = (
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: evil.example\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n Set-Cookie: folded=1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: a\nX-Planted: 1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: a\rX-Planted: 1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: a\0b\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
    b"GET / HTTP/1.1\r\n: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nX_Forwarded_For: 1.2.3.4\r\nHost: a\r\n\r\n",
    b"GET / HTTP/9.9\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 500 + b"\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nA: " + b"x" * 60_000 + b"\r\n\r\n",
    b"GET /" + b"x" * 60_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST /sign-in HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n" + FORM,
    b"POST /sign-in HTTP/1.1\r\nHost: a\r\nContent-Length: 1e3\r\n\r\n" + FORM,
    b"POST /sign-in HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 18\r\n\r\n" + FORM,
    b"POST /sign-in HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"0\r\n\r\nGET /metrics HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST /sign-in HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    b"POST /sign-in HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nx\r\n0\r\n\r\n",
    b"POST /sign-in HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx",
    b"POST /sign-in HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n" + FORM,
    b"\r\n\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
    b"get / http/1.1\r\nHost: a\r\n\r\n",
    b"GET\t/\tHTTP/1.1\r\nHost: a\r\n\r\n",
)


def test_what_is_no_sound_http_is_refused_and_the_next_one_is_served(server: Serving) -> None:
    for sent in REQUESTS:
        answer = talk(server, sent)
        assert answer.count(b"HTTP/1.1 ") <= 2, (sent[:80], answer[:400])
        if answer:
            assert status(answer) < 500, (sent[:80], answer[:300])
        assert b"X-Planted" not in answer, sent[:80]
        assert b"folded" not in answer, sent[:80]
        assert b"Traceback" not in answer, sent[:80]
        assert b"python" not in answer.lower(), sent[:80]
        assert b"# HELP" not in answer, sent[:80]  # a second request that was smuggled in
        assert server.get("/healthz").status_code == 200
    assert "Traceback" not in server.said()


def test_every_answer_has_the_headers_that_keep_pages_safe(server: Serving) -> None:
    for path in ("/sign-in", "/", "/nothing", "/healthz", "/api/v1/me", "/api/docs", "/static/x/y"):
        answer = server.get(path, allow_redirects=False, headers={"Accept": "text/html"})
        assert answer.headers["X-Content-Type-Options"] == "nosniff", path
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"], path
        assert answer.headers["Referrer-Policy"] == "no-referrer", path
        assert answer.headers["Server"] == "halo-host", path
        assert "Access-Control-Allow-Origin" not in answer.headers, path
    whole = server.get("/sign-in", headers={"Range": "bytes=0-10"})
    assert whole.status_code == 200


def test_a_browser_is_signed_in_by_nobody_elses_page(server: Serving) -> None:
    """What other sites may send without asking: plain forms, with whatever cookies there are."""
    for headers in (
        ["Origin: https://evil.example", "Sec-Fetch-Site: cross-site"],
        ["Origin: null"],
        ["Referer: https://evil.example/"],
    ):
        for kind in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data"):
            sent = ask(
                "/sign-in",
                *headers,
                f"Content-Type: {kind}",
                f"Content-Length: {len(FORM)}",
                method="POST",
                body=FORM,
            )
            assert status(talk(server, sent)) == 403, (headers, kind)
