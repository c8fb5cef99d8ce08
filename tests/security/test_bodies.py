"""Bodies that are too large, too deep, too many, or no text: refused in words, and nothing done."""

from __future__ import annotations

import json

import pytest
from flask import Flask
from support.api import PREFIX, Program
from support.pages import Visitor
from support.served import served_by

from halo_host.host import Host
from halo_host.web.shell.shell import LARGEST_FORM, LARGEST_OF_STRANGERS

FORM = "application/x-www-form-urlencoded"


def test_no_form_takes_more_than_its_limit(
    app: Flask, administrator: Visitor, host: Host, desk: object
) -> None:
    token = administrator.token().encode()
    large = b"csrf_token=" + token + b"&name=" + b"x" * LARGEST_FORM
    for each in served_by(app):
        if each.method == "GET" or each.is_api or each.rule.startswith("/webhooks"):
            continue
        answer = administrator.client.open(
            each.address(),
            method=each.method,
            data=large,
            content_type=FORM,
            headers={"Accept": "text/html"},
        )
        assert answer.status_code == 413, each
        assert "too large" in answer.text, each


def test_whoever_is_not_signed_in_may_send_less(app: Flask, stranger: Visitor) -> None:
    for each in served_by(app):
        if each.method == "GET" or each.role is not None or each.rule.startswith("/webhooks"):
            continue
        answer = stranger.client.open(
            each.address(),
            method=each.method,
            data=b"a=" + b"x" * LARGEST_OF_STRANGERS,
            content_type=FORM,
        )
        assert answer.status_code == 413, each


def test_what_is_not_read_is_not_taken(app: Flask, stranger: Visitor) -> None:
    """Pages for agents are refused before a byte of the body is looked at."""
    for each in served_by(app):
        if each.method == "GET" or each.role is None or each.is_api:
            continue
        answer = stranger.client.open(
            each.address(), method=each.method, data=b"x" * 100_000, content_type=FORM
        )
        assert answer.status_code == 303, each


def test_the_api_takes_no_more_than_its_limit(app: Flask, program: Program, desk: object) -> None:
    for each in served_by(app):
        if not each.is_api or each.method == "GET":
            continue
        answer = program.call(
            each.method,
            each.address().removeprefix(PREFIX),
            data=b'{"name": "' + b"x" * 1_048_576 + b'"}',
            content_type="application/json",
        )
        takes_files = each.rule.endswith(".csv")  # which have a limit of their own
        assert answer.status_code == (415 if takes_files else 413), each
        assert answer.mimetype == "application/problem+json"


MANY_FIELDS = {
    "fields of one form": (FORM, b"&".join(b"f%d=1" % n for n in range(100_000))),
    "one name many times": (FORM, b"name=A&" * 100_000),
    "nothing but marks": (FORM, b"&" * 500_000),
    "marks of values": (FORM, b"=" * 500_000),
    "half an escape": (FORM, b"name=%&given_name=%zz&x=%u1234"),
    "no text": (FORM, b"name=%ff%fe%c3%28&given_name=%ed%a0%80"),
    "raw bytes": (FORM, bytes(range(256)) * 20),
    "parts of one form": (
        "multipart/form-data; boundary=x",
        b"".join(
            b'--x\r\nContent-Disposition: form-data; name="f%d"\r\n\r\n1\r\n' % n
            for n in range(5_000)
        )
        + b"--x--\r\n",
    ),
    "a part with many headers": (
        "multipart/form-data; boundary=x",
        b"--x\r\n" + b"A: b\r\n" * 50_000 + b"\r\n\r\n--x--\r\n",
    ),
    "a part that never ends": ("multipart/form-data; boundary=x", b"--x\r\n" + b"a" * 300_000),
    "a file": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="name"; filename="../../a\0"\r\n\r\n'
        + b"x" * 600_000
        + b"\r\n--x--\r\n",
    ),
    "an empty border": ("multipart/form-data; boundary=", b"--\r\n\r\n----"),
    "a border of any length": ("multipart/form-data; boundary=" + "x" * 3_000, b"--x\r\n"),
    "JSON": ("application/json", b'{"name": "A"}'),
    "XML": ("application/xml", b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'),
}


