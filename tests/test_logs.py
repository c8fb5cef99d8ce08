"""The log: one line a record, with ids, and without anything that should not be in it."""

from __future__ import annotations

import io
import json
import logging

import pytest
from support.acme import Desk

from halo_host import logs
from halo_host.masking import MASKED, Mask

log = logging.getLogger("halo_host.test")


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Authorization: Bearer abcdef.ghi-123", f"Authorization: Bearer {MASKED}"),
        ("basic dXNlcjpwYXNz", f"basic {MASKED}"),
        ("IBAN GB33 BUKB 2020 1555 5555 55 IS NOT KNOWN", f"IBAN {MASKED} IS NOT KNOWN"),
        ("to de89370400440532013000.", f"to {MASKED}."),
        ("NO9386011117947", MASKED),
        ("sort code 20-00-00 account 55779911", f"sort code {MASKED} account {MASKED}"),
        ("200000 55779911", f"{MASKED} {MASKED}"),
        ('{"account_number": "55779911"}', f'{{"account_number": "{MASKED}"}}'),
        ("branch code=200000", f"branch code={MASKED}"),
        (f"used halo_{'aB3-_' * 8}xyz twice", f"used {MASKED} twice"),
        ("?token=abcdefghi&page=2", f"?token={MASKED}&page=2"),
        ("'api_key': 'sk-12345678'", f"'api_key': '{MASKED}'"),
        ("postgresql://halo:pa55word@db/halo", f"postgresql://halo:{MASKED}@db/halo"),
        ("card 4111 1111 1111 1111 was", f"card {MASKED} was"),
    ],
)
def test_secrets_and_bank_data_are_masked_by_their_form(text: str, masked: str) -> None:
    assert Mask().text(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "POST /webhooks/acme-pay 204 in 3 ms",
        "MD000123ABCDEF is the mandate of PM00ABC1234567",
        "EV00012345678901 of WB0001 at 2026-11-23T05:47:37.000000Z",
        "It took 1732345657123 ms, from 2026-11-23 to 2026-11-24.",
        "Account 12 of 300 payers; the token was refused.",
        "request=9f86d081884c7d65 run=17",
        "halo_host.agents.sign_in, halo_connection_disabled_for_each_and_every_one_of_them",
    ],
)
def test_what_an_operator_needs_is_not_masked(text: str) -> None:
    assert Mask().text(text) == text


def test_json_lines_have_ids_fields_and_errors() -> None:
    written = io.StringIO()
    logs.set_up("json", stream=written)

    with logs.ids(run="17"), logs.ids(request="abc"):
        log.info(
            "Read %s pages.", 3, extra=logs.fields(pages=3, nested={"iban": ["NO9386011117947"]})
        )
    try:
        raise ValueError("the key is Bearer abcdefghijk")
    except ValueError:
        log.exception("It\nfailed.")
    log.debug("Not shown.")

    first, second = map(json.loads, written.getvalue().splitlines())
    assert first["time"].endswith("Z")
    assert first["level"] == "info"
    assert first["logger"] == "halo_host.test"
    assert first["message"] == "Read 3 pages."
    assert (first["run"], first["request"], first["pages"]) == ("17", "abc", 3)
    assert first["nested"] == {"iban": [MASKED]}
    assert "ValueError" in second["error"]
    assert "abcdefghijk" not in written.getvalue()
    assert "run" not in second


def test_text_lines_stay_one_line_whatever_they_hold() -> None:
    written = io.StringIO()
    logs.set_up("text", stream=written)

    log.warning(
        "Somebody sent %s", "a\n2026-01-01 a false record\x1b[31m", extra=logs.fields(n="x\ny")
    )

    (line,) = written.getvalue().splitlines()
    assert "warning" in line
    assert "\x1b" not in line


def test_a_connections_secrets_are_masked_wherever_they_appear(desk: Desk) -> None:
    written = io.StringIO()
    logs.set_up("json", stream=written)

    connection = desk.host.connections.for_plugin("acme-pay")
    log.warning("Refused: %s", connection.settings["api_key"].reveal())
    log.warning("Refused: %s", desk.ledger.path, extra=logs.fields(sent=["x-a-secret-key-x"]))

    assert "a-secret-key" not in written.getvalue()
    assert str(desk.ledger.path) in written.getvalue()


def test_a_secret_that_holds_what_json_escapes_is_masked() -> None:
    written = io.StringIO()
    logs.set_up("json", stream=written)
    logs.conceal('say "käse"\\', "short")

    log.warning('It was say "käse"\\ and short')

    assert json.loads(written.getvalue())["message"] == f"It was {MASKED} and short"
