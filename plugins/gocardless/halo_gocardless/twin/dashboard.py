"""Small pages for people: a search, and a customer with an editor of its metadata."""

from __future__ import annotations

import itertools
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from .dashboard_clock import add_clock_page
from .dashboard_things import THINGS, add_thing_pages
from .errors import ApiError
from .filters import matching
from .lanes import Body
from .listing import Query, list_page
from .loopback import require_loopback
from .parameters import MAX_METADATA_KEYS
from .resources import customers
from .twin import Twin

_SHOWN = 50
_SEARCHED = 20_000
_STYLE_POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'"


def dashboard_pages(twin: Twin) -> Blueprint:
    """``/dashboard`` and below; no sign-in, loopback only."""
    pages = Blueprint(
        "dashboard",
        __name__,
        url_prefix="/dashboard",
        template_folder="templates",
        static_folder="static",
    )
    pages.before_request(require_loopback)
    pages.add_app_template_filter(money)
    pages.add_app_template_filter(payer_name)
    pages.app_context_processor(lambda: {"twin_clock": twin.now()})

    @pages.after_request
    def protect(response: AnyResponse) -> AnyResponse:
        response.headers["Content-Security-Policy"] = _STYLE_POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    @pages.errorhandler(ApiError)
    def missing(error: ApiError) -> tuple[str, int]:
        return render_template("missing.html", message=error.message), error.status

    @pages.get("")
    def index() -> str | AnyResponse:
        wanted = request.args.get("q", "").strip()
        for resource in ("customers", *THINGS):
            if twin.store.collections[resource].find(wanted):
                endpoint = f"dashboard.{resource.removesuffix('s')}"
                return redirect(url_for(endpoint, identity=wanted))
        found = _search(twin, wanted)
        latest = [] if wanted else list_page(twin.store.payments, Query(limit=10)).bodies
        return render_template(
            "index.html", q=wanted, found=found, latest=latest, searched=_SEARCHED
        )

    @pages.get("/customers/<identity>")
    def customer(identity: str) -> str:
        shown = twin.store.customers.get(identity)
        return _customer_page(twin, shown, list(shown["metadata"].items()), [])

    @pages.post("/customers/<identity>")
    def save_metadata(identity: str) -> str | Response | AnyResponse | tuple[str, int]:
        twin.store.customers.get(identity)
        rows = list(zip(request.form.getlist("key"), request.form.getlist("value"), strict=False))
        rows = [(key.strip(), value) for key, value in rows if key.strip() or value.strip()]
        keys = [key for key, _ in rows]
        problems = ["A value needs a key."] if "" in keys else []
        if len(set(keys)) < len(keys):
            problems.append("A key can be used only once.")
        if not problems:
            try:
                with twin.store.lock:
                    customers.update(twin.store, identity, {"metadata": dict(rows)})
                return redirect(url_for("dashboard.customer", identity=identity, saved=1), 303)
            except ApiError as error:
                problems = error.sentences()
        shown = twin.store.customers.get(identity)
        return _customer_page(twin, shown, rows, problems), 422

    add_thing_pages(pages, twin)
    add_clock_page(pages, twin)

    @pages.get("/<path:_>")
    def nothing_here(_: str) -> str:
        abort(404)

    return pages


def _customer_page(
    twin: Twin, customer: Body, rows: list[tuple[str, str]], problems: list[str]
) -> str:
    return render_template(
        "customer.html",
        customer=customer,
        rows=[*rows, *[("", "")] * (MAX_METADATA_KEYS - len(rows))],
        problems=problems,
        saved="saved" in request.args and not problems,
        mandates=matching(twin.store, "mandates", _SHOWN, customer=customer["id"]),
        payments=matching(twin.store, "payments", _SHOWN, customer=customer["id"]),
        shown=_SHOWN,
    )


def _search(twin: Twin, wanted: str) -> list[Body]:
    """The newest customers whose name, company or e-mail contains the text."""
    needle = wanted.casefold()
    page = list_page(twin.store.customers, Query(limit=_SEARCHED if wanted else 10)).bodies
    names = ("given_name", "family_name", "company_name", "email")
    matching = (
        customer
        for customer in page
        if needle in " ".join(customer[name] or "" for name in names).casefold()
    )
    return list(itertools.islice(matching, _SHOWN))


def money(thing: dict[str, Any]) -> str:
    """``1,234.50 GBP``; all currencies that GoCardless collects have two decimals."""
    major, minor = divmod(abs(thing["amount"]), 100)
    sign = "-" if thing["amount"] < 0 else ""
    return f"{sign}{major:,}.{minor:02d} {thing['currency']}"


def payer_name(customer: Body) -> str:
    """The person's name and the company, as far as they are known."""
    person = " ".join(filter(None, [customer["given_name"], customer["family_name"]]))
    return ", ".join(filter(None, [person, customer["company_name"]]))
