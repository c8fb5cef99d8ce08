"""Lists as files: payments, the audit log, the directory out and in."""

from __future__ import annotations

import csv
import io
import tempfile

import pytest
from support.acme import Desk
from support.api import Program
from support.mirror import Mirror
from werkzeug.test import TestResponse

from halo_host.errors import DatabaseError
from halo_host.host import Host

PEOPLE = "customer,site,given_name,email\nAcme Ltd,Depot,Ann,ann@acme.example\n"


def rows(answer: TestResponse) -> list[dict[str, str]]:
    assert answer.status_code == 200
    assert answer.content_type == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8"))))


def send(
    program: Program, text: str | bytes, path: str = "/directory.csv", **more: str
) -> TestResponse:
    data = text.encode() if isinstance(text, str) else text
    headers = {name.replace("_", "-"): value for name, value in more.items()}
    return program.call("POST", path, data=data, content_type="text/csv", headers=headers)


def test_payments_that_the_filters_find_are_a_file(viewer: Program, host: Host, desk: Desk) -> None:
    mirror = Mirror(host, "acme-pay")
    mirror.payment("PM1", amount=1_999, description="=HYPERLINK()")
    mirror.payment("PM2", status="failed")

    assert [it["payment"] for it in rows(viewer.get("/payments.csv"))] == ["PM2", "PM1"]
    (found,) = rows(viewer.get("/payments.csv?status=paid_out", Accept="text/csv"))
    assert (found["amount"], found["description"]) == ("19.99", "'=HYPERLINK()")
    assert viewer.get("/payments.csv", Accept="application/json").status_code == 406
    assert viewer.get("/payments.csv?connection=none").status_code == 404
    assert viewer.get("/payments.csv?limit=7").status_code == 422


def test_the_audit_log_is_a_file_for_administrators(
    administrator: Program, operator: Program, host: Host
) -> None:
    operator.post("/customers", {"name": "Acme Ltd"})

    found = rows(administrator.get("/audit.csv?agent=Operator Program"))

    assert {it["entity"] for it in found} == {"customer", "site"}
    assert operator.get("/audit.csv").status_code == 403


def test_a_file_that_cannot_begin_is_a_problem(
    administrator: Program, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_away(*given: object, **more: object) -> None:
        raise DatabaseError("The database is away.")

    monkeypatch.setattr("halo_host.audit_search.found_entries", is_away)

    answer = administrator.get("/audit.csv")

    assert answer.status_code == 503
    assert answer.mimetype == "application/problem+json"


def test_a_directory_is_loaded_again_without_changing_anything(
    operator: Program, host: Host
) -> None:
    loaded = send(operator, PEOPLE, Idempotency_Key="k1")
    again = send(operator, PEOPLE, Idempotency_Key="k1")
    anew = send(operator, PEOPLE)

    assert loaded.get_json()["users"] == {"added": 1, "changed": 0, "unchanged": 0}
    assert loaded.get_json()["problems"] == []
    assert "Idempotency-Replayed" in again.headers
    assert anew.get_json()["users"] == {"added": 0, "changed": 0, "unchanged": 1}
    (found,) = rows(operator.get("/directory.csv"))
    assert (found["customer"], found["site"], found["given_name"]) == ("Acme Ltd", "Depot", "Ann")


def test_what_was_saved_is_taken_back(operator: Program, host: Host) -> None:
    send(operator, PEOPLE + 'Acme Ltd,Depot,"Zoë ""Z"", 李",zoe@acme.example\n')
    saved = operator.get("/directory.csv").get_data()

    loaded = send(operator, saved).get_json()

    assert loaded["users"] == {"added": 0, "changed": 0, "unchanged": 2}
    assert loaded["customers"]["added"] == loaded["sites"]["added"] == 0


def test_a_bad_row_is_told_and_the_others_are_loaded(operator: Program, host: Host) -> None:
    answer = send(operator, PEOPLE + ",Depot,Bob,bob@acme.example\n")

    (problem,) = answer.get_json()["problems"]
    assert problem["line"] == 3
    assert problem["message"]
    assert answer.get_json()["users"]["added"] == 1


def test_a_file_may_be_larger_than_other_bodies(operator: Program, host: Host) -> None:
    blank = "," * 1_000 + "\n"

    assert send(operator, PEOPLE + blank * 1_500).get_json()["users"]["added"] == 1


def test_fields_that_are_missing_are_made_where_it_is_asked_for(
    operator: Program, host: Host
) -> None:
    people = "customer,site,given_name,custom:Office\nAcme Ltd,Depot,Ann,Leeds\n"

    assert send(operator, people).status_code == 422
    assert host.directory.customers() == []
    assert send(operator, people, "/directory.csv?create_fields=true").status_code == 200
    assert host.directory.values(1) == {"Office": "Leeds"}


@pytest.mark.parametrize(
    ("data", "content_type", "status"),
    [
        (b"", "text/csv", 422),
        (b"\xff\xfe\xff", "text/csv", 422),
        (b"name\nAcme", "text/csv", 422),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "text/csv", 422),
        (b"PK\x03\x04", "text/csv", 422),
        (PEOPLE.encode(), "application/json", 415),
        (b"," * 5_000_000, "text/csv", 413),
    ],
)
def test_a_file_that_cannot_be_loaded_changes_nothing(
    operator: Program, host: Host, data: bytes, content_type: str, status: int
) -> None:
    answer = operator.call("POST", "/directory.csv", data=data, content_type=content_type)

    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    assert tempfile.gettempdir() not in answer.text
    assert host.directory.customers() == []
