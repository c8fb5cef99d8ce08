"""A comparison finds whatever is not the same on both sides, and a repair mends all of it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, insert, select, text, update
from support.bank import Bank
from support.clock import Clock

from halo_host import StreamKind
from halo_host.audit import entries
from halo_host.database.mirror_tables import payments, payout_items
from halo_host.errors import InvalidInput
from halo_host.sync.proof import DifferenceKind
from halo_host.sync.shapes import SHAPES

from .conftest import Mirrored


@pytest.fixture
def filled(mirrored: Mirrored, bank: Bank, clock: Clock) -> Mirrored:
    """A mirror that is right, of payments of which no event has told anything for hours."""
    for number in range(4):
        bank.payer(f"CU{number}")
        bank.mandate(f"MD{number}", f"CU{number}")
    for number in range(8):
        bank.payment(f"PM{number}", f"MD{number % 4}")
    bank.put(StreamKind.PAYOUTS, "PO1", status="paid", amount=2400, currency="GBP")
    bank.put(StreamKind.REFUNDS, "RF1", status="paid", amount=100, currency="GBP", payment="PM1")
    bank.items_of["PO1"] = [
        {"type": "payment", "tenths": 12500, "payment": "PM1"},
        {"type": "payment", "tenths": 12500, "payment": "PM2"},
        {"type": "fee", "tenths": -1000},
    ]
    mirrored.sync()
    clock.advance(hours=2)
    mirrored.sync()
    assert mirrored.verify().differences == []
    return mirrored


def change(filled: Mirrored, kind: StreamKind, identity: str, **values: Any) -> None:
    """Somebody, or a fault, changes a row of the mirror behind the host's back."""
    table = SHAPES[kind].table
    with filled.host.database.write() as connection:
        changed = update(table).filter_by(external_id=identity).values(**values)
        assert connection.execute(changed).rowcount == 1


def row(filled: Mirrored, kind: StreamKind, identity: str) -> Any:
    with filled.host.database.read() as connection:
        query = select(SHAPES[kind].table).filter_by(external_id=identity)
        return connection.execute(query).one_or_none()


def test_every_difference_is_printed_and_repaired(filled: Mirrored, bank: Bank) -> None:
    bank.put(StreamKind.PAYMENTS, "PM1", status="failed")
    bank.put(StreamKind.PAYMENTS, "PM2", description="Something else")
    bank.put(StreamKind.PAYMENTS, "PM99", status="pending", amount=5, currency="GBP", mandate="MD1")
    bank.remove(StreamKind.PAYMENTS, "PM7")

    proof = filled.verify(repair=True)

    found = {it.id: it for it in proof.differences}
    assert {key: it.what for key, it in found.items()} == {
        "PM1": DifferenceKind.STATUS,
        "PM2": DifferenceKind.CONTENT,
        "PM99": DifferenceKind.MISSING,
        "PM7": DifferenceKind.GONE,
    }
    assert str(found["PM1"]) == ("payments PM1 is pending in the mirror and failed at the provider")
    assert (proof.repaired, proof.left) == (4, [])
    assert filled.verify().differences == []


