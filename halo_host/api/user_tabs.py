"""What the tabs of a user show, as data: the ribbon, payments, mandates, plans, sums."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field

from ..agents.roles import Role
from ..errors import InvalidInput
from ..payments.filters import Sort
from ..payments.mirror_view import UserMirror
from ..types import PaymentQuery
from .callers import the_caller, the_host
from .payment_shapes import Mandate, Subscription, Total, UserPayments
from .payments import Word
from .routes import Items, Routes
from .shapes import Day, Name, Number, PageQuery, Query, Shape, Slug

routes = Routes("User tabs", "What plugins show of a user, as data.")


class TabHeading(Shape):
    """A tab in the ribbon. One that failed has no `slug`, and `error` says why."""

    connection: Slug
    slug: str
    title: str
    badge: str | None
    error: str | None


class OpenedTab(Shape):
    """`html` is what the plugin's template made, cleaned: no script or style, links of https alone.

    `is_linked`: payers of the connection are linked to the user. `is_mirrored`: their payments are
    in the mirror, and there as data beside this.
    """

    connection: Slug
    slug: str
    title: str
    html: str
    next: str | None
    is_linked: bool
    is_mirrored: bool


class Refreshed(Shape):
    """`ended` is false where the provider is slow: reading goes on, and its result will appear."""

    ended: bool


class Narrowed(Query):
    status: Annotated[list[Word], Field(max_length=50, description="The provider's words.")] = (
        Field(default_factory=list)
    )
    charged_from: Day | None = None
    charged_to: Day | None = None

    def of(self, payers: tuple[str, ...] = ()) -> PaymentQuery:
        return PaymentQuery(
            external_user_ids=payers,
            statuses=tuple(self.status),
            charged_from=self.charged_from,
            charged_to=self.charged_to,
        )


class UserPaymentQuery(Narrowed, PageQuery):
    sort: Sort = "newest"

    def of(self, payers: tuple[str, ...] = ()) -> PaymentQuery:
        return replace(super().of(payers), sort=self.sort, cursor=self.cursor, limit=self.limit)


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


@routes.get("/users/<number>/tabs/<slug>/<tab>", answer=OpenedTab, provider=True)
def opened(number: Number, slug: Slug, tab: Name, query: UserPaymentQuery) -> Any:
    """Open a tab as its plugin renders it; one that has no mirror asks the provider.

    A tab that fails, or takes longer than five seconds, answers with what went wrong.
    """
    found = the_host().tabs.open(number, slug, tab, query.of())
    if found.error is not None:
        raise found.error
    return OpenedTab(
        connection=slug,
        slug=found.slug,
        title=found.title,
        html=found.html,
        next=found.next_cursor,
        is_linked=found.is_linked,
        is_mirrored=found.is_mirrored,
    )


@routes.post(
    "/users/<number>/connections/<slug>/refresh",
    answer=Refreshed,
    role=Role.OPERATOR,
    provider=True,
)
def refresh(number: Number, slug: Slug) -> Any:
    """Read now what changed for a user's payers; 409 while a sync does the same."""
    return {"ended": the_host().tabs.refresh(number, slug, agent=the_caller().name)}


@routes.get("/users/<number>/connections/<slug>/payments", answer=UserPayments)
def payments(number: Number, slug: Slug, query: UserPaymentQuery) -> Any:
    """List the payments of a user's payers, with timeline and refunds of each."""
    payers, mirror = _mirror(number, slug)
    found = mirror.payments(query.of(payers))
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
    return {"items": mirror.totals(query.of(payers))}


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
