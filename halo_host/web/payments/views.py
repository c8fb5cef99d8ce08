"""Payments of all users: what went wrong on top, charts, and the list with its filters.

The list stands at once. What counts over many payments (failures of the last days, charts, sums)
comes by requests of its own, so that a million payments keep nobody waiting.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, request

from ...agents.roles import Role
from ...alerts.raising import MONEY_KINDS
from ...errors import HostError, InvalidInput, NotFound
from ...host import Host
from ...payments.filters import PaymentFilter
from ...payments.payments import ListPage
from ..shell.pages import page, requires, the_host, wants_fragment
from ..shell.paging import Pager, here
from . import asked, charts
from .downloads import csv_download
from .provider import only_provider, providers
from .told import payment_of, told
from .tones import state_of

views = Blueprint("payments", __name__, template_folder="templates")
views.add_app_template_filter(state_of, "payment_state")
views.add_app_template_filter(told, "alert_text")
views.add_app_template_filter(payment_of, "alert_page")
SIZE = 50
LATELY = timedelta(days=7)
_FAILURES = 6
_ALERTS = 50  # more than anybody acknowledges in one go
_FILTERS = ("connection", "status", "from", "to", "customer", "reason", "failed", "unlinked")


@views.get("/payments")
@requires(Role.VIEWER)
def listed() -> Response:
    host = the_host()
    found, error = _found(host)
    connections = host.connections.all()
    named = providers(host, connections)
    shown: dict[str, Any] = {
        "found": found,
        "error": error,
        "sort": asked.order(),
        "pager": _pager(found),
        "is_filtered": any(request.args.get(name) for name in _FILTERS),
        "connections": {it.slug: it.name for it in connections},
        "query_text": asked.filter_text(),
        "is_part": wants_fragment(),
        "provider": only_provider(named),
        "providers": named,
    }
    if not wants_fragment():
        shown |= {
            "alerts": host.alerts.list(kinds=MONEY_KINDS, limit=_ALERTS),
            "statuses": host.payments.statuses(),
            "reasons": host.payments.known_reasons(),
            "customer": _customer(host),
        }
    return page("payments/list.html", title="Payments", area="payments", fragment="rows", **shown)


def _found(host: Host) -> tuple[ListPage | None, HostError | None]:
    """What a wrong day or a stale mark asks for is told in the list's place."""
    try:
        page = host.payments.list(
            _wanted(host),
            sort=asked.ORDERS[asked.order()],
            cursor=asked.word("after"),
            limit=SIZE,
        )
    except (NotFound, InvalidInput) as error:
        return None, error
    return page, None


def _wanted(host: Host) -> PaymentFilter:
    """:raises InvalidInput: a day is none, or a number of days."""
    days = asked.days("failed")
    return PaymentFilter(
        connection=asked.word("connection"),
        statuses=asked.words("status"),
        charged_from=asked.day("from"),
        charged_to=asked.day("to"),
        customer=asked.word("customer"),
        reasons=asked.words("reason"),
        failed_since=None if days is None else host.clock() - timedelta(days=days),
        unlinked=asked.word("unlinked") is not None,
    )


def _pager(found: ListPage | None) -> Pager:
    following = found.next_cursor if found else None
    return Pager(
        first=here(after=None) if request.args.get("after") else None,
        next=here(after=following) if following else None,
    )


def _customer(host: Host) -> tuple[str, str]:
    """Number and name of the customer that is filtered by, for the picker."""
    named = asked.word("customer")
    if named is None:
        return "", ""
    try:
        customer = host.directory.customer(named)
    except HostError:
        return "", ""
    return str(customer.id), customer.name


@views.get("/payments/failures")
@requires(Role.VIEWER)
def failures() -> Response:
    """A part of the page: what failed in the last days."""
    host = the_host()
    now = host.clock()
    return page(
        "payments/failures.html",
        title="Failures of the last days",
        area="payments",
        crumbs=[("Payments", "/payments")],
        fragment="part",
        found=host.payments.failures(now - LATELY, limit=_FAILURES),
        days=LATELY.days,
    )


@views.get("/payments/totals")
@requires(Role.VIEWER)
def totals() -> Response:
    """A part of the page: sums by currency of all that the filter finds."""
    host = the_host()
    return page(
        "payments/totals.html",
        title="Totals",
        area="payments",
        crumbs=[("Payments", "/payments")],
        fragment="part",
        totals=host.payments.totals(_wanted(host)),
    )


@views.get("/payments/charts")
@requires(Role.VIEWER)
def drawn() -> Response:
    """A part of the page: the last twelve months."""
    host = the_host()
    today = host.clock().date()
    first = charts.first_day(today)
    summary = host.payments.summary(first, today, connection=asked.word("connection"))
    return page(
        "payments/charts.html",
        title="The last 12 months",
        area="payments",
        crumbs=[("Payments", "/payments")],
        fragment="part",
        summary=summary,
        collected=charts.by_month(summary.collected, summary.refunded, first),
        failed=charts.by_reason(summary.failed),
        waiting=charts.by_days(summary.time_to_payout, summary.payout_days),
        first_day=first,
    )


@views.get("/payments.csv")
@requires(Role.VIEWER)
def download() -> Response:
    """All that the filter finds."""
    host = the_host()
    found = host.payments.stream(_wanted(host), sort=asked.ORDERS[asked.order()])
    return csv_download(found, f"payments-{host.clock().date()}")
