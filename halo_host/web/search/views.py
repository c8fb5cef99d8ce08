"""Search over customers, users and payments: a page, and suggestions below the field."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from flask import Blueprint, Response, current_app, render_template, request

from ...agents.roles import Role
from ..shell.pages import page, requires, the_host

views = Blueprint("search", __name__, template_folder="templates")
PART = "X-Halo-Part"
_SUGGESTED, _LISTED = 5, 25
_SHORTEST = 2  # letters, for suggestions: one letter is in nearly every name


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that was found. `note` says more about it, `kind` which it is."""

    kind: str
    title: str
    note: str
    url: str


@views.get("/search")
@requires(Role.VIEWER)
def search() -> Response:
    """With the header `X-Halo-Part: suggestions` only links, a few of each kind."""
    asked = request.args.get("q", "").strip()
    suggests = request.headers.get(PART) == "suggestions"
    if suggests:
        hits = _hits(asked, _SUGGESTED) if len(asked) >= _SHORTEST else {}
        answer = Response(
            render_template("search/suggestions.html", asked=asked, hits=hits),
            mimetype="text/html",
        )
    else:
        hits = _hits(asked, _LISTED) if asked else {}
        answer = page(
            "search/search.html", title="Search", area="", asked=asked, hits=hits, most=_LISTED
        )
    answer.vary.add(PART)
    return answer


def _hits(asked: str, most: int) -> dict[str, list[Hit]]:
    """By kind, in this order; a kind of which nothing is found is left out."""
    found = {
        "Payments": _payments(asked, most),
        "Customers": _customers(asked, most),
        "Users": _users(asked, most),
    }
    return {kind: hits for kind, hits in found.items() if hits}


def _customers(asked: str, most: int) -> list[Hit]:
    return [
        Hit("customer", it.name, it.reference or "", f"/customers/{it.id}")
        for it in the_host().directory.found_customers(asked, limit=most)
    ]


def _users(asked: str, most: int) -> list[Hit]:
    return [
        Hit(
            "user",
            it.name,
            " · ".join(filter(None, (it.customer, it.site, it.email))),
            f"/users/{it.id}",
        )
        for it in the_host().directory.found_users(asked, limit=most)
    ]


def _payments(asked: str, most: int) -> list[Hit]:
    money = current_app.jinja_env.filters["money"]
    return [
        Hit(
            "payment",
            f"{money(it.payment.amount)} · {it.payment.status.replace('_', ' ')}",
            " · ".join(filter(None, (it.payment.id, it.payment.reference, it.user or it.payer))),
            f"/payments/{quote(it.connection, safe='')}/{quote(it.payment.id, safe='')}",
        )
        for it in the_host().payments.found(asked, limit=most)
    ]
