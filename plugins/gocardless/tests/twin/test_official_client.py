"""GoCardless's own client drives the twin as it drives the live service."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gocardless_pro
import pytest
from gocardless_pro import errors
from halo_gocardless.twin import Fault, FaultKind, Knobs, TokenKind, TwinServer

ADA = {"given_name": "Ada", "family_name": "Núñez", "email": "ada@example.com"}
PARIS_ACCOUNT = "FR1420041010050500013M02606"


@pytest.fixture
def client(server: TwinServer) -> Any:
    return _client(server)


def _client(server: TwinServer, kind: TokenKind = TokenKind.FULL, **options: Any) -> Any:
    token = server.twin.token(kind)
    return gocardless_pro.Client(access_token=token, base_url=server.url, timeout=10, **options)


def test_a_customer_is_created_read_changed_and_removed(client: Any) -> None:
    created = client.customers.create(params={**ADA, "metadata": {"office": "Leeds"}})
    assert client.customers.get(created.id).family_name == "Núñez"

    changed = client.customers.update(created.id, params={"metadata": {"contract": "Gold"}})
    assert (changed.metadata, changed.email) == ({"contract": "Gold"}, "ada@example.com")

    client.customers.remove(created.id)
    with pytest.raises(errors.InvalidApiUsageError) as missing:
        client.customers.get(created.id)
    assert missing.value.code == 404
    assert created.id not in {customer.id for customer in client.customers.all()}


def test_all_customers_are_listed_once_over_several_pages(client: Any) -> None:
    identities = [customer.id for customer in client.customers.all(params={"limit": 50})]

    assert len(identities) == 120
    assert len(set(identities)) == 120


def test_a_payment_is_collected_through_a_new_mandate(client: Any) -> None:
    customer = client.customers.create(params=ADA)
    account = client.customer_bank_accounts.create(
        params={
            "account_holder_name": "Ada Núñez",
            "iban": PARIS_ACCOUNT,
            "links": {"customer": customer.id},
        }
    )
    mandate = client.mandates.create(params={"links": {"customer_bank_account": account.id}})
    payment = client.payments.create(
        params={"amount": 1250, "currency": "EUR", "links": {"mandate": mandate.id}}
    )

    assert (account.account_number_ending, mandate.scheme) == ("06", "sepa_core")
    assert (payment.status, payment.charge_date) == (
        "pending_submission",
        mandate.next_possible_charge_date,
    )
    assert [paid.id for paid in client.payments.list(params={"customer": customer.id}).records] == [
        payment.id
    ]
    assert client.payments.cancel(payment.id).status == "cancelled"
    actions = [event.action for event in client.events.list(params={"payment": payment.id}).records]
    assert actions == ["cancelled", "created"]


def test_a_repeated_idempotency_key_gives_the_first_customer(client: Any) -> None:
    first = client.customers.create(params=ADA, headers={"Idempotency-Key": "once"})
    again = client.customers.create(params=ADA, headers={"Idempotency-Key": "once"})

    assert again.id == first.id
    assert len(list(client.customers.all())) == 121


def test_a_repeated_idempotency_key_can_raise_naming_the_first_customer(server: TwinServer) -> None:
    client = _client(server, raise_on_idempotency_conflict=True)
    first = client.customers.create(params=ADA, headers={"Idempotency-Key": "once"})

    with pytest.raises(errors.IdempotentCreationConflictError) as conflict:
        client.customers.create(params=ADA, headers={"Idempotency-Key": "once"})

    assert conflict.value.conflicting_resource_id == first.id


def test_a_lost_response_does_not_create_twice(server: TwinServer, client: Any) -> None:
    """The client repeats the request by itself, with the same key."""
    server.twin.set_knobs(Knobs(faults=(Fault(FaultKind.LOST_RESPONSE),)))

    created = client.customers.create(params=ADA)

    assert created.given_name == "Ada"
    assert len(list(client.customers.all())) == 121


def test_events_are_listed_with_what_they_are_about(client: Any) -> None:
    page = client.events.list(params={"resource_type": "payments", "include": "payment"})
    linked = {payment["id"] for payment in page.api_response.body["linked"]["payments"]}

    assert len(page.records) == 50
    assert {event.links.payment for event in page.records} == linked
    assert client.events.get(page.records[0].id).action == page.records[0].action


def test_a_payment_is_paid_out_refunded_and_settled_by_scenarios(client: Any) -> None:
    customer = client.customers.create(params=ADA)
    account = client.customer_bank_accounts.create(
        params={
            "account_holder_name": "Ada Núñez",
            "iban": PARIS_ACCOUNT,
            "links": {"customer": customer.id},
        }
    )
    mandate = client.mandates.create(params={"links": {"customer_bank_account": account.id}})
    payment = client.payments.create(
        params={"amount": 5000, "currency": "EUR", "links": {"mandate": mandate.id}}
    )
    run = client.scenario_simulators.run
    assert run("payment_paid_out", params={"links": {"resource": payment.id}}).id
    payout = client.payouts.get(client.payments.get(payment.id).links.payout)
    refund = client.refunds.create(
        params={
            "amount": 2000,
            "total_amount_confirmation": 2000,
            "links": {"payment": payment.id},
        }
    )
    run("refund_settled", params={"links": {"resource": refund.id}})

    assert (payout.currency, payout.amount, payout.deducted_fees) == ("EUR", 4930, 70)
    items = client.payout_items.list(params={"payout": payout.id}).records
    assert [(item.type, item.amount) for item in items] == [
        ("payment_paid_out", "5000.0"),
        ("gocardless_fee", "-70.0"),
    ]
    assert client.refunds.get(refund.id).status == "paid"
    assert client.refunds.list(params={"payment": payment.id}).records[0].amount == 2000
    events = client.events.list(params={"resource_type": "refunds", "include": "refund"})
    assert events.records[0].action == "refund_settled"
    assert refund.id in {it["id"] for it in events.api_response.body["linked"]["refunds"]}


def test_refunds_payouts_and_subscriptions_are_listed_over_several_pages(client: Any) -> None:
    for service in (client.refunds, client.payouts, client.subscriptions):
        identities = [thing.id for thing in service.all(params={"limit": 10})]
        assert len(identities) == len(set(identities)) > 10
        assert service.get(identities[0]).id == identities[0]


def test_a_subscription_is_created_paused_resumed_and_cancelled(client: Any) -> None:
    mandate = next(
        it for it in client.mandates.list(params={"status": "active", "scheme": "bacs"}).records
    )
    subscription = client.subscriptions.create(
        params={
            "amount": 2500,
            "currency": "GBP",
            "interval_unit": "monthly",
            "day_of_month": 1,
            "links": {"mandate": mandate.id},
        }
    )
    assert subscription.upcoming_payments[0]["amount"] == 2500
    assert client.subscriptions.pause(subscription.id).status == "paused"
    assert client.subscriptions.resume(subscription.id).status == "active"
    update = {"metadata": {"plan": "gold"}}
    assert (
        client.subscriptions.update(subscription.id, params=update).metadata == update["metadata"]
    )
    assert client.subscriptions.cancel(subscription.id).status == "cancelled"
    events = client.events.list(params={"subscription": subscription.id}).records
    assert [event.action for event in events] == ["cancelled", "resumed", "paused", "created"]


def test_a_scenario_that_cannot_happen_is_an_invalid_state(client: Any) -> None:
    params = {"links": {"resource": _payment(client, "paid_out")}}
    with pytest.raises(errors.InvalidStateError):
        client.scenario_simulators.run("payment_submitted", params=params)


def test_the_rate_limit_is_told(client: Any) -> None:
    client.customers.list()
    client.customers.list()

    told = client.rate_limit
    assert (told["ratelimit-limit"], told["ratelimit-remaining"]) == (1000, 998)
    assert told["ratelimit-reset"].endswith(" GMT")


def _breaches() -> Iterator[tuple[str, type[Exception], Callable[[Any], Any]]]:
    yield (
        "validation_failed",
        errors.ValidationFailedError,
        lambda client: client.customers.create(params={"given_name": "Ada"}),
    )
    yield (
        "not_found",
        errors.InvalidApiUsageError,
        lambda client: client.payments.get("PM000000000000"),
    )
    yield (
        "cancellation_failed",
        errors.InvalidStateError,
        lambda client: client.payments.cancel(_payment(client, "paid_out")),
    )
    yield (
        "retry_failed",
        errors.InvalidStateError,
        lambda client: client.payments.retry(_payment(client, "paid_out")),
    )


def _payment(client: Any, status: str) -> str:
    identity: str = client.payments.list(params={"status": status}).records[0].id
    return identity


@pytest.mark.parametrize(("reason", "error", "breach"), list(_breaches()))
def test_a_breach_raises_the_clients_own_error(
    client: Any, reason: str, error: type[Exception], breach: Callable[[Any], Any]
) -> None:
    with pytest.raises(error) as caught:
        breach(client)
    raised: Any = caught.value
    assert reason in (raised.type, *(item.get("reason") for item in raised.errors))
    assert raised.request_id


def test_a_revoked_token_is_an_authentication_error(server: TwinServer) -> None:
    with pytest.raises(errors.AuthenticationError, match="revoked"):
        _client(server, TokenKind.REVOKED).customers.list()


def test_a_read_only_token_reads_and_does_not_write(server: TwinServer) -> None:
    client = _client(server, TokenKind.READ_ONLY)
    assert client.customers.list().records
    with pytest.raises(errors.PermissionsError):
        client.customers.create(params=ADA)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (FaultKind.RATE_LIMITED, errors.RateLimitError),
        (FaultKind.SERVER_ERROR, errors.GoCardlessInternalError),
    ],
)
def test_faults_of_the_answer_raise_the_clients_own_error(
    server: TwinServer, client: Any, kind: FaultKind, error: type[Exception]
) -> None:
    server.twin.set_knobs(Knobs(faults=(Fault(kind),)))
    with pytest.raises(error):
        client.customers.list()


def test_an_html_page_is_retried_by_the_client(server: TwinServer, client: Any) -> None:
    server.twin.set_knobs(Knobs(faults=(Fault(FaultKind.HTML_ERROR),)))
    assert client.customers.list().records
