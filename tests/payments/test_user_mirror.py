"""A user's tab reads the mirror: its own payers and nobody else's, without asking the provider."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from support.acme import AGENT
from support.mirror import DAY, Mirror

from halo_host import (
    MandateState,
    Money,
    PaymentQuery,
    PaymentState,
    PayoutState,
    RefundState,
)
from halo_host.errors import InvalidInput, PluginError
from halo_host.host import Host
from halo_host.payments.mirror_view import UserMirror

PAYERS = ("CU1", "CU2")


@pytest.fixture
def ann(mirror: Mirror) -> int:
    """A user with two payers."""
    mirror.host.directory.add_customer("Acme Ltd", agent=AGENT)
    ann = mirror.host.directory.add_user("Acme Ltd/Main", {"given_name": "Ann"}, agent=AGENT).id
    for payer in PAYERS:
        mirror.link(payer, ann)
    return ann


@pytest.fixture
def view(host: Host, mirror: Mirror) -> UserMirror:
    view = host.payments.mirror_of(host.connections.for_plugin("bank"), PAYERS)
    assert view is not None
    return view


def query(*payers: str, **values: object) -> PaymentQuery:
    return PaymentQuery(external_user_ids=payers or PAYERS, **values)  # type: ignore[arg-type]


def test_payments_of_the_linked_payers_and_of_no_others(mirror: Mirror, view: UserMirror) -> None:
    mirror.payment("PM1", "CU1", amount_refunded=5, mandate_id="MD1", payout_id="PO1")
    mirror.payment("PM2", "CU2", description="Support", reference="INV-2")
    mirror.payment("PM3", "CU3")

    page = view.payments(query())

    assert [payment.id for payment in page.payments] == ["PM2", "PM1"]
    second, first = page.payments
    assert (second.description, second.reference, second.mandate_id) == ("Support", "INV-2", None)
    assert (first.mandate_id, first.payout_id, first.description) == ("MD1", "PO1", None)
    assert first.amount_refunded == Money(amount=5, currency="GBP")
    assert [it.id for it in view.payments(query("CU1")).payments] == ["PM1"]
    assert view.payments(PaymentQuery()).payments == ()


def test_payments_of_another_connection_stay_there(
    host: Host, mirror: Mirror, view: UserMirror
) -> None:
    host.connections.enable("mirrored-pay", {}, slug="other", agent=AGENT)
    Mirror(host, "other").payment("PM1", "CU1")

    assert view.payments(query()).payments == ()
    assert view.totals(query()) == ()


def test_a_tab_cannot_reach_payers_that_are_not_the_users(mirror: Mirror, view: UserMirror) -> None:
    mirror.payment("PM3", "CU3")
    stranger = view.payments(query()).payments

    with pytest.raises(PluginError, match="not this user's"):
        view.payments(query("CU1", "CU3"))
    with pytest.raises(PluginError, match="not this user's"):
        view.totals(query("CU3"))
    assert stranger == ()


def test_pages_filters_and_totals(mirror: Mirror, view: UserMirror) -> None:
    for number in range(1, 6):
        mirror.payment(
            f"PM{number}",
            "CU1" if number % 2 else "CU2",
            amount=number,
            status="failed" if number == 5 else "paid_out",
            charge_date=date(2026, 1, number),
        )

    first = view.payments(query(limit=2, sort="smallest"))
    assert [it.id for it in first.payments] == ["PM1", "PM2"]
    assert first.next_cursor is not None
    assert view.next_cursor == first.next_cursor
    second = view.payments(query(limit=3, sort="smallest", cursor=first.next_cursor))
    assert [it.id for it in second.payments] == ["PM3", "PM4", "PM5"]
    assert second.next_cursor is None

    few = query(charged_from=date(2026, 1, 2), charged_to=date(2026, 1, 4), statuses=("paid_out",))
    assert [it.id for it in view.payments(few).payments] == ["PM4", "PM3", "PM2"]
    (total,) = view.totals(query(limit=1, cursor=first.next_cursor))
    assert (total.payments, total.amount.amount) == (5, 15)
    assert (total.collected.amount, total.failed.amount) == (10, 5)
    with pytest.raises(InvalidInput, match="next page"):
        view.payments(query(cursor="nonsense"))


def test_a_payment_comes_with_its_timeline_refunds_and_payout(
    mirror: Mirror, view: UserMirror
) -> None:
    mirror.payment("PM1", payout_id="PO1")
    mirror.payment("PM2")
    mirror.event("PM1", "paid_out", at=DAY + timedelta(days=3), text="It went out.")
    mirror.failure("PM1", "insufficient_funds", DAY + timedelta(days=1), code="R01")
    mirror.event("PM1", "created", at=DAY)
    mirror.refund("RF2", "PM1", created_at=None)
    mirror.refund("RF1", "PM1", amount=30, status="strange", state="unknown")
    mirror.payout("PO1", arrives_on=date(2026, 1, 9), fees=7)
    payments = view.payments(query()).payments

    timelines = view.timelines(payments)
    assert [it.action for it in timelines["PM1"]] == ["created", "failed", "paid_out"]
    assert [it.is_failure for it in timelines["PM1"]] == [False, True, False]
    assert timelines["PM1"][1].reason_code == "R01"
    assert timelines["PM1"][1].text == "The payer's account held too little money."
    assert timelines["PM2"] == ()

    refunds = view.refunds(payments)
    assert [it.id for it in refunds["PM1"]] == ["RF1", "RF2"]
    assert refunds["PM1"][0].state is RefundState.UNKNOWN
    assert "“strange” is not known" in refunds["PM1"][0].explanation
    assert refunds["PM2"] == ()

    (payout,) = view.payouts(payments).values()
    assert (payout.id, payout.state) == ("PO1", PayoutState.PAID)
    assert payout.arrives_on == date(2026, 1, 9)
    assert payout.fees == Money(amount=7, currency="GBP")
    assert payout.explanation == "It is in your bank account."
    assert payout.url is None


def test_mandates_and_subscriptions_newest_first(mirror: Mirror, view: UserMirror) -> None:
    mirror.mandate("MD0", created_at=None)
    mirror.mandate("MD1", next_charge_date=date(2026, 3, 9))
    mirror.mandate("MD2", "CU2", created_at=DAY + timedelta(days=1), replaced_by="MD9")
    mirror.mandate("MD3", "CU3")
    mirror.subscription("SB1", amount=4_900)
    mirror.subscription("SB3", "CU3")

    newest, first, undated = view.mandates()
    assert (newest.id, first.id, undated.id) == ("MD2", "MD1", "MD0")
    assert (newest.replaced_by, first.replaced_by) == ("MD9", None)
    assert (first.state, first.next_charge_date) == (MandateState.ACTIVE, date(2026, 3, 9))
    assert first.url == "https://pay.example/mandates/MD1"
    (subscription,) = view.subscriptions()
    assert (subscription.id, subscription.every) == ("SB1", "1 month")
    assert str(subscription.amount) == "49.00 GBP"


def test_ids_are_safe_in_addresses(mirror: Mirror, view: UserMirror) -> None:
    mirror.payment("PM/1?x=\N{SNOWMAN}")

    assert view.payments(query()).payments[0].url == (
        "https://pay.example/payments/PM%2F1%3Fx%3D%E2%98%83"
    )


def test_a_state_of_the_future_is_unknown(mirror: Mirror, view: UserMirror) -> None:
    from sqlalchemy import update

    from halo_host.database.mirror_tables import payments

    mirror.payment("PM1")
    with mirror.host.database.write() as connection:
        connection.execute(update(payments).values(state="beamed_up"))

    assert view.payments(query()).payments[0].state is PaymentState.UNKNOWN


# --- the page ----------------------------------------------------------------------------------


def test_the_tab_shows_the_mirror(host: Host, mirror: Mirror, ann: int) -> None:
    mirror.filled(DAY)
    mirror.payment("PM1", amount=123_456, payout_id="PO1")
    mirror.failure("PM1", "insufficient_funds")
    mirror.refund("RF1", "PM1", amount=100)
    mirror.payout("PO1", reference="PAYOUT-7")
    mirror.mandate("MD1", next_charge_date=date(2026, 3, 9))

    page = host.tabs.page(ann, "bank").html

    assert "checked 2026-01-01" in page
    assert "1 payments, £1,234.56" in page
    assert "failed: The payer&#39;s account held too little money." in page
    assert "refund £1.00" in page
    assert "payout PAYOUT-7" in page
    assert "MD1 2026-03-09" in page


def test_the_page_names_the_next_one_whoever_asked_the_mirror(
    host: Host, mirror: Mirror, ann: int
) -> None:
    mirror.filled()
    for number in range(3):
        mirror.payment(f"PM{number}")

    for tab in ("mirror", "plain"):
        first = host.tabs.page(ann, "bank", tab, PaymentQuery(limit=2))
        assert first.next_cursor is not None
        rest = host.tabs.page(ann, "bank", tab, PaymentQuery(limit=2, cursor=first.next_cursor))
        assert "PM0" in rest.html
        assert "PM1" not in rest.html
        assert rest.next_cursor is None


def test_payments_are_asked_from_the_provider_until_the_first_fill_has_ended(
    host: Host, mirror: Mirror, ann: int
) -> None:
    mirror.payment("PM1")
    assert "ASKED-CU1" in host.tabs.page(ann, "bank", "plain").html

    mirror.filled()
    filled = host.tabs.page(ann, "bank", "plain").html
    assert "PM1" in filled
    assert "ASKED" not in filled


def test_a_plugin_that_lists_nothing_itself_shows_what_is_mirrored_so_far(
    host: Host, mirror: Mirror, ann: int
) -> None:
    host.connections.configure("bank", settings={"lists": False}, agent=AGENT)
    mirror.payment("PM1")

    assert "PM1" in host.tabs.page(ann, "bank", "plain").html


def test_a_plugin_without_streams_has_no_mirror(host: Host, mirror: Mirror) -> None:
    host.directory.add_customer("Unsorted", agent=AGENT)
    host.connections.enable(
        "acme-pay", {"ledger": "x", "api_key": "a-secret-key"}, slug="plain", agent=AGENT
    )
    connection = host.connections.for_plugin("plain")

    assert host.payments.mirror_of(connection, ()) is None


# --- how much it takes -------------------------------------------------------------------------


def test_what_a_tab_reads_takes_as_many_statements_for_one_payment_as_for_many(
    mirror: Mirror, view: UserMirror
) -> None:
    from sqlalchemy import Engine, event

    said: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        said.append(statement)

    def statements() -> int:
        said.clear()
        payments = view.payments(query(limit=100)).payments
        view.totals(query())
        view.timelines(payments)
        view.refunds(payments)
        view.payouts(payments)
        view.mandates()
        view.subscriptions()
        return sum(statement.startswith(("SELECT", "WITH")) for statement in said)

    mirror.payment("PM0", payout_id="PO1")
    event.listen(Engine, "before_cursor_execute", note)
    try:
        one = statements()
        for number in range(1, 40):
            mirror.payment(f"PM{number}", payout_id=f"PO{number}")
            mirror.event(f"PM{number}", "created")
        many = statements()
    finally:
        event.remove(Engine, "before_cursor_execute", note)

    assert one == many == 7


def test_totals_and_months_count_a_payment_that_was_refused_as_failed(
    mirror: Mirror, view: UserMirror
) -> None:
    refused = PaymentState.CANCELLED
    mirror.payment("PM1", amount=20, status="denied", state=refused, charge_date=date(2026, 1, 5))
    mirror.failure("PM1", "customer_approval_denied")
    mirror.payment("PM2", amount=3, status="cancelled", state=refused, charge_date=date(2026, 2, 5))

    (total,) = view.totals(query())
    assert (total.amount.amount, total.failed.amount) == (23, 20)
    assert [(it.month, it.failed.amount) for it in view.months(query())] == [
        ("2026-01", 20),
        ("2026-02", 0),
    ]
