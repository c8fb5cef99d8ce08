"""The columns of a directory file: what a heading means."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from ..database.columns import clean_text, name_key
from ..database.tables import CORE_FIELDS
from ..errors import InvalidInput
from .custom_fields import CustomField
from .texts import quoted

COLUMNS = ("customer", "customer_ref", "site", "invoice_site", "user_ref", *CORE_FIELDS)
CUSTOM = "custom:"

_IGNORED = re.compile(r"[\s_]+")
_BY_KEY = {column.replace("_", ""): column for column in COLUMNS}
_LISTED = 30


@dataclass(frozen=True, slots=True)
class CustomHeading:
    """A heading `custom:NAME`."""

    name: str


Heading = str | CustomHeading | None


def parse_headings(texts: Sequence[str]) -> list[Heading]:
    """What each column holds: one of COLUMNS, a custom field, or (no heading) nothing.

    Case, spaces and underscores do not matter, nor does the order.

    :raises InvalidInput: `customer` is missing, a heading is unknown or there twice.
    """
    named = [clean_text(text) for text in texts]
    headings = [_meaning(text) for text in named]
    _check_once(named, headings)
    unknown = [text for text, heading in zip(named, headings) if text and heading is None]
    if "customer" not in headings:
        raise InvalidInput(
            f"The file has no column customer. Its headings are: {_list(filter(None, named))}.",
            advice=_customer_advice(unknown),
        )
    if unknown:
        raise InvalidInput(
            f"Unknown headings: {_list(map(_with_guess, unknown))}.",
            advice=f"Columns are: {', '.join(COLUMNS)}, and custom:NAME for a custom field.",
        )
    return headings


def missing_fields(headings: Iterable[Heading], fields: Iterable[CustomField]) -> list[str]:
    """The names of custom fields that the file has and users have not."""
    there = {name_key(field.name) for field in fields if field.entity == "user"}
    return [
        heading.name
        for heading in headings
        if isinstance(heading, CustomHeading) and name_key(heading.name) not in there
    ]


def resolve(
    headings: Iterable[Heading], fields: Iterable[CustomField]
) -> list[str | CustomField | None]:
    """The headings with the custom fields they name.

    :raises InvalidInput: a custom field does not exist, or is no Text field of users.
    """
    by_key = {name_key(field.name): field for field in fields if field.entity == "user"}
    resolved: list[str | CustomField | None] = []
    for heading in headings:
        if isinstance(heading, CustomHeading):
            resolved.append(_text_field(heading, by_key.get(name_key(heading.name))))
        else:
            resolved.append(heading)
    return resolved


def _text_field(heading: CustomHeading, field: CustomField | None) -> CustomField:
    if field is None:
        raise InvalidInput(
            f"Users have no custom field {quoted(heading.name)}.",
            advice=f"Add it (halo-host custom-fields add {heading.name[:60]!r}), "
            "or import with --create-fields.",
        )
    if not field.is_mappable:
        raise InvalidInput(
            f"Files fill Text fields of users only; {quoted(field.name)} is {field.kind}.",
            advice="Take the column out, or add a Text field of another name: "
            "halo-host custom-fields add NAME",
        )
    return field


def _meaning(text: str) -> Heading:
    if text.casefold().startswith(CUSTOM):
        name = clean_text(text[len(CUSTOM) :])
        return CustomHeading(name) if name else None
    return _BY_KEY.get(_key(text))


def _key(text: str) -> str:
    return _IGNORED.sub("", text).casefold()


def _check_once(named: Sequence[str], headings: Sequence[Heading]) -> None:
    meanings: Counter[str] = Counter()
    for text, heading in zip(named, headings):
        if isinstance(heading, CustomHeading):
            meanings[CUSTOM + name_key(heading.name)] += 1
        elif text:
            meanings[heading or _key(text)] += 1
    twice = [meaning for meaning, count in meanings.items() if count > 1]
    if twice:
        raise InvalidInput(
            f"There is more than one column {_list(twice)}.", advice="Keep one of each."
        )


def _customer_advice(unknown: Sequence[str]) -> str:
    keys = {_key(text): text for text in unknown}
    near = get_close_matches("customer", keys, n=1, cutoff=0.5)
    near = near or [key for key in keys if "customer" in key or "client" in key]
    if not near:
        return "Call the column that holds the customer's name: customer"
    return f"Is it {quoted(keys[near[0]])}? Call it: customer"


def _with_guess(text: str) -> str:
    near = get_close_matches(_key(text), _BY_KEY, n=1, cutoff=0.7)
    return f"{quoted(text)} (is it {_BY_KEY[near[0]]}?)" if near else quoted(text)


def _list(texts: Iterable[str]) -> str:
    shown = [text if text.startswith("“") else quoted(text) for text in texts]
    more = f" and {len(shown) - _LISTED} more" if len(shown) > _LISTED else ""
    return ", ".join(shown[:_LISTED]) + more
