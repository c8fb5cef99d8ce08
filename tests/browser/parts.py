"""An area made of everything that the shell has, for tests alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, current_app, request

from halo_host import Money
from halo_host.agents.roles import Role
from halo_host.errors import ConnectionBusy
from halo_host.web.shell.forms import Field, Form
from halo_host.web.shell.pages import back_to, page, requires, say, the_host, wants_fragment
from halo_host.web.shell.paging import here, numbered

views = Blueprint("parts", __name__, template_folder="templates")
PAYMENTS = [
    (Money(amount=123_450, currency="GBP"), "Paid out", "success"),
    (Money(amount=9_900, currency="EUR"), "Failed", "danger"),
    (Money(amount=1_999, currency="GBP"), "Pending", "warning"),
    (Money(amount=500, currency="JPY"), "Submitted", "info"),
    (Money(amount=0, currency="GBP"), "Cancelled", "neutral"),
]
SITES = [(str(number), f"Site {number}", "Acme Ltd") for number in range(1, 41)]


@dataclass(frozen=True, slots=True)
class Tab:
    slug: str
    title: str
    icon: str = ""
    badge: str = ""

    @property
    def url(self) -> str:
        return here(tab=self.slug)


@views.get("/parts")
@requires(Role.VIEWER)
def parts() -> Response:
    return _parts(_form())


@views.post("/parts")
@requires(Role.OPERATOR)
def change() -> Response:
    form = _form()
    if not form.read():
        return _parts(form, 422)
    say(f"Saved with site {request.form.get('site')}.")
    return back_to("/parts")


@views.get("/parts/sites")
@requires(Role.VIEWER)
def sites() -> str:
    asked = request.args.get("q", "").lower()
    found = [it for it in SITES if asked in it[1].lower()]
    ui: Any = current_app.jinja_env.globals["ui"]
    return str(ui.choices(found[:10]))


@views.post("/parts/fails")
@requires(Role.OPERATOR)
def fails() -> Response:
    raise ConnectionBusy("Another import runs.", advice="Wait for it.")


@views.post("/parts/works")
@requires(Role.OPERATOR)
def works() -> str:
    say("Done.", "info")
    return "It worked"


def _form() -> Form:
    return Form(
        Field(name="name", label="Name", required=True, value="Acme Ltd", help="As on invoices."),
        Field(
            name="policy",
            label="Policy",
            kind="select",
            value="follow",
            choices=[("follow", "Follow the provider"), ("keep", "Keep ours")],
        ),
        Field(name="note", label="Note", kind="textarea"),
        Field(name="match", label="Match by company name", kind="checkbox", value="1"),
    )


def _parts(form: Form, status: int = 200) -> Response:
    return page(
        "parts/parts.html",
        title="Acme Ltd",
        area="customers",
        crumbs=[("Customers", "/parts")],
        status=status,
        form=form,
        now=the_host().clock(),
        provider=request.url_root.rstrip("/") + "/static/provider",
        tabs=[
            Tab("details", "Details", "id-badge-2"),
            Tab("fields", "Custom Fields", "forms"),
            Tab("payments", "Payments", "credit-card", "2"),
        ],
        payments=[it for it in PAYMENTS if request.args.get("status", "") in it[1]],
        fragment="rows",
        wants_rows=wants_fragment(),
        pager=numbered(3, 50, 1_204),
    )
