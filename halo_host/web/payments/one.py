"""One payment with everything that is known about it."""

from __future__ import annotations

import json

from flask import Response

from ...agents.roles import Role
from ...alerts.raising import MONEY_KINDS
from ..shell.pages import page, requires, the_agent, the_host
from .tones import tone_of
from .views import views

__all__ = ["views"]


@views.get("/payments/<connection>/<payment>")
@requires(Role.VIEWER)
def one(connection: str, payment: str) -> Response:
    host = the_host()
    found = host.payments.get(payment, connection=connection)
    keys = {f"{kind}:{payment}" for kind in MONEY_KINDS}
    may_see_raw = the_agent().role.allows(Role.OPERATOR)
    return page(
        "payments/one.html",
        title=payment,
        area="payments",
        crumbs=[("Payments", "/payments")],
        found=found,
        alerts=[
            it
            for it in host.alerts.list(connection, kinds=MONEY_KINDS, limit=1_000)
            if it.key in keys
        ],
        connection=host.connections.get(connection),
        tone_of=tone_of,
        raw=json.dumps(found.raw, indent=2, ensure_ascii=False)
        if may_see_raw and found.raw is not None
        else "",
    )
