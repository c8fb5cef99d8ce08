"""The mirror follows the provider: first fill, changes, what is read again, what is gone."""

from __future__ import annotations

import pytest
from support.bank import Bank, provider_down
from support.clock import Clock

from halo_host import ProviderError, StreamKind

from .conftest import Mirrored


def _business(bank: Bank, payments: int = 8) -> None:
    for number in range(4):
        bank.payer(f"CU{number}")
        bank.mandate(f"MD{number}", f"CU{number}")
    for number in range(payments):
        bank.payment(f"PM{number}", f"MD{number % 4}")


def test_the_first_run_mirrors_everything(mirrored: Mirrored, bank: Bank) -> None:
    _business(bank)

    run = mirrored.sync()

    assert len(mirrored.rows(StreamKind.CUSTOMERS)) == 4
    assert mirrored.statuses() == {f"PM{number}": "pending" for number in range(8)}
    assert mirrored.rows(StreamKind.PAYMENTS)["PM5"].external_user_id == "CU1"
    assert len(mirrored.story("PM3")) == 1
    assert run.new == 4 + 4 + 8 + 12
    assert run.requests == len(bank.requests)
    assert mirrored.verify().differences == []


def test_a_status_that_changes_weeks_later_is_seen(
    mirrored: Mirrored, bank: Bank, clock: Clock
) -> None:
    _business(bank)
    mirrored.sync()
    clock.advance(days=60)
    mirrored.sync()
    bank.payment("PM2", "MD2", "failed")

    run = mirrored.sync()

    assert mirrored.statuses()["PM2"] == "failed"
    assert run.changed == 1
    assert mirrored.verify().differences == []


def test_a_run_without_changes_asks_once_for_each_stream(
    mirrored: Mirrored, bank: Bank, clock: Clock
) -> None:
    _business(bank, 30)
    mirrored.sync()
    clock.advance(hours=3)
    mirrored.sync()
    clock.advance(hours=3)
    bank.requests.clear()

    mirrored.sync()

    assert [it for it in bank.requests if it[1] == "payments"] == [("changes", "payments")]
    assert len(bank.requests) == 5


def test_a_failed_run_goes_on_where_it_stood(mirrored: Mirrored, bank: Bank) -> None:
    _business(bank, 30)
    read = []

    def fail_at_the_fifth(method: str, kind: StreamKind) -> None:
        if method == "list":
            read.append(kind)
            if len(read) == 5:
                provider_down()

    bank.before_page = fail_at_the_fifth
    with pytest.raises(ProviderError):
        mirrored.sync()
    bank.before_page = lambda method, kind: None
    bank.requests.clear()

    mirrored.sync()

    assert ("list", "customers") not in bank.requests
    assert len([it for it in bank.requests if it[0] == "list"]) == len(_pages(bank)) - 4
    assert mirrored.verify().differences == []


