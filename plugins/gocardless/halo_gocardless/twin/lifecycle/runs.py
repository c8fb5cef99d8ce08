"""The monthly runs go on after the generated business ends, month by month, payer by payer.

A run charges the generated subscriptions, as GoCardless does by itself, and in a living business
everybody else with an active mandate too.
"""

from __future__ import annotations

from ..business.timeline import FIRST, RUNS, SECOND_ONE
from ..lanes import Body
from ..store import Store
from ..times import DAY, HOUR, date_of
from . import living, subscriptions

_RUN = "the monthly run"
_LATER = 6 * HOUR


def begin(store: Store) -> None:
    """Plan the first payer of the first run."""
    if store.business.timeline.count:
        _plan(store, RUNS, 0)


def charge_next(store: Store, _: str) -> None:
    """Charge the payer whose turn it is, and plan the next."""
    run, payer = store.turn
    subscription = store.subscriptions.find(store.business.ids["subscriptions"].encode(0, payer))
    if subscription is not None:
        if subscription["status"] == "active":
            wanted = date_of(store.now_ms() + 5 * DAY)
            subscriptions.make_payment(store, subscription, wanted)
            if store.living:
                living.review(store, subscription["links"]["mandate"])
    elif store.living:
        mandate = _active_mandate(store, payer)
        if mandate is not None:
            living.bill(store, mandate, payer)
    if payer + 1 < store.business.timeline.count:
        _plan(store, run, payer + 1)
    else:
        _plan(store, run + 1, 0)


def _plan(store: Store, run: int, payer: int) -> None:
    store.turn = run, payer
    due = store.business.timeline.run_ms(run, payer) + _LATER
    store.agenda.plan(_RUN, due, "runs.charge_next")


def _active_mandate(store: Store, payer: int) -> Body | None:
    """The active mandate of a generated payer, or the one that replaced it."""
    for which in (FIRST, SECOND_ONE):
        identity = store.business.ids["mandates"].encode(which, payer)
        mandate = store.mandates.find(store.latest_mandate(identity))
        if mandate is not None and mandate["status"] == "active":
            return mandate
    return None
