"""Creating, changing, pausing, resuming and cancelling subscriptions."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from ..business.places import CURRENCIES, SCHEME_CURRENCY
from ..causes import AMENDED, PAUSED, RESUMED, SUBSCRIPTION_CANCELLED
from ..errors import invalid_state
from ..lanes import Body
from ..lifecycle import subscriptions as lifecycle
from ..lifecycle.charge_dates import MONTHS, first_charge_date
from ..parameters import Parameters
from ..store import Store
from ..times import parse_date
from ..vocabulary import USABLE_MANDATE_STATUSES

_CHANGEABLE = (
    *("amount", "app_fee", "metadata", "name", "payment_reference", "retry_if_possible"),
)
_CREATE = (
    *("currency", "interval_unit", "links", "interval", "count", "start_date", "end_date"),
    *("day_of_month", "month", *_CHANGEABLE),
)
_LONGEST_INTERVAL = {"weekly": 52, "monthly": 12, "yearly": 1}
_FARTHEST_START = timedelta(days=3653)
_ENDED = ("cancelled", "finished", "customer_approval_denied")


def create(store: Store, values: dict[str, Any]) -> Body:
    """A new subscription on a usable mandate."""
    parameters = Parameters("subscriptions", values, _CREATE)
    links = parameters.links(["mandate"])
    mandate = store.mandates.find(links["mandate"])
    if mandate is None and links["mandate"]:
        parameters.reject("links.mandate", "mandate not found")
    parameters.whole_number("amount", required=True, least=1)
    currency = parameters.text("currency", required=True, choices=CURRENCIES)
    if mandate is not None and currency and currency != SCHEME_CURRENCY[mandate["scheme"]]:
        parameters.reject("currency", "is not the currency of the mandate")
    schedule = _schedule(parameters)
    start = _start_date(parameters, mandate, schedule)
    fields = _changes(parameters)
    mandate = parameters.checked(mandate)
    if mandate["status"] not in USABLE_MANDATE_STATUSES:
        message = "The mandate for this subscription is inactive"
        raise invalid_state("mandate_is_inactive", message)
    return lifecycle.create(store, mandate, start_date=start or "", **schedule, **fields)


def update(store: Store, identity: str, values: dict[str, Any]) -> Body:
    """Change the amount of the payments to come, their texts, or the metadata."""
    before = store.subscriptions.get(identity)
    parameters = Parameters("subscriptions", values, _CHANGEABLE)
    changes = _changes(parameters)
    parameters.check()
    if before["status"] in _ENDED:
        raise invalid_state("validation_failed", "This subscription has ended")
    body = store.subscriptions.change(identity, **changes)
    if body["amount"] != before["amount"]:
        store.add_event("subscriptions", "amended", AMENDED, body)
    return body


def cancel(store: Store, identity: str, values: dict[str, Any]) -> Body:
    """No further payments; those that were made already go on."""
    subscription, metadata = _for_action(store, identity, values)
    if subscription["status"] in _ENDED:
        message = "This subscription cannot be cancelled any more"
        raise invalid_state("cancellation_failed", message)
    cause = SUBSCRIPTION_CANCELLED
    return lifecycle.cancel(store, subscription, cause, request_metadata=metadata)


def pause(store: Store, identity: str, values: dict[str, Any]) -> Body:
    """No payments for ``pause_cycles`` cycles, or until it is resumed."""
    subscription = store.subscriptions.get(identity)
    parameters = Parameters("data", values, ["pause_cycles", "metadata"])
    cycles = parameters.whole_number("pause_cycles", least=1)
    metadata = parameters.metadata()
    parameters.check()
    if subscription["status"] != "active":
        raise invalid_state("subscription_not_active", "Only an active one can be paused")
    return lifecycle.pause(store, subscription, cycles, PAUSED, request_metadata=metadata)


def resume(store: Store, identity: str, values: dict[str, Any]) -> Body:
    """Payments again, from the next charge date on."""
    subscription, metadata = _for_action(store, identity, values)
    if subscription["status"] != "paused":
        raise invalid_state("subscription_not_paused", "Only a paused one can be resumed")
    return lifecycle.resume(store, identity, RESUMED, request_metadata=metadata)


def _for_action(store: Store, identity: str, values: dict[str, Any]) -> tuple[Body, dict[str, str]]:
    subscription = store.subscriptions.get(identity)
    parameters = Parameters("data", values, ["metadata"])
    metadata = parameters.metadata()
    parameters.check()
    return subscription, metadata


def _changes(parameters: Parameters) -> dict[str, Any]:
    """What a request can also change later, as far as it is given."""
    read: dict[str, Any] = {
        "amount": lambda: parameters.whole_number("amount", required=True, least=1),
        "app_fee": lambda: parameters.whole_number("app_fee"),
        "metadata": parameters.metadata,
        "name": lambda: parameters.text("name"),
        "payment_reference": lambda: parameters.text("payment_reference", longest=140),
        "retry_if_possible": lambda: bool(parameters.boolean("retry_if_possible")),
    }
    return {name: reader() for name, reader in read.items() if name in parameters}


def _schedule(parameters: Parameters) -> dict[str, Any]:
    unit = parameters.text("interval_unit", required=True, choices=_LONGEST_INTERVAL)
    interval = parameters.whole_number("interval", least=1)
    if unit is not None and interval is not None and interval > _LONGEST_INTERVAL[unit]:
        parameters.reject("interval", "must result in at least one payment a year")
    count = parameters.whole_number("count", least=1)
    end_date = parameters.date("end_date")
    if count is not None and end_date is not None:
        parameters.reject("end_date", "cannot be used together with count")
    day, month = _day_of_month(parameters), parameters.text("month", choices=MONTHS)
    if day is not None and unit == "weekly":
        parameters.reject("day_of_month", "cannot be used with a weekly subscription")
    if month is not None and unit != "yearly":
        parameters.reject("month", "can only be used with a yearly subscription")
    return {
        "interval_unit": unit,
        "interval": interval,
        "count": count,
        "end_date": end_date,
        "day_of_month": day,
        "month": month,
    }


def _day_of_month(parameters: Parameters) -> int | None:
    """A day that every month has, or -1 for the last one."""
    if parameters.is_value("day_of_month", -1):
        return -1
    day = parameters.whole_number("day_of_month", least=1)
    if day is not None and day > 28:
        parameters.reject("day_of_month", "must be between 1 and 28, or -1 for the last day")
    return day


def _start_date(
    parameters: Parameters, mandate: Body | None, schedule: dict[str, Any]
) -> str | None:
    """The first charge date: the wished-for one, or the first that day and month allow."""
    wished = parse_date(parameters.date("start_date") or "")
    earliest = mandate["next_possible_charge_date"] if mandate else None
    if earliest is None:
        return None  # the mandate is missing or inactive, which is refused in any case
    first = date.fromisoformat(earliest)
    if wished is not None and not first <= wished <= first + _FARTHEST_START:
        parameters.reject("start_date", f"must be on or after {earliest}, within ten years")
        return None
    start = wished or first
    return first_charge_date(start, schedule["day_of_month"], schedule["month"]).isoformat()