def _pages(bank: Bank) -> list[StreamKind]:
    """The pages that a whole fill reads."""
    kinds = [kind for kind in StreamKind if kind is not StreamKind.PAYOUT_ITEMS]
    return [
        kind for kind in kinds for _ in range(max(1, -(-len(bank.records[kind]) // bank.page_size)))
    ]


def test_an_outage_longer_than_the_provider_keeps_events_leads_to_a_full_fill(
    mirrored: Mirrored, bank: Bank, clock: Clock
) -> None:
    _business(bank)
    mirrored.sync()
    bank.payment("PM1", "MD1", "failed")
    clock.advance(days=600)
    bank.records[StreamKind.EVENTS].clear()

    mirrored.sync()

    assert mirrored.statuses()["PM1"] == "failed"
    assert mirrored.verify().differences == []


def test_what_changed_without_any_event_is_found_within_a_day(
    mirrored: Mirrored, bank: Bank, clock: Clock
) -> None:
    _business(bank)
    mirrored.sync()
    clock.advance(hours=2)
    mirrored.sync()
    bank.put(StreamKind.PAYMENTS, "PM4", status="cancelled")
    mirrored.sync()
    assert mirrored.statuses()["PM4"] == "pending"
    clock.advance(days=1)

    mirrored.sync()

    assert mirrored.statuses()["PM4"] == "cancelled"


def test_events_written_late_are_not_lost(mirrored: Mirrored, bank: Bank, clock: Clock) -> None:
    _business(bank)
    mirrored.sync()
    clock.advance(hours=1)
    bank.payment("PM1", "MD1", "submitted")
    late = bank.records[StreamKind.EVENTS].popitem()
    clock.advance(minutes=20)
    bank.payment("PM2", "MD2", "submitted")
    mirrored.sync()
    bank.records[StreamKind.EVENTS][late[0]] = late[1]

    mirrored.sync()

    assert mirrored.statuses()["PM1"] == "submitted"
    assert len(mirrored.story("PM1")) == 2


def test_a_payment_that_comes_before_its_mandate_gets_its_payer_later(
    mirrored: Mirrored, bank: Bank
) -> None:
    mirrored.sync()
    bank.payer("CU1")
    bank.payment("PM1", "MD1")
    mirrored.sync()
    assert mirrored.rows(StreamKind.PAYMENTS)["PM1"].external_user_id == ""
    bank.mandate("MD1", "CU1")

    mirrored.sync()

    assert mirrored.rows(StreamKind.PAYMENTS)["PM1"].external_user_id == "CU1"


def test_an_event_about_an_unknown_record_is_kept_and_finds_it_later(
    mirrored: Mirrored, bank: Bank
) -> None:
    mirrored.sync()
    event = bank.event(StreamKind.PAYMENTS, "PM9", "created")
    mirrored.deliver(event)
    assert mirrored.story("PM9") == [event["id"]]
    assert mirrored.statuses() == {}
    bank.payer("CU1")
    bank.mandate("MD1", "CU1")
    bank.put(StreamKind.PAYMENTS, "PM9", status="pending", mandate="MD1", amount=1, currency="GBP")

    mirrored.sync()

    assert mirrored.statuses() == {"PM9": "pending"}


def test_a_delivered_event_is_a_hint_and_the_record_is_read(mirrored: Mirrored, bank: Bank) -> None:
    _business(bank)
    mirrored.sync()
    bank.payment("PM1", "MD1", "paid_out")
    old = bank.records[StreamKind.EVENTS]["EV000005"] | {"action": "failed", "id": "EV-late"}

    mirrored.deliver(old)

    assert mirrored.statuses()["PM1"] == "pending"
    assert mirrored.statuses()["PM0"] == "pending"
    mirrored.deliver(list(bank.records[StreamKind.EVENTS].values())[-1])
    assert mirrored.statuses()["PM1"] == "paid_out"


def test_a_payer_who_is_gone_from_a_whole_list_is_noted(
    mirrored: Mirrored, bank: Bank, clock: Clock
) -> None:
    _business(bank)
    mirrored.sync()
    bank.remove(StreamKind.CUSTOMERS, "CU3")
    clock.advance(days=1)
    mirrored.sync()
    assert mirrored.rows(StreamKind.CUSTOMERS)["CU3"].removed_at is not None
    bank.payer("CU3")
    clock.advance(days=1)

    mirrored.sync()

    assert mirrored.rows(StreamKind.CUSTOMERS)["CU3"].removed_at is None


def test_a_record_that_cannot_be_read_is_kept_with_its_reason_until_it_can(
    mirrored: Mirrored, bank: Bank
) -> None:
    _business(bank)
    bank.put(StreamKind.PAYMENTS, "PM3", broken=True)
    run = mirrored.sync()
    assert run.failed >= 1
    (failed,) = mirrored.host.sync.failed("bank")
    assert (failed.id, failed.reason) == ("PM3", "The bank wrote nonsense.")
    assert "PM3" not in mirrored.rows(StreamKind.PAYMENTS)
    bank.put(StreamKind.PAYMENTS, "PM3", broken=False)

    lease = mirrored.host.jobs.begin("reread", "bank", agent="tester")
    mirrored.host.sync.reread(lease)
    mirrored.host.jobs.finish(lease, "")

    assert mirrored.host.sync.failed("bank") == []
    assert mirrored.statuses()["PM3"] == "pending"


def test_a_list_that_leads_back_to_an_earlier_page_ends_the_run_and_loses_nothing(
    mirrored: Mirrored, bank: Bank
) -> None:
    _business(bank, 8)
    page = bank.page

    def endless(found: list[dict[str, object]], cursor: str | None) -> tuple[object, str | None]:
        shown, after = page(found, cursor)
        return shown, after or cursor

    bank.page = endless  # type: ignore[method-assign]
    with pytest.raises(Exception, match="leads back"):
        mirrored.sync()
    bank.page = page  # type: ignore[method-assign]

    mirrored.sync()

    assert mirrored.verify().differences == []


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ("confirmed", "failed", "late_failure"),
        ("paid_out", "failed", "late_failure"),
        ("paid_out", "charged_back", "chargeback"),
        ("submitted", "failed", None),
    ],
)
def test_money_that_goes_back_is_loud(
    mirrored: Mirrored, bank: Bank, before: str, after: str, kind: str | None
) -> None:
    _business(bank)
    bank.payment("PM1", "MD1", before)
    mirrored.sync()
    bank.payment("PM1", "MD1", after)

    mirrored.sync()
    mirrored.sync()

    raised = _alerts(mirrored)
    assert [it.kind for it in raised] == ([kind] if kind else [])
    for alert in raised:
        assert "PM1 of 12.50 GBP" in alert.text
        assert alert.external_user_id == "CU1"


def _alerts(mirrored: Mirrored) -> list[object]:
    from sqlalchemy import select

    from halo_host.database.job_tables import alerts

    with mirrored.host.database.read() as connection:
        return list(connection.execute(select(alerts)))


def test_history_of_a_first_fill_is_not_loud(mirrored: Mirrored, bank: Bank) -> None:
    _business(bank)
    bank.payment("PM1", "MD1", "paid_out")
    bank.payment("PM1", "MD1", "charged_back")

    mirrored.sync()

    assert _alerts(mirrored) == []


def test_payouts_come_with_all_their_lines(mirrored: Mirrored, bank: Bank) -> None:
    _business(bank)
    bank.put(StreamKind.PAYOUTS, "PO1", status="paid", amount=2400, currency="GBP")
    bank.items_of["PO1"] = [
        {"type": "payment", "tenths": 12500, "payment": "PM1"},
        {"type": "payment", "tenths": 12500, "payment": "PM2"},
        {"type": "fee", "tenths": -1000},
    ]
    mirrored.sync()
    mirrored.sync()

    from sqlalchemy import func, select

    from halo_host.database.mirror_tables import payout_items

    with mirrored.host.database.read() as connection:
        tenths = connection.scalar(select(func.sum(payout_items.c.tenths)))
    assert tenths == 24000
    assert bank.requests.count(("list", "payout_items")) == 1
