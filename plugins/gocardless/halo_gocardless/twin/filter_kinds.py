"""Kinds of list filter: which values one takes, and what it does to the query."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .lanes import Body
from .listing import Query, SortValue
from .store import Store
from .times import parse_date, parse_timestamp

MAX_LIMIT = 500


class BadValue(Exception):
    """A parameter's value cannot be used; the text says what is wrong with it."""


Apply = Callable[[Store, Query, str], None]


def limit(_: Store, query: Query, text: str) -> None:
    """How many things a page holds."""
    wanted = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    if not 1 <= wanted <= MAX_LIMIT:
        raise BadValue(f"must be a number between 1 and {MAX_LIMIT}")
    query.limit = wanted


def created_at(operator: str) -> Apply:
    """A bound on the time of creation: entered by binary search, so it costs nothing."""

    def apply(_: Store, query: Query, text: str) -> None:
        ms = parse_timestamp(text)
        if ms is None:
            raise BadValue("must be an ISO 8601 time with a zone, such as 2026-01-31T09:00:00.000Z")
        if operator in ("gt", "gte"):
            query.since_ms = max(query.since_ms, ms + (operator == "gt"))
        else:
            query.until_ms = min(query.until_ms, ms + (operator == "lte"))

    return apply


def charge_date(operator: str) -> Apply:
    """A bound on the charge date."""
    compare: Callable[[str, str], bool] = {
        "gt": str.__gt__,
        "gte": str.__ge__,
        "lt": str.__lt__,
        "lte": str.__le__,
    }[operator]

    def apply(_: Store, query: Query, text: str) -> None:
        if parse_date(text) is None:
            raise BadValue("must be a date, such as 2026-01-31")
        query.conditions.append(
            lambda body: body["charge_date"] is not None and compare(body["charge_date"], text)
        )

    return apply


def equals(value_of: Callable[[Body], Any], choices: Iterable[str] | None = None) -> Apply:
    """The field must be this value, one of ``choices`` if there are any."""
    allowed = None if choices is None else sorted(choices)

    def apply(_: Store, query: Query, text: str) -> None:
        if allowed is not None and text not in allowed:
            raise BadValue("must be one of " + ", ".join(allowed))
        query.conditions.append(lambda body: value_of(body) == text)

    return apply


def field_is(name: str, choices: Iterable[str] | None = None) -> Apply:
    """`equals` for a field of the body itself."""
    return equals(lambda body: body[name], choices)


def any_of(name: str, choices: Iterable[str]) -> Apply:
    """The field must be one of the values, which are joined by commas."""
    allowed = sorted(choices)

    def apply(_: Store, query: Query, text: str) -> None:
        wanted = set(text.split(","))
        if not wanted.issubset(allowed):
            raise BadValue("must be one or more of " + ", ".join(allowed))
        query.conditions.append(lambda body: body[name] in wanted)

    return apply


def links_to(name: str) -> Apply:
    """The body must link to this resource."""
    return equals(lambda body: body["links"].get(name))


def boolean(text: str) -> bool:
    """The value of a flag."""
    if text not in ("true", "false"):
        raise BadValue("must be true or false")
    return text == "true"


def flag(name: str) -> Apply:
    """The field must be this boolean."""

    def apply(_: Store, query: Query, text: str) -> None:
        wanted = boolean(text)
        query.conditions.append(lambda body: body[name] is wanted)

    return apply


def sort_field(fields: dict[str, SortValue | None]) -> Apply:
    """Sort by one of these fields; None stands for the time of creation."""

    def apply(_: Store, query: Query, text: str) -> None:
        if text not in fields:
            raise BadValue("must be one of " + ", ".join(fields))
        query.sort_value = fields[text]

    return apply


def sort_direction(_: Store, query: Query, text: str) -> None:
    """Ascending or descending."""
    if text not in ("asc", "desc"):
        raise BadValue("must be asc or desc")
    query.descending = text == "desc"
