"""Payments that somebody means by an id or a reference."""

from __future__ import annotations

from support.acme import AGENT
from support.mirror import Mirror

from halo_host.host import Host


def found(host: Host, text: str, limit: int = 9) -> list[str]:
    return [it.payment.id for it in host.payments.found(text, limit=limit)]


def test_a_payment_is_found_by_its_id_and_by_its_reference(host: Host, mirror: Mirror) -> None:
    mirror.payment("PM001", reference="INV-7")
    mirror.payment("PM002", reference="INV-8")
    mirror.payment("PM003")

    assert found(host, "PM001") == ["PM001"]
    assert found(host, " pm002 ") == ["PM002"]
    assert found(host, "inv-7") == ["PM001"]
    for text in ("", "  ", "PM", "INV", "%", "PM001'"):
        assert found(host, text) == []


def test_the_newest_of_many_with_one_reference_come_first(host: Host, mirror: Mirror) -> None:
    for number in range(1, 6):
        mirror.payment(f"PM{number}", reference="RENT")

    assert found(host, "RENT", limit=3) == ["PM5", "PM4", "PM3"]


def test_every_connection_is_looked_into(host: Host, mirror: Mirror) -> None:
    host.connections.enable("mirrored-pay", {}, slug="other", agent=AGENT)
    mirror.payment("PM1")
    Mirror(host, "other").payment("PM1")

    assert sorted(it.connection for it in host.payments.found("PM1", limit=9)) == ["bank", "other"]


def test_whose_a_payment_is_comes_with_it(host: Host, mirror: Mirror) -> None:
    host.directory.add_customer("Acme Ltd", agent=AGENT)
    user = host.directory.add_user("Main", {"given_name": "Ada"}, agent=AGENT)
    mirror.link("CU1", user.id)
    mirror.payment("PM1")

    (payment,) = host.payments.found("PM1", limit=9)

    assert (payment.user, payment.customer) == ("Ada", "Acme Ltd")
