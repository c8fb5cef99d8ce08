"""One row of a directory file, read: a customer, maybe a site, maybe a user."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from ..database.tables import CORE_FIELDS
from ..errors import InvalidInput
from .custom_fields import CustomField
from .formulas import restored
from .sheet import Row
from .texts import quoted, stored_text

_YES = frozenset({"yes", "true", "1"})
_NO = frozenset({"no", "false", "0", ""})


class UserKey(IntEnum):
    """What a user is known by; a higher one is the stronger."""

    NAMES = 0
    EMAIL = 1
    REFERENCE = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class DirectoryRow:
    """What a row says; an empty text says nothing. `fields` and `custom` hold no empty text."""

    line: int
    customer: str
    customer_ref: str = ""
    site: str = ""
    invoice_site: bool = False
    user_ref: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    custom: dict[CustomField, str] = field(default_factory=dict)

    @property
    def has_user(self) -> bool:
        return bool(self.user_ref or self.fields or self.custom)

    @property
    def email(self) -> str:
        return self.fields.get("email", "")

    @property
    def key(self) -> UserKey:
        """What the row knows its user by."""
        if self.user_ref:
            return UserKey.REFERENCE
        return UserKey.EMAIL if self.email else UserKey.NAMES

    @property
    def names(self) -> tuple[str, str, str]:
        """Given name, family name and company: who a user without an e-mail is."""
        return (
            self.fields.get("given_name", ""),
            self.fields.get("family_name", ""),
            self.fields.get("company", ""),
        )


def read_row(row: Row, columns: Sequence[str | CustomField | None]) -> DirectoryRow:
    """:raises InvalidInput: a cell cannot be taken; the message names its column."""
    for position, reason in row.refused.items():
        raise InvalidInput(f"{_column_name(columns, position)} {reason}.")
    said: dict[str, str] = {}
    custom: dict[CustomField, str] = {}
    for position, cell in enumerate(row.cells):
        text = stored_text(restored(cell), _column_name(columns, position)) if cell else ""
        if not text:
            continue
        column = columns[position] if position < len(columns) else None
        if column is None:
            raise InvalidInput(
                f"{_column_name(columns, position)} has a value but no heading; perhaps a text "
                "that holds the separator is not in quotation marks."
            )
        if isinstance(column, CustomField):
            custom[column] = text
        else:
            said[column] = text
    if "customer" not in said:
        raise InvalidInput("customer is empty; every row names its customer.")
    return DirectoryRow(
        line=row.line,
        customer=said["customer"],
        customer_ref=said.get("customer_ref", ""),
        site=said.get("site", ""),
        invoice_site=_truth(said.get("invoice_site", "")),
        user_ref=said.get("user_ref", ""),
        fields={name: said[name] for name in CORE_FIELDS if name in said},
        custom=custom,
    )


def _truth(text: str) -> bool:
    answer = text.casefold()
    if answer not in _YES | _NO:
        raise InvalidInput(f"invoice_site is {quoted(text)}; it may be yes, no or empty.")
    return answer in _YES


def _column_name(columns: Sequence[str | CustomField | None], position: int) -> str:
    column = columns[position] if position < len(columns) else None
    if isinstance(column, CustomField):
        return f"custom:{column.name}"
    return column or f"Column {position + 1}"
