"""Whom pages mark: users and customers with money that went back."""

from __future__ import annotations

from support.acme import AGENT, CONNECTION, Desk

from halo_host.alerts.raising import NewAlert, raise_alerts


def raised(desk: Desk, kind: str, payer: str) -> None:
    owner = desk.host.connections.get(CONNECTION).id
    with desk.host.database.write() as connection:
        alert = NewAlert(owner, kind, f"{kind}:{payer}", kind, payer, desk.host.clock())
        raise_alerts(connection, [alert])


def test_users_and_customers_with_open_alerts_about_money_are_marked(desk: Desk) -> None:
    desk.run(
        {"id": "P1", "given_name": "Bea", "company": "Acme Ltd"},
        {"id": "P2", "given_name": "Cy", "company": "Nobody knows"},
    )
    bea, cy = desk.user_of("P1"), desk.user_of("P2")
    alerts = desk.host.alerts
    assert alerts.marks().users == frozenset()

    raised(desk, "chargeback", "P1")
    raised(desk, "late_failure", "P2")
    raised(desk, "late_failure", "P2 of nobody")
    raised(desk, "runs_failing", "P1")

    assert alerts.marks().users == {bea, cy}
    unsorted = desk.default_site.customer_id
    assert alerts.marks().customers == {desk.acme.id, unsorted}
    assert [(it.kind, user) for it, user in alerts.of_customer(desk.acme.id)] == [
        ("chargeback", bea)
    ]
    alerts.acknowledge(alerts.of_customer(unsorted)[0][0].id, agent=AGENT)
    assert alerts.marks().customers == {desk.acme.id}
    assert alerts.of_customer(unsorted) == []