@pytest.mark.parametrize(
    ("kind", "identity", "values", "said"),
    [
        (StreamKind.PAYMENTS, "PM1", {"amount": 1}, "amount"),
        (StreamKind.PAYMENTS, "PM1", {"currency": "XXX"}, "currency"),
        (StreamKind.PAYMENTS, "PM1", {"charge_date": "1999-01-01"}, "charge date"),
        (StreamKind.PAYMENTS, "PM1", {"created_at": None}, "created at"),
        (StreamKind.PAYMENTS, "PM1", {"external_user_id": "CU3"}, "payer"),
        (StreamKind.PAYMENTS, "PM1", {"state": "failed"}, "state"),
        (StreamKind.PAYMENTS, "PM1", {"raw_page_id": 10**6}, "raw record"),
        (StreamKind.PAYMENTS, "PM1", {"amount": 1, "currency": "XXX"}, "amount, currency"),
        (StreamKind.MANDATES, "MD1", {"scheme": "odd"}, "scheme"),
        (StreamKind.REFUNDS, "RF1", {"payment_id": "PM2"}, "payment id"),
        (StreamKind.PAYOUTS, "PO1", {"fees": 77}, "fees"),
        (StreamKind.CUSTOMERS, "CU1", {"name": "Somebody"}, "name"),
    ],
)
def test_a_row_that_was_changed_in_the_mirror_is_found_and_mended(
    filled: Mirrored, kind: StreamKind, identity: str, values: dict[str, Any], said: str
) -> None:
    before = row(filled, kind, identity)
    change(filled, kind, identity, **values)

    (found,) = filled.verify().differences
    assert str(found) == (
        f"{kind.value} {identity} has not the same {said} in the mirror as at the provider"
    )
    proof = filled.verify(repair=True)

    assert (proof.repaired, proof.left) == (1, [])
    mended = row(filled, kind, identity)
    ours = SHAPES[kind].columns
    assert [getattr(mended, it) for it in ours] == [getattr(before, it) for it in ours]
    assert filled.verify().differences == []


def test_a_status_that_was_changed_in_the_mirror_is_found_and_mended(filled: Mirrored) -> None:
    change(filled, StreamKind.PAYMENTS, "PM1", status="failed", state="failed")

    proof = filled.verify(repair=True)

    assert [it.what for it in proof.differences] == [DifferenceKind.STATUS]
    assert proof.left == []
    assert filled.statuses()["PM1"] == "pending"


def test_a_payment_that_the_provider_does_not_know_is_removed_and_kept_in_the_audit_log(
    filled: Mirrored,
) -> None:
    with filled.host.database.write() as connection:
        invented = dict(connection.execute(select(payments).limit(1)).mappings().one())
        invented |= {"id": 10**9, "external_id": "PMFAKE"}
        connection.execute(insert(payments).values(invented))

    (found,) = filled.verify().differences
    assert found.what is DifferenceKind.GONE
    proof = filled.verify(repair=True)

    assert (proof.repaired, proof.left) == (1, [])
    assert row(filled, StreamKind.PAYMENTS, "PMFAKE") is None
    (kept,) = entries(filled.host.database, entity="payment", entity_id="PMFAKE")
    assert kept.action == "sync.removed"
    assert kept.before is not None
    assert kept.before["amount"] == str(invented["amount"])


@pytest.mark.parametrize(
    "damage",
    [
        delete(payout_items).where(payout_items.c.position == 1),
        delete(payout_items),
        update(payout_items).where(payout_items.c.position == 0).values(tenths=1),
    ],
    ids=["a line is missing", "all lines are missing", "a line says another amount"],
)
def test_lines_of_a_payout_that_were_changed_in_the_mirror_are_found_and_mended(
    filled: Mirrored, damage: Any
) -> None:
    with filled.host.database.write() as connection:
        connection.execute(damage)

    (found,) = filled.verify().differences
    assert (found.kind, found.id) == (StreamKind.PAYOUT_ITEMS, "PO1")
    proof = filled.verify(repair=True)

    assert (proof.repaired, proof.left) == (1, [])
    with filled.host.database.read() as connection:
        tenths = select(payout_items.c.tenths).order_by(payout_items.c.position)
        assert connection.scalars(tenths).all() == [12500, 12500, -1000]


def test_a_reset_mends_what_was_changed_in_the_mirror(filled: Mirrored) -> None:
    change(filled, StreamKind.PAYMENTS, "PM1", amount=1)
    change(filled, StreamKind.CUSTOMERS, "CU1", name="Somebody")
    with filled.host.database.write() as connection:
        connection.execute(text("DELETE FROM timeline"))

    filled.host.sync.reset("bank", agent="Olive")
    run = filled.sync()

    assert run.changed == 2
    assert filled.verify().differences == []
    assert len(filled.story("PM1")) == 1


def test_an_unfilled_mirror_is_nothing_to_compare_and_no_failed_run(mirrored: Mirrored) -> None:
    with pytest.raises(InvalidInput, match="has not been filled yet"):
        mirrored.host.sync.refuse_unfilled("bank")
