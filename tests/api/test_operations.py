"""What operators look after over the API: proofs and repairs, rows of an import, alerts."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from support.acme import CONNECTION, Desk
from support.api import Program
from support.banked import Banked
from support.clock import Clock

from halo_host.alerts.raising import MONEY_KINDS
from halo_host.database.ids import allocate_ids
from halo_host.database.job_tables import alerts
from halo_host.database.mirror_tables import mandates
from halo_host.database.tables import connections
from halo_host.host import Host


@pytest.fixture
def banked(host: Host) -> Banked:
    return Banked(host)


def test_a_mirror_is_proved_and_repaired(
    operator: Program, viewer: Program, banked: Banked, clock: Clock
) -> None:
    path = "/connections/bank/verify"
    early = operator.post(path)
    assert early.status_code == 422, "there is nothing to compare yet"
    banked.sync()
    clock.advance(days=2)  # what is new is read again in any case
    banked.sync()
    with banked.host.database.write() as connection:
        connection.execute(update(mandates).filter_by(external_id="MD-CU1").values(reference="?"))

    assert viewer.post(path).status_code == 403
    proving = operator.post(path, Idempotency_Key="k1")
    assert operator.post(path, Idempotency_Key="k1").get_json() == proving.get_json()
    assert (proving.status_code, proving.get_json()["kind"]) == (202, "verify")
    banked.work()
    number = proving.get_json()["id"]
    assert "1 difference" in operator.get(f"/jobs/{number}").get_json()["result"]

    repairing = operator.post(path, {"repair": True}).get_json()
    assert repairing["why"] == "repair"
    banked.work()
    mirror = operator.get("/connections/bank/health").get_json()["mirrors"][0]
    assert (mirror["proof"]["differences"], mirror["proof"]["repaired"]) == (0, 1)
    standing = {
        it["part"]: it for it in operator.get("/connections/bank/standing").get_json()["items"]
    }
    assert standing["verify"]["failures"] == 0
    assert standing["verify"]["last"] is not None


def test_what_cannot_be_proved_is_refused(operator: Program, desk: Desk, banked: Banked) -> None:
    banked.sync()
    without_mirror = operator.post(f"/connections/{CONNECTION}/verify", {"repair": True})
    banked.host.connections.disable("bank", agent="Test")
    disabled = operator.post("/connections/bank/verify", {"repair": True})

    assert without_mirror.status_code == disabled.status_code == 422
    assert "is disabled" in disabled.get_json(force=True)["detail"]
    assert operator.post("/connections/none/verify").status_code == 404
    assert operator.get("/jobs?kind=verify").get_json()["items"] == []


def test_rows_are_searched_and_placed_by_hand(operator: Program, host: Host, desk: Desk) -> None:
    desk.ledger.write(
        {"id": "CU1", "given_name": "Ann", "family_name": "Archer", "email": "ann@acme.example"},
        {"id": "CU2", "given_name": "Bob", "family_name": "Baker"},
    )
    made = host.imports.run(CONNECTION, agent="Test", kept=True).change_set
    path = f"/imports/{made.number}"
    for words, found in {"archer": ["CU1"], "ANN@": ["CU1"], "CU2": ["CU2"], "100%": []}.items():
        rows = operator.call("GET", f"{path}/rows", query_string={"q": words}).get_json()["items"]
        assert [it["external_id"] for it in rows] == found, words
    user = desk.add_user("Acme Ltd/Warehouse", given_name="Robert")
    version = operator.get(path).get_json()["version"]

    placed = operator.post(f"{path}/rows/2/resolve", {"user": user, "version": version})
    stale = operator.post(f"{path}/rows/1/resolve", {"skip": True, "version": version})

    assert (placed.get_json()["action"], placed.get_json()["user_id"]) == ("link", user)
    assert placed.get_json()["state"] == "pending"
    assert stale.status_code == 412
    assert operator.get(f"{path}/rows/1").get_json()["action"] == "new"


def test_all_conflicts_are_decided_as_they_were_seen(operator: Program, desk: Desk) -> None:
    for name in ("Ann", "Anna"):
        desk.add_user("Acme Ltd/Warehouse", email="ann@example.com", given_name=name)
    done = desk.run({"id": "CU1", "email": "ann@example.com", "company": "Acme Ltd"})
    path = f"/imports/{done.number}"
    version = operator.get(path).get_json()["version"]

    stale = operator.post(f"{path}/resolve", {"skip": True, "version": version + 1})
    decided = operator.post(f"{path}/resolve", {"skip": True, "version": version})

    assert stale.status_code == 412
    assert decided.get_json() == {"resolved": 1, "left": []}
    held = operator.get(f"/connections/{CONNECTION}/held-payers").get_json()["items"]
    assert [it["external_id"] for it in held] == ["CU1"]


def test_alerts_about_money_mark_users_until_they_are_acknowledged(
    operator: Program, viewer: Program, host: Host, desk: Desk
) -> None:
    desk.run({"id": "CU1", "given_name": "Ann", "company": "Acme Ltd"})
    user = desk.user_of("CU1")
    customer = host.directory.user(user).customer_id
    with host.database.write() as connection:
        owner = connection.execute(connections.select().filter_by(slug=CONNECTION)).one().id
        for kind in (sorted(MONEY_KINDS)[0], "sync_failing"):
            connection.execute(
                alerts.insert().values(
                    id=allocate_ids(connection, alerts)[0],
                    connection_id=owner,
                    kind=kind,
                    key=f"{kind}:PM1",
                    external_user_id="CU1" if kind in MONEY_KINDS else "",
                    text="Something happened.",
                    raised_at=host.clock(),
                )
            )

    (marked,) = viewer.get("/alerts?money=true").get_json()["items"]
    assert len(viewer.get("/alerts").get_json()["items"]) == 2
    assert viewer.get("/alerts/marks").get_json() == {"users": [user], "customers": [customer]}
    assert viewer.get(f"/users/{user}/alerts").get_json()["items"] == [marked]
    assert viewer.get(f"/customers/{customer}/alerts").get_json()["items"] == [
        {"alert": marked, "user": user}
    ]
    assert viewer.get("/users/999/alerts").status_code == 404
    assert viewer.post(f"/alerts/{marked['id']}/acknowledge").status_code == 403

    seen = operator.post(f"/alerts/{marked['id']}/acknowledge").get_json()

    assert seen["acknowledged_by"] == "Operator Program"
    assert viewer.get("/alerts/marks").get_json() == {"users": [], "customers": []}
    assert operator.post(f"/alerts/{marked['id']}/acknowledge").status_code == 422
