"""Shapes that several subjects of the API share: numbers, names, amounts, lists by page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from ..types import Money
from .problems import Mistake, Refused

LARGEST = 2**53 - 1  # the largest whole number that every reader of JSON keeps exactly
MOST = 500  # items of one page

Number = Annotated[int, Field(ge=1, le=LARGEST, description="A number of the host.")]
Slug = Annotated[
    str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$", description="The short name of a connection.")
]
Text = Annotated[str, Field(max_length=2_000)]
Name = Annotated[str, Field(min_length=1, max_length=200)]


class Shape(BaseModel):
    """A part of an answer, made from a room's own value with attributes of these names."""

    model_config = ConfigDict(from_attributes=True)


class Body(BaseModel):
    """What a request brings; an unknown name is a mistake, not an addition."""

    model_config = ConfigDict(extra="forbid")


class Query(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PageQuery(Query):
    cursor: Annotated[
        str | None, Field(max_length=400, description="`next` of the page before.")
    ] = None
    limit: Annotated[int, Field(ge=1, le=MOST, description="How many items at most.")] = 50

    @property
    def place(self) -> int | None:
        """The number that the page before ended with, in lists by number.

        :raises Refused: the cursor is none of ours.
        """
        if self.cursor is None:
            return None
        if not (self.cursor.isascii() and self.cursor.isdecimal()) or len(self.cursor) > 15:
            raise bad_cursor()
        return int(self.cursor)


def _written_as_a_date(value: Any) -> Any:
    """Seconds since 1970 are no way to write a day."""
    if isinstance(value, str) and value.strip("0123456789.+-") == "" and value.count("-") != 2:
        raise ValueError("It must be written as 2026-03-31")
    return value


Day = Annotated[
    date, BeforeValidator(_written_as_a_date), Field(description="A day such as 2026-03-31.")
]
Moment = Annotated[
    AwareDatetime,
    BeforeValidator(_written_as_a_date),
    Field(description="With a zone, such as 2026-03-02T09:00:00Z."),
]


class MoneyShape(BaseModel):
    minor_units: Annotated[int, Field(description="Exact, such as 1999 for 19.99 GBP.")]
    currency: str
    text: Annotated[str, Field(description="The same for people.")]


def _amount(value: Any) -> Any:
    if isinstance(value, Money):
        return {"minor_units": value.amount, "currency": value.currency, "text": str(value)}
    return value


Amount = Annotated[MoneyShape, BeforeValidator(_amount)]


def page(found: Sequence[Any], limit: int, place: Callable[[Any], int]) -> dict[str, Any]:
    """A page of what was asked for with one more than `limit`."""
    items = list(found[:limit])
    more = len(found) > limit
    return {"items": items, "next": str(place(items[-1])) if more else None}


def bad_cursor() -> Refused:
    return Refused(
        422,
        "The cursor does not belong to this list.",
        advice="Begin again without a cursor, or send `next` of the page before as it stands.",
        errors=[Mistake(where="query.cursor", message="It must be `next` of the page before.")],
    )
