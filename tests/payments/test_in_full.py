"""One payment with everything around it."""

from __future__ import annotations

from datetime import date

import pytest
from support.acme import AGENT
from support.mirror import DAY, Mirror

from halo_host.errors import InvalidInput, NotFound
from halo_host.host import Host


def test_a_payment_in_full(host: Host, mirror: Mirror) -> None:
    raw = {"id": "PM1", "metadata": {"invoice": "7"}, "unknown": None}
    mirror.payer("CU1", "Ann Archer")
    mirror.payment("PM1", mandate_id="MD1", payout_id="PO1", subscription_id="SB1", raw=raw)
    mirror.failure("PM1", "insufficient_funds")
    mirror.event("PM1", "resubmission_requested", at=DAY)
    mirror.refund("RF1", "PM1")
    mirror.mandate("MD1", scheme="bacs", next_charge_date=date(2026, 3, 9))
    mirror.subscription("SB1", name="Support")

    found = host.payments.get("PM1")

    assert found.listed.payer == "Ann Archer"
    assert [it.action for it in found.timeline] == ["failed", "resubmission_requested"]
    assert [it.id for it in found.refunds] == ["RF1"]
    assert found.mandate is not None
    assert found.mandate.scheme == "bacs"
    assert found.subscription is not None
    assert found.subscription.name == "Support"
    assert found.payout is None
    assert found.raw == raw
    assert found.read_at == DAY


def test_what_the_mirror_does_not_hold_is_left_out(host: Host, mirror: Mirror) -> None:
    mirror.payment("PM1", "", mandate_id="MD-unknown")

    found = host.payments.get("PM1")

    assert (found.mandate, found.subscription, found.payout) == (None, None, None)
    assert (found.raw, found.read_at, found.timeline, found.refunds) == (None, None, (), ())


@pytest.mark.parametrize(("last", "adds_up"), [(-123, True), (-124, False)])
def test_the_lines_of_a_payout_add_up_to_the_tenth(
    host: Host, mirror: Mirror, last: int, adds_up: bool
) -> None:
    """Of 10.00 and 5.00 taken, 14.87 is paid out: fees are 0.13, of which 0.007 is tax."""
    mirror.payment("PM1", amount=1_000, payout_id="PO1")
    mirror.refund("RF1", "PM1", amount=100)
    mirror.payout("PO1", amount=1_387)
    mirror.payout_item("PO1", 0, 10_000, payment_id="PM1")
    mirror.payout_item("PO1", 1, 5_000, payment_id="PM2")
    mirror.payout_item("PO1", 2, -1_000, type="refund", refund_id="RF1")
    mirror.payout_item("PO1", 3, -7, type="fee_tax", payment_id="PM1")
    mirror.payout_item("PO1", 4, last, type="fee")

    payout = host.payments.get("PM1").payout

    assert payout is not None
    assert payout.adds_up is adds_up
    assert [(it.type, it.lines, it.tenths) for it in payout.lines] == [
        ("fee", 1, last),
        ("fee_tax", 1, -7),
        ("payment_paid_out", 2, 15_000),
        ("refund", 1, -1_000),
    ]
    assert [(it.type, it.tenths, it.refund_id) for it in payout.items] == [
        ("payment_paid_out", 10_000, None),
        ("refund", -1_000, "RF1"),
        ("fee_tax", -7, None),
    ]


def test_a_payout_whose_lines_are_not_read_yet_is_not_said_to_add_up(
    host: Host, mirror: Mirror
) -> None:
    mirror.payment("PM1", payout_id="PO1")
    mirror.payout("PO1")

    payout = host.payments.get("PM1").payout

    assert payout is not None
    assert (payout.adds_up, payout.lines) == (None, ())


def test_a_payment_that_is_nowhere_or_in_two_places(host: Host, mirror: Mirror) -> None:
    mirror.payment("PM1")
    with pytest.raises(NotFound, match="holds no payment PM2"):
        host.payments.get("PM2")
    with pytest.raises(NotFound, match="no connection nowhere"):
        host.payments.get("PM1", connection="nowhere")

    host.connections.enable("mirrored-pay", {}, slug="other", agent=AGENT)
    with pytest.raises(NotFound, match="mirror of other holds no payment"):
        host.payments.get("PM1", connection="other")
    Mirror(host, "other").payment("PM1")
    with pytest.raises(InvalidInput, match="bank, other"):
        host.payments.get("PM1")
    assert host.payments.get("PM1", connection="other").listed.connection == "other"
