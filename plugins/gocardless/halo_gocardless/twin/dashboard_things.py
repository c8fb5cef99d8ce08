"""Pages of payments, mandates, refunds, payouts and subscriptions.

Each shows what the thing is, what happened to it, what it belongs to, and buttons that run the
scenarios which can happen next.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from .errors import ApiError
from .filter_links import mandate_of
from .filters import matching
from .lanes import Body
from .simulators import run_simulator, simulators_of
from .store import Store
from .twin import Twin

THINGS = ("payments", "mandates", "refunds", "payouts", "subscriptions")
_SHOWN = 100


def add_thing_pages(pages: Blueprint, twin: Twin) -> None:
    """``/dashboard/payments/PM…`` and the like."""
    for resource in THINGS:
        _add_pages(pages, twin, resource)


def _add_pages(pages: Blueprint, twin: Twin, resource: str) -> None:
    name = resource.removesuffix("s")

    def page(identity: str) -> str:
        return _page(twin.store, resource, identity)

    def simulate(identity: str) -> Response | tuple[str, int]:
        store = twin.store
        try:
            with store.lock:
                values = {"links": {"resource": identity}}
                run_simulator(store, request.form.get("scenario", ""), values)
        except ApiError as error:
            return _page(store, resource, identity, error.sentences()), error.status
        return redirect(url_for(f"dashboard.{name}", identity=identity), 303)

    pages.add_url_rule(f"/{resource}/<identity>", name, page)
    pages.add_url_rule(
        f"/{resource}/<identity>/simulate", f"simulate_{name}", simulate, methods=["POST"]
    )


def _page(store: Store, resource: str, identity: str, problems: list[str] | None = None) -> str:
    thing = store.collections[resource].get(identity)
    name = resource.removesuffix("s")
    around: dict[str, Any] = _MORE[resource](store, thing)
    return render_template(
        f"{name}.html",
        thing=thing,
        events=matching(store, "events", _SHOWN, **{name: identity}),
        scenarios=simulators_of(store, resource, thing),
        simulate_url=url_for(f"dashboard.simulate_{name}", identity=identity),
        problems=problems or [],
        shown=_SHOWN,
        **around,
    )


def _payer(store: Store, thing: Body) -> dict[str, Any]:
    """Mandate and customer; the customer is None after removal."""
    mandate = store.mandates.get(mandate_of(store, thing))
    customer_id = mandate["links"]["customer"]
    customer = store.customers.find(customer_id)
    return {"mandate": mandate, "customer_id": customer_id, "customer": customer}


def _of_payment(store: Store, payment: Body) -> dict[str, Any]:
    payout_id = payment["links"].get("payout")
    return _payer(store, payment) | {
        "creditor": store.collections["creditors"].get(payment["links"]["creditor"]),
        "refunds": matching(store, "refunds", payment=payment["id"]),
        "payout": store.payouts.find(payout_id) if payout_id else None,
    }


def _of_mandate(store: Store, mandate: Body) -> dict[str, Any]:
    customer_id = mandate["links"]["customer"]
    account = store.bank_accounts.find(mandate["links"]["customer_bank_account"])
    return {
        "customer_id": customer_id,
        "customer": store.customers.find(customer_id),
        "account": account,
        "payments": matching(store, "payments", _SHOWN, mandate=mandate["id"]),
        "subscriptions": matching(store, "subscriptions", _SHOWN, mandate=mandate["id"]),
    }


def _of_payout(store: Store, payout: Body) -> dict[str, Any]:
    count = store.count_payout_items(payout["id"])
    currency = payout["currency"]
    items = [
        item | {"money": {"amount": int(item["amount"].split(".")[0]), "currency": currency}}
        for item in store.payout_items(payout["id"], 0, _SHOWN)
    ]
    return {"items": items, "count": count}


def _of_subscription(store: Store, subscription: Body) -> dict[str, Any]:
    payments = matching(store, "payments", _SHOWN, subscription=subscription["id"])
    return _payer(store, subscription) | {"payments": payments}


_MORE = {
    "payments": _of_payment,
    "mandates": _of_mandate,
    "refunds": _payer,
    "payouts": _of_payout,
    "subscriptions": _of_subscription,
}
"""What else each page shows."""
