"""What searchable pickers of customers, sites and users find. Any page may use them:

{{ ui.picker("site", "/pickers/sites", "Site") }}
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Response, current_app, request

from ...agents.roles import Role
from ..shell.pages import requires, the_host
from .blueprint import views

_MOST = 12


@views.get("/pickers/customers")
@requires(Role.VIEWER)
def pick_customers() -> Response:
    """The value is the customer's number."""
    found = the_host().directory.found_customers(_asked(), limit=_MOST)
    return _choices((str(it.id), it.name, it.reference or "") for it in found)


@views.get("/pickers/sites")
@requires(Role.VIEWER)
def pick_sites() -> Response:
    """The value is the site's number."""
    found = the_host().directory.found_sites(_asked(), limit=_MOST)
    return _choices(
        (str(it.id), f"{it.customer} / {it.name}", "Invoice site" if it.is_invoice_site else "")
        for it in found
    )


@views.get("/pickers/users")
@requires(Role.VIEWER)
def pick_users() -> Response:
    """The value is the user's number."""
    found = the_host().directory.found_users(_asked(), limit=_MOST)
    return _choices(
        (str(it.id), it.name, " · ".join(filter(None, (it.customer, it.email)))) for it in found
    )


def _asked() -> str:
    return request.args.get("q", "")


def _choices(found: Iterable[tuple[str, str, str]]) -> Response:
    ui: Any = current_app.jinja_env.globals["ui"]
    return Response(str(ui.choices(list(found))), mimetype="text/html")
