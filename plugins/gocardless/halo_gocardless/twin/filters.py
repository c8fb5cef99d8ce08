"""The query parameters of each list, and what they mean.

Every filter is a function of the value that adds to the `Query`; a value that it cannot use
raises `BadValue` with the message for the caller.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from .business import EVENT_LANES
from .business.places import CURRENCIES, SCHEME_CURRENCY, currency_of
from .collection import Collection
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
from .filter_links import (
    events_about,
    events_of_parent,
    of_customer,
    of_customer_bank_account,
    of_mandate,
    payments_of_customer,
    payments_of_subscription,
    refunds_of_payment,
    subscriptions_of_customer,
)
from .lanes import Body
from .listing import Query, decode_cursor, list_page
from .store import Store
from .vocabulary import (
    EVENT_LINK_FILTERS,
    EVENT_RESOURCES,
    MANDATE_STATUSES,
    MANDATE_TYPES,
    PAYMENT_STATUSES,
    PAYOUT_STATUSES,
    PAYOUT_TYPES,
    REFUND_TYPES,
    SUBSCRIPTION_STATUSES,
)


def parse_query(store: Store, collection: Collection, arguments: Mapping[str, list[str]]) -> Query:
    """Read the query string of a list; a 422 `ApiError` names every parameter that is wrong."""
    query = Query()
    filters = _COMMON | _FILTERS[collection.name]
    problems = []
    for name, values in (_DEFAULTS.get(collection.name, {}) | dict(arguments)).items():
        try:
            apply = filters.get(name) or _of_metadata(collection.name, name)
            if apply is None and name not in ("after", "before"):
                raise BadValue("is not a parameter of this list")
            if len(values) > 1:
                raise BadValue("was given more than once; join several values with commas")
            if apply is None:
                setattr(query, name, _cursor(collection, values[0]))
            else:
                apply(store, query, values[0])
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


def _of_metadata(resource: str, name: str) -> Apply | None:
    """The filter ``metadata[key]``, which only payouts have."""
    key = re.fullmatch(r"metadata\[(.+)\]", name, re.DOTALL)
    return _metadata(key[1]) if key and resource == "payouts" else None


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


def _refund_type(_: Store, query: Query, text: str) -> None:
    """Refunds of payments, or those made on a mandate without a payment; never both."""
    if text not in REFUND_TYPES:
        raise BadValue("must be one of " + ", ".join(REFUND_TYPES))
    query.conditions.append(lambda body: ("payment" in body["links"]) is (text == "payment"))


def _metadata(key: str) -> Apply:
    return equals(lambda body: body["metadata"].get(key))


def _event_lanes(name: str, choices: Iterable[str] | None = None) -> Apply:
    """By action or resource type: generated lanes hold one of each, so the others are left out."""
    has_value = field_is(name, choices)

    def apply(store: Store, query: Query, text: str) -> None:
        has_value(store, query, text)
        lanes = {number for number, lane in enumerate(EVENT_LANES) if getattr(lane, name) == text}
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
        "customer": of_customer("customer_bank_accounts"),
        "enabled": flag("enabled"),
    },
    "mandates": {
        "creditor": links_to("creditor"),
        "customer": of_customer("mandates"),
        "customer_bank_account": of_customer_bank_account,
        "mandate_type": field_is("mandate_type", MANDATE_TYPES),
        "reference": field_is("reference"),
        "scheme": any_of("scheme", SCHEME_CURRENCY),
        "status": any_of("status", MANDATE_STATUSES),
    },
    "payments": {
        **{f"charge_date[{name}]": charge_date(name) for name in ("gt", "gte", "lt", "lte")},
        "creditor": links_to("creditor"),
        "currency": field_is("currency", CURRENCIES),
        "customer": payments_of_customer,
        "mandate": of_mandate("payments"),
        "scheme": field_is("scheme", SCHEME_CURRENCY),
        "status": field_is("status", PAYMENT_STATUSES),
        "subscription": payments_of_subscription,
        "sort_field": sort_field(
            {
                "charge_date": lambda body: body.get("charge_date") or "",
                "amount": lambda body: body.get("amount", 0),
            }
        ),
        "sort_direction": sort_direction,
    },
    "webhooks": {"is_test": flag("is_test"), "successful": flag("successful")},
    "refunds": {
        "mandate": of_mandate("refunds"),
        "payment": refunds_of_payment,
        "refund_type": _refund_type,
    },
    "payouts": {
        "creditor": links_to("creditor"),
        "creditor_bank_account": links_to("creditor_bank_account"),
        "currency": field_is("currency", CURRENCIES),
        "payout_type": field_is("payout_type", PAYOUT_TYPES),
        "reference": field_is("reference"),
        "status": field_is("status", PAYOUT_STATUSES),
    },
    "subscriptions": {
        "customer": subscriptions_of_customer,
        "mandate": of_mandate("subscriptions"),
        "status": any_of("status", SUBSCRIPTION_STATUSES),
    },
    "events": {
        "action": _event_lanes("action"),
        "resource_type": _event_lanes("resource_type", EVENT_RESOURCES.values()),
        "include": _include,
        "parent_event": events_of_parent,
        **{name: events_about(name) for name in EVENT_LINK_FILTERS},
    },
}

_DEFAULTS: dict[str, dict[str, list[str]]] = {"refunds": {"refund_type": ["payment"]}}
"""What a list assumes unless it is told."""

_EXCLUSIVE: dict[str, list[tuple[str, ...]]] = {
    "mandates": [("creditor", "customer", "customer_bank_account")],
    "payments": [("creditor", "customer")],
    "events": [EVENT_LINK_FILTERS],
}
