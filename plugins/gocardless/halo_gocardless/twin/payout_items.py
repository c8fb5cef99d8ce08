"""The lines of a payout: a list of its own, without ids, for payouts of the last six months."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from .errors import Problem, usage_error, validation_failed
from .filter_kinds import MAX_LIMIT
from .lanes import Body
from .store import Store
from .times import DAY

_HORIZON = 183 * DAY
_PARAMETERS = ("payout", "include_2020_tax_cutover", "limit", "after", "before")


def payout_item_page(store: Store, arguments: Mapping[str, list[str]]) -> dict[str, Any]:
    """The answer to a list request; 410 where the payout is older than six months."""
    problems = [
        Problem(name, "is not a parameter of this list", f"/{name}")
        for name in arguments
        if name not in _PARAMETERS
    ]
    values = {name: texts[0] for name, texts in arguments.items()}
    limit = _limit(values.get("limit", "50"), problems)
    if "after" in values and "before" in values:
        problems.append(Problem("before", "cannot be used together with after", "/before"))
    cursors = {name: _index(values, name, problems) for name in ("after", "before")}
    if not values.get("payout"):
        problems.append(Problem("payout", "is required", "/payout"))
    if problems:
        raise validation_failed(problems)
    payout = store.payouts.get(values["payout"])
    place = store.payouts.place(payout["id"])
    if place is None or store.payouts.created_ms(place) < store.now_ms() - _HORIZON:
        message = "The items of payouts older than six months are no longer available"
        raise usage_error(410, "payout_items_gone", message)
    after, before = cursors["after"], cursors["before"]
    count = store.count_payout_items(payout["id"])
    end = count if before is None else min(before, count)
    start = after + 1 if after is not None else 0 if before is None else max(0, end - limit)
    bodies = store.payout_items(payout["id"], start, min(end, start + limit))
    stop = start + len(bodies)
    return {
        "payout_items": bodies,
        "meta": {
            "cursors": {
                "before": _cursor(start) if bodies and start > 0 else None,
                "after": _cursor(stop - 1) if bodies and stop < count else None,
            },
            "limit": limit,
        },
    }


def all_payout_items(store: Store, payout_id: str) -> list[Body]:
    """Every line of a payout, however old."""
    return store.payout_items(payout_id, 0, store.count_payout_items(payout_id))


def _limit(text: str, problems: list[Problem]) -> int:
    wanted = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    if not 1 <= wanted <= MAX_LIMIT:
        message = f"must be a number between 1 and {MAX_LIMIT}"
        problems.append(Problem("limit", message, "/limit"))
    return wanted


def _cursor(index: int) -> str:
    return base64.urlsafe_b64encode(f"payout_items:{index}".encode()).decode()


def _index(values: Mapping[str, str], name: str, problems: list[Problem]) -> int | None:
    if name not in values:
        return None
    try:
        kind, number = base64.urlsafe_b64decode(values[name].encode()).decode("ascii").split(":")
        if kind == "payout_items" and number.isdigit():
            return int(number)
    except (ValueError, binascii.Error):
        pass
    problems.append(Problem(name, "is not a cursor of this list", f"/{name}"))
    return None
