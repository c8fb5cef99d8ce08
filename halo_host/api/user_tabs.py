"""What the tabs of a user show, as data: the ribbon, payments, mandates, plans, sums."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from ..errors import InvalidInput
from ..payments.filters import Sort
from ..payments.mirror_view import UserMirror
from ..types import PaymentQuery
from .callers import the_host
from .payment_shapes import Mandate, Subscription, Total, UserPayments
from .payments import Word
from .routes import Items, Routes
from .shapes import Day, Number, PageQuery, Query, Shape, Slug

routes = Routes("User tabs", "What plugins show of a user, as data.")


class TabHeading(Shape):
    """A tab in the ribbon. One that failed has no `slug`, and `error` says why."""

    connection: Slug
    slug: str
    title: str
    badge: str | None
    error: str | None


class Narrowed(Query):
    status: Annotated[list[Word], Field(max_length=50, description="The provider's words.")] = (
        Field(default_factory=list)
    )
    charged_from: Day | None = None
    charged_to: Day | None = None


class UserPaymentQuery(Narrowed, PageQuery):
    sort: Sort = "newest"


@routes.get("/users/<number>/tabs", answer=Items[TabHeading])
def tabs(number: Number) -> Any:
    """List the tabs that plugins add to a user."""
    return {
        "items": [
            TabHeading(
                connection=it.connection,
                slug=it.slug,
                title=it.title,
                badge=it.badge,
                error=None if it.error is None else it.error.message,
            )
            for it in the_host().tabs.ribbon(number)
        ]
    }


@routes.get("/users/<number>/connections/<slug>/payments", answer=UserPayments)
def payments(number: Number, slug: Slug, query: UserPaymentQuery) -> Any:
    """List the payments of a user's payers, with timeline and refunds of each."""
    payers, mirror = _mirror(number, slug)
    wanted = PaymentQuery(
        external_user_ids=payers,
        statuses=tuple(query.status),
        charged_from=query.charged_from,
        charged_to=query.charged_to,
        sort=query.sort,
        cursor=query.cursor,
        limit=query.limit,
    )
    found = mirror.payments(wanted)
    timelines, refunds = mirror.timelines(found.payments), mirror.refunds(found.payments)
    return {
        "items": [
            {
                "payment": it,
                "timeline": timelines.get(it.id, ()),
                "refunds": refunds.get(it.id, ()),
            }
            for it in found.payments
        ],
        "next": found.next_cursor,
        "is_filled": mirror.is_filled,
        "freshness": mirror.freshness,
    }


@routes.get("/users/<number>/connections/<slug>/totals", answer=Items[Total])
def totals(number: Number, slug: Slug, query: Narrowed) -> Any:
    """Sum up the payments of a user's payers, by currency."""
    payers, mirror = _mirror(number, slug)
    wanted = PaymentQuery(
        external_user_ids=payers,
        statuses=tuple(query.status),
        charged_from=query.charged_from,
        charged_to=query.charged_to,
    )
    return {"items": mirror.totals(wanted)}


@routes.get("/users/<number>/connections/<slug>/mandates", answer=Items[Mandate])
def mandates(number: Number, slug: Slug) -> Any:
    """List the mandates of a user's payers, the newest first."""
    return {"items": _mirror(number, slug)[1].mandates()}


@routes.get("/users/<number>/connections/<slug>/subscriptions", answer=Items[Subscription])
def subscriptions(number: Number, slug: Slug) -> Any:
    """List the recurring plans of a user's payers, the newest first."""
    return {"items": _mirror(number, slug)[1].subscriptions()}


def _mirror(number: int, slug: str) -> tuple[tuple[str, ...], UserMirror]:
    """The user's payers of a connection, and the mirror of them."""
    host = the_host()
    payers = host.tabs.payers_of(number, slug)
    mirror = host.payments.mirror_of(host.connections.for_plugin(slug), payers)
    if mirror is None:
        raise InvalidInput(
            f"The connection {slug} has no mirror: its plugin offers no stream of payments.",
            advice="Its tab asks the provider; open the tab on the user's page.",
        )
    return payers, mirror
