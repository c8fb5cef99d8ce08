"""List filters by what a thing is linked to: they name the places where such things can be."""

from __future__ import annotations

from .filter_kinds import Apply
from .lanes import Body
from .listing import Query
from .store import Store
from .vocabulary import EVENT_RESOURCES


def of_customer(resource: str) -> Apply:
    def apply(store: Store, query: Query, text: str) -> None:
        place = store.customers.place(text)
        query.places = [] if place is None else store.business.places_of_customer(resource, place)
        query.conditions.append(lambda body: body["links"]["customer"] == text)

    return apply


def payments_of_customer(store: Store, query: Query, text: str) -> None:
    """A payment names its mandate, and the mandate the customer."""
    place = store.customers.place(text)
    query.places = [] if place is None else store.business.places_of_customer("payments", place)
    query.conditions.append(lambda body: customer_of(store, body) == text)


def of_customer_bank_account(store: Store, query: Query, text: str) -> None:
    """A generated mandate stands at the same place as its bank account."""
    place = store.bank_accounts.place(text)
    query.places = [] if place is None else [place]
    query.conditions.append(lambda body: body["links"]["customer_bank_account"] == text)


def of_mandate(resource: str) -> Apply:
    def apply(store: Store, query: Query, text: str) -> None:
        place = store.mandates.place(text)
        query.places = [] if place is None else store.business.places_of_mandate(resource, place)
        query.conditions.append(lambda body: mandate_of(store, body) == text)

    return apply


def mandate_of(store: Store, body: Body) -> str:
    """The mandate of a payment, subscription or refund; a payment's refund does not name it."""
    links: dict[str, str] = body["links"]
    if "mandate" in links:
        return links["mandate"]
    return mandate_of(store, store.payments.get(links["payment"]))


def payments_of_subscription(store: Store, query: Query, text: str) -> None:
    place = store.subscriptions.place(text)
    query.places = [] if place is None else store.business.payments_of_subscription(place)
    query.conditions.append(lambda body: body["links"].get("subscription") == text)


def subscriptions_of_customer(store: Store, query: Query, text: str) -> None:
    place = store.customers.place(text)
    known = [] if place is None else store.business.places_of_customer("subscriptions", place)
    query.places = known
    query.conditions.append(lambda body: customer_of(store, body) == text)


def customer_of(store: Store, body: Body) -> str:
    """The customer of a payment, subscription or refund: its mandate names it."""
    customer: str = store.mandates.get(mandate_of(store, body))["links"]["customer"]
    return customer


def refunds_of_payment(store: Store, query: Query, text: str) -> None:
    place = store.payments.place(text)
    query.places = [] if place is None else store.business.refunds_of_payment(place)
    query.conditions.append(lambda body: body["links"].get("payment") == text)


def events_about(name: str) -> Apply:
    """Events about one resource, not those that only link to it."""
    resource_type = EVENT_RESOURCES[name]

    def apply(store: Store, query: Query, text: str) -> None:
        query.places = []
        if resource_type in store.collections:
            place = store.collections[resource_type].place(text)
            if place is not None:
                query.places = store.business.events_of(resource_type, place)
        query.conditions.append(
            lambda body: body["resource_type"] == resource_type and body["links"][name] == text
        )

    return apply


def events_of_parent(_: Store, query: Query, text: str) -> None:
    """Only events that a request caused have a parent."""
    query.places = []
    query.conditions.append(lambda body: body["links"].get("parent_event") == text)
