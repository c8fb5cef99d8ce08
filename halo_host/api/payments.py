"""Payments of all users and connections, from the mirror; no provider is asked."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any

from pydantic import Field

from ..errors import InvalidInput
from ..payments.filters import PaymentFilter, Sort
from ..types import PaymentState
from .callers import the_host
from .payment_shapes import ListedPayment, PaymentInFull, RecentFailures, Summary, Total, Words
from .routes import Items, Page, Routes
from .shapes import MOST, Day, Moment, Number, PageQuery, Query, Slug

routes = Routes("Payments", "Payments of all users, as the mirror holds them.")

LATELY = timedelta(days=7)
Word = Annotated[str, Field(min_length=1, max_length=100)]
PaymentId = Annotated[str, Field(min_length=1, max_length=200)]


class Filters(Query):
    """Values of one kind widen, different kinds narrow."""

    connection: Slug | None = None
    status: Annotated[list[Word], Field(max_length=50, description="The provider's words.")] = (
        Field(default_factory=list)
    )
    state: Annotated[list[PaymentState], Field(max_length=20)] = Field(default_factory=list)
    charged_from: Day | None = None
    charged_to: Day | None = None
    customer: Number | None = None
    user: Number | None = None
    payer: Annotated[str | None, Field(max_length=200, description="The provider's id.")] = None
    reason: Annotated[list[Word], Field(max_length=50, description="Causes of failure.")] = Field(
        default_factory=list
    )
    unlinked: bool = False

    def wanted(self) -> PaymentFilter:
        return PaymentFilter(
            connection=self.connection,
            statuses=tuple(self.status),
            states=tuple(self.state),
            charged_from=self.charged_from,
            charged_to=self.charged_to,
            customer=None if self.customer is None else str(self.customer),
            user=None if self.user is None else str(self.user),
            payer=self.payer,
            reasons=tuple(self.reason),
            unlinked=self.unlinked,
        )


class PaymentQuery(Filters, PageQuery):
    sort: Sort = "newest"


class FailureQuery(Query):
    connection: Slug | None = None
    since: Annotated[Moment | None, Field(description="Seven days ago unless given.")] = None
    limit: Annotated[int, Field(ge=1, le=MOST)] = 10


class WordsQuery(Query):
    connection: Slug | None = None


class SummaryQuery(Query):
    connection: Slug | None = None
    first_day: Day | None = None
    last_day: Day | None = None


@routes.get("/payments", answer=Page[ListedPayment])
def listed(query: PaymentQuery) -> Any:
    """List payments; those without a time of creation come last."""
    found = the_host().payments.list(
        query.wanted(), sort=query.sort, cursor=query.cursor, limit=query.limit
    )
    return {"items": found.payments, "next": found.next_cursor}


@routes.get("/payments/totals", answer=Items[Total])
def totals(query: Filters) -> Any:
    """Sum up all payments that the filters find, by currency."""
    return {"items": the_host().payments.totals(query.wanted())}


@routes.get("/payments/summary", answer=Summary)
def summary(query: SummaryQuery) -> Any:
    """Sum up by month and reason; the twelve months until today unless days are given."""
    end = query.last_day or the_host().clock().date()
    start = query.first_day or _a_year_of_months(end)
    if start > end:
        raise InvalidInput(f"No day lies between {start} and {end}.")
    return the_host().payments.summary(start, end, connection=query.connection)


@routes.get("/payments/failures", answer=RecentFailures)
def failures(query: FailureQuery) -> Any:
    """List the payments that failed lately, the latest failure first."""
    host = the_host()
    since = query.since or host.clock() - LATELY
    return host.payments.failures(since, connection=query.connection, limit=query.limit)


@routes.get("/payments/words", answer=Words)
def words(query: WordsQuery) -> Any:
    """List the statuses and the causes of failure that payments have, as filters take them."""
    payments = the_host().payments
    return {
        "statuses": payments.known_statuses(connection=query.connection),
        "reasons": payments.known_reasons(),
    }


@routes.get("/payments/<slug>/<payment>", answer=PaymentInFull)
def show(slug: Slug, payment: PaymentId) -> Any:
    """Show one payment with all that is known about it."""
    return the_host().payments.get(payment, connection=slug)


def _a_year_of_months(end: date) -> date:
    """The first day of the twelve months that end with this one."""
    if end.month == 12 or end.year == 1:
        return date(end.year, 1, 1)
    return date(end.year - 1, end.month + 1, 1)
