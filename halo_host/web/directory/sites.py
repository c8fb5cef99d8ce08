"""Sites: one of them with its users, New, Edit, and which one is the invoice site."""

from __future__ import annotations

from flask import Response, request

from ...agents.roles import Role
from ...directory.customers import Customer
from ...directory.sites import Site
from ...directory.user_list import UserSort
from ...errors import InvalidInput
from ..shell.commands import told
from ..shell.forms import Field, Form
from ..shell.pages import back_to, page, requires, say, the_agent, the_host
from ..shell.paging import page_number
from .blueprint import views
from .lists import PAGE_SIZE, pager_of, wanted_order
from .named import the_customer, the_site
from .words import LONGEST_NAME


@views.get("/customers/<int:customer>/sites/<int:number>")
@requires(Role.VIEWER)
def site(customer: int, number: int) -> Response:
    host, sort = the_host(), wanted_order(UserSort, "name")
    shown = the_site(customer, number)
    found = host.directory.user_page(
        request.args.get("q", ""), site=number, sort=sort, number=page_number(), size=PAGE_SIZE
    )
    return page(
        "directory/site.html",
        title=shown.name,
        area="customers",
        crumbs=[("Customers", "/customers"), (shown.customer, f"/customers/{customer}")],
        fragment="rows",
        site=shown,
        found=found,
        sort=sort,
        pager=pager_of(found),
        marks=host.alerts.marks(),
    )


@views.get("/customers/<int:customer>/sites/new")
@requires(Role.OPERATOR)
def new_site(customer: int) -> Response:
    return _form_page(_form(), the_customer(customer))


@views.post("/customers/<int:customer>/sites/new")
@requires(Role.OPERATOR)
def add_site(customer: int) -> Response:
    owner, form = the_customer(customer), _form()
    if not form.read():
        return _form_page(form, owner, status=422)
    try:
        added = the_host().directory.add_site(
            owner.id,
            form["name"].value,
            invoice_site=bool(form["invoice_site"].value),
            agent=the_agent().name,
        )
    except InvalidInput as error:
        form["name"].error = told(error)
        return _form_page(form, owner, status=422)
    say(f"{added.name} was added.")
    return back_to(f"/customers/{customer}/sites/{added.id}")


@views.get("/customers/<int:customer>/sites/<int:number>/edit")
@requires(Role.OPERATOR)
def edit_site(customer: int, number: int) -> Response:
    shown = the_site(customer, number)
    return _form_page(_form(shown), the_customer(customer), shown)


@views.post("/customers/<int:customer>/sites/<int:number>/edit")
@requires(Role.OPERATOR)
def save_site(customer: int, number: int) -> Response:
    shown = the_site(customer, number)
    form = _form(shown)
    if not form.read():
        return _form_page(form, the_customer(customer), shown, status=422)
    directory, agent = the_host().directory, the_agent().name
    try:
        directory.rename_site(number, form["name"].value, agent=agent)
    except InvalidInput as error:
        form["name"].error = told(error)
        return _form_page(form, the_customer(customer), shown, status=422)
    if not shown.is_invoice_site and form["invoice_site"].value:
        directory.set_invoice_site(number, agent=agent)
    say("Saved.")
    return back_to(f"/customers/{customer}/sites/{number}")


@views.post("/customers/<int:customer>/sites/<int:number>/invoice")
@requires(Role.OPERATOR)
def make_invoice_site(customer: int, number: int) -> Response:
    shown = the_site(customer, number)
    the_host().directory.set_invoice_site(number, agent=the_agent().name)
    say(f"{shown.name} is the invoice site of {shown.customer} now.")
    return back_to(request.form.get("back", f"/customers/{customer}"))


def _form(shown: Site | None = None) -> Form:
    name = Field(
        name="name",
        label="Name",
        value="" if shown is None else shown.name,
        required=True,
        longest=LONGEST_NAME,
    )
    if shown is not None and shown.is_invoice_site:
        return Form(name, edits=True)  # a customer always has one: another site takes the place
    return Form(
        name,
        Field(
            name="invoice_site",
            label="Invoice site",
            kind="checkbox",
            help="Invoices go there. A customer has one; this site takes its place.",
        ),
        edits=shown is not None,
    )


def _form_page(
    form: Form, owner: Customer, shown: Site | None = None, *, status: int = 200
) -> Response:
    url = f"/customers/{owner.id}"
    crumbs = [("Customers", "/customers"), (owner.name, url)]
    if shown is not None:
        url = f"{url}/sites/{shown.id}"
        crumbs.append((shown.name, url))
    return page(
        "directory/form.html",
        title="New site" if shown is None else f"Edit {shown.name}",
        area="customers",
        crumbs=crumbs,
        status=status,
        form=form,
        cancel=url,
        button="Add site" if shown is None else "Save",
    )