@pytest.mark.parametrize("name", MANY_FIELDS)
def test_odd_forms_break_nothing(administrator: Visitor, host: Host, name: str) -> None:
    kind, data = MANY_FIELDS[name]
    token = administrator.token()
    before = len(host.directory.customers(limit=500))

    for path in ("/customers/new", "/users/new", "/configuration/agents/new", "/account/password"):
        answer = administrator.client.post(
            path, data=data, content_type=kind, headers={"X-CSRF-Token": token}
        )
        assert answer.status_code in {303, 403, 413, 422}, (path, answer.status_code)
        assert "root:" not in answer.text
    customers = host.directory.customers(limit=500)
    assert len(customers) <= before + 1
    assert all("\0" not in it.name for it in customers)


def deep(opened: str, closed: str, levels: int) -> bytes:
    return (opened * levels + "1" + closed * levels).encode()


@pytest.mark.parametrize("levels", [50, 200, 300, 500, 900, 1_024, 1_025, 50_000])
def test_json_of_any_depth_is_answered(program: Program, desk: object, levels: int) -> None:
    for opened, closed in (("[", "]"), ('{"a":', "}"), ('{"name":[', "]}")):
        for method, path, before, after in (
            ("POST", "/custom-fields", b"", b""),
            ("POST", "/custom-fields", b'["\\u0000",', b"]"),
            ("POST", "/connections", b'{"integration": "acme-pay", "settings":', b"}"),
            ("PATCH", "/connections/acme-pay", b'{"settings": {"ledger":', b"}}"),
            ("PATCH", "/users/1/values", b'{"values":', b"}"),
        ):
            answer = program.call(
                method,
                path,
                data=before + deep(opened, closed, levels) + after,
                content_type="application/json",
            )
            assert answer.status_code in {400, 404, 413, 422}, (method, path, answer.text)


@pytest.mark.parametrize(
    "body",
    [
        b'{"name": "\xff\xfe"}',
        b'\xef\xbb\xbf{"name": "A"}',
        '{"name": "A"}'.encode("utf-16"),
        b'{"name": "\\ud800"}',
        b'{"name": "A\\u0000"}',
        b'{"na\\u0000me": "A"}',
        b'{"name": "A\x00"}',
        b'{"name": 1e400}',
        b'{"name": ' + b"9" * 5_000 + b"}",
        b'{"name": NaN}',
        b'{"name": "A"} trailing',
        b"null",
        b"[]",
        b"{}",
        b'"x"',
        b"\0",
        b'{"__proto__": {"name": "A"}, "constructor": 1}',
        json.dumps({f"f{n}": 1 for n in range(20_000)}).encode(),
    ],
)
def test_json_that_is_none_or_fits_nowhere_changes_nothing(
    app: Flask, program: Program, host: Host, desk: object, body: bytes
) -> None:
    for each in served_by(app):
        if each.is_api and each.method != "GET":
            answer = program.call(
                each.method,
                each.address("987654321").removeprefix(PREFIX),
                data=body,
                content_type="application/json",
            )
            assert answer.status_code < 500, (each, answer.text)
            if answer.status_code >= 400:
                assert answer.mimetype == "application/problem+json", each
                assert len(answer.data) < 100_000, each
    assert host.directory.custom_fields() == []


def test_a_key_twice_in_json_and_a_query_twice_is_no_way_around_a_check(
    program: Program, host: Host
) -> None:
    answer = program.call(
        "POST",
        "/custom-fields",
        data=b'{"name": "One", "name": "Two"}',
        content_type="application/json",
    )
    assert answer.status_code == 201
    assert [it.name for it in host.directory.custom_fields()] == [answer.get_json()["name"]]
    assert program.get("/jobs?limit=1&limit=2").status_code == 422
