"""The query parameters of each list, and what they mean.

Every filter is a function of the value that adds to the `Query`; a value that it cannot use
raises `BadValue` with the message for the caller.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .business import EVENT_LANES
from .business.places import CURRENCIES, SCHEME_CURRENCY, currency_of
from .errors import Problem, validation_failed
from .filter_kinds import (
    Apply,
    BadValue,
    any_of,
    boolean,
    charge_date,
    created_at,
    equals,
    field_is,
    flag,
    limit,
    links_to,
    sort_direction,
    sort_field,
)
from .lanes import Body
from .listing import Query, decode_cursor, list_page
from .store import Collection, Store
from .vocabulary import (
    EVENT_LINK_FILTERS,
    EVENT_RESOURCES,
    MANDATE_STATUSES,
    MANDATE_TYPES,
    PAYMENT_STATUSES,
)


def parse_query(store: Store, collection: Collection, arguments: Mapping[str, list[str]]) -> Query:
    """Read the query string of a list; a 422 `ApiError` names every parameter that is wrong."""
    query = Query()
    filters = _COMMON | _FILTERS[collection.name]
    problems = []
    for name, values in arguments.items():
        try:
            if name not in filters and name not in ("after", "before"):
                raise BadValue("is not a parameter of this list")
            if len(values) > 1:
                raise BadValue("was given more than once; join several values with commas")
            if name in ("after", "before"):
                setattr(query, name, _cursor(collection, values[0]))
            else:
                filters[name](store, query, values[0])
        except BadValue as error:
            problems.append(Problem(name, str(error), f"/{name}"))
    problems += _together(collection.name, set(arguments))
    if problems:
        raise validation_failed(problems)
    return query


def matching(store: Store, resource: str, most: int = 1 << 30, **filters: str) -> list[Body]:
    """The things that a list with these filters has, newest first."""
    collection = store.collections[resource]
    query = parse_query(store, collection, {name: [value] for name, value in filters.items()})
    query.limit = most
    return list_page(collection, query).bodies


def _together(resource: str, names: set[str]) -> Iterable[Problem]:
    """Parameters that exclude or need one another."""
    for group in [("after", "before"), *_EXCLUSIVE.get(resource, [])]:
        given = [name for name in group if name in names]
        for name in given[1:]:
            yield Problem(name, f"cannot be used together with {given[0]}", f"/{name}")
    if resource == "events":
        links = [name for name in EVENT_LINK_FILTERS if name in names]
        if "resource_type" in names and links:
            message = f"cannot be used together with {links[0]}"
            yield Problem("resource_type", message, "/resource_type")
        if "include" in names and "resource_type" not in names:
            yield Problem("include", "can only be used together with resource_type", "/include")


def _cursor(collection: Collection, text: str) -> tuple[int, int]:
    place = decode_cursor(collection, text)
    if place is None:
        raise BadValue("is not a cursor of this list")
    return place


def _action_required(_: Store, query: Query, text: str) -> None:
    """No payer of the twin ever has a compliance action outstanding."""
    if boolean(text):
        query.conditions.append(lambda body: False)


def _customer(resource: str) -> Apply:
    def apply(store: Store, query: Query, text: str) -> None:
        place = store.customers.place(text)
        query.places = [] if place is None else store.business.places_of_customer(resource, place)
        query.conditions.append(lambda body: body["links"]["customer"] == text)

    return apply


def _payments_customer(store: Store, query: Query, text: str) -> None:
    """A payment names its mandate, and the mandate the customer."""
    place = store.customers.place(text)
    query.places = [] if place is None else store.business.places_of_customer("payments", place)

    def pays(body: Body) -> bool:
        customer: str = store.mandates.get(body["links"]["mandate"])["links"]["customer"]
        return customer == text

    query.conditions.append(pays)


def _customer_bank_account(store: Store, query: Query, text: str) -> None:
    """A generated mandate stands at the same place as its bank account."""
    place = store.bank_accounts.place(text)
    query.places = [] if place is None else [place]
    query.conditions.append(lambda body: body["links"]["customer_bank_account"] == text)


def _payments_mandate(store: Store, query: Query, text: str) -> None:
    place = store.mandates.place(text)
    query.places = [] if place is None else store.business.payments_of_mandate(place)
    query.conditions.append(lambda body: body["links"]["mandate"] == text)


def _event_link(name: str) -> Apply:
    """Events about one resource; the twin only writes events about mandates and payments."""
    resource_type = EVENT_RESOURCES[name]

    def apply(store: Store, query: Query, text: str) -> None:
        query.places = []
        if resource_type in ("mandates", "payments"):
            place = store.collections[resource_type].place(text)
            if place is not None:
                query.places = store.business.events_of(resource_type, place)
        query.conditions.append(lambda body: body["links"].get(name) == text)

    return apply


def _parent_event(_: Store, query: Query, text: str) -> None:
    """Only events that a request caused have a parent."""
    query.places = []
    query.conditions.append(lambda body: body["links"].get("parent_event") == text)


def _event_lanes(position: int, name: str, choices: Iterable[str] | None = None) -> Apply:
    """By action or resource type: generated lanes hold one of each, so the others are left out."""
    has_value = field_is(name, choices)

    def apply(store: Store, query: Query, text: str) -> None:
        has_value(store, query, text)
        lanes = {number for number, lane in enumerate(EVENT_LANES) if lane[position] == text}
        lanes.add(store.events.created_lane)
        query.lanes = lanes if query.lanes is None else query.lanes & lanes

    return apply


def _include(_: Store, __: Query, text: str) -> None:
    if text not in EVENT_RESOURCES:
        raise BadValue("must be one of " + ", ".join(sorted(EVENT_RESOURCES)))


def _full_name(body: Body) -> str:
    return f"{body.get('given_name') or ''} {body.get('family_name') or ''}".strip().casefold()


_COMMON: dict[str, Apply] = {"limit": limit} | {
    f"created_at[{operator}]": created_at(operator) for operator in ("gt", "gte", "lt", "lte")
}

_FILTERS: dict[str, dict[str, Apply]] = {
    "creditors": {},
    "customers": {
        "currency": equals(lambda body: currency_of(body["country_code"]), CURRENCIES),
        "action_required": _action_required,
        "sort_field": sort_field(
            {
                "name": _full_name,
                "company_name": lambda body: (body.get("company_name") or "").casefold(),
                "created_at": None,
            }
        ),
        "sort_direction": sort_direction,
    },
    "customer_bank_accounts": {
        "customer": _customer("customer_bank_accounts"),
        "enabled": flag("enabled"),
    },
    "mandates": {
        "creditor": links_to("creditor"),
        "customer": _customer("mandates"),
        "customer_bank_account": _customer_bank_account,
        "mandate_type": field_is("mandate_type", MANDATE_TYPES),
        "reference": field_is("reference"),
        "scheme": any_of("scheme", SCHEME_CURRENCY),
        "status": any_of("status", MANDATE_STATUSES),
    },
    "payments": {
        **{f"charge_date[{name}]": charge_date(name) for name in ("gt", "gte", "lt", "lte")},
        "creditor": links_to("creditor"),
        "currency": field_is("currency", CURRENCIES),
        "customer": _payments_customer,
        "mandate": _payments_mandate,
        "scheme": field_is("scheme", SCHEME_CURRENCY),
        "status": field_is("status", PAYMENT_STATUSES),
        "subscription": links_to("subscription"),
        "sort_field": sort_field(
            {
                "charge_date": lambda body: body.get("charge_date") or "",
                "amount": lambda body: body.get("amount", 0),
            }
        ),
        "sort_direction": sort_direction,
    },
    "events": {
        "action": _event_lanes(2, "action"),
        "resource_type": _event_lanes(0, "resource_type", EVENT_RESOURCES.values()),
        "include": _include,
        "parent_event": _parent_event,
        **{name: _event_link(name) for name in EVENT_LINK_FILTERS},
    },
}

_EXCLUSIVE: dict[str, list[tuple[str, ...]]] = {
    "mandates": [("creditor", "customer", "customer_bank_account")],
    "payments": [("creditor", "customer")],
    "events": [EVENT_LINK_FILTERS],
}
