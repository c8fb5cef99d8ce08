"""Customers: the list, one of them, New and Edit."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, request

from ...agents.roles import Role
from ...directory.customer_list import CustomerSort
from ...directory.customers import FIRST_SITE, Customer
from ...directory.user_list import UserSort
from ...errors import InvalidInput
from ..activity.entries import entries_of
from ..shell.commands import told
from ..shell.forms import Field, Form
from ..shell.pages import back_to, page, requires, say, the_agent, the_host
from ..shell.paging import page_number
from .blueprint import views
from .lists import PAGE_SIZE, pager_of, wanted_order
from .named import the_customer
from .ribbon import RibbonTab
from .words import LONGEST_NAME

_LIST = ("Customers", "/customers")


@dataclass(frozen=True, slots=True)
class Top:
    """What stands over each tab of a customer."""

    customer: Customer
    tabs: list[RibbonTab]
    current: str

    @property
    def url(self) -> str:
        return f"/customers/{self.customer.id}"


def customer_top(customer: Customer, current: str) -> Top:
    url = f"/customers/{customer.id}"
    return Top(
        customer,
        [
            RibbonTab(slug="details", title="Details", url=url, icon="building"),
            RibbonTab(slug="users", title="Users", url=f"{url}/users", icon="users"),
            RibbonTab(slug="activity", title="Activity", url=f"{url}/activity", icon="history"),
        ],
        current,
    )


@views.get("/customers")
@requires(Role.VIEWER)
def customers() -> Response:
    host, sort = the_host(), wanted_order(CustomerSort, "name")
    found = host.directory.customer_page(
        request.args.get("q", ""), sort=sort, number=page_number(), size=PAGE_SIZE
    )
    return page(
        "directory/customers.html",
        title="Customers",
        area="customers",
        fragment="rows",
        found=found,
        sort=sort,
        pager=pager_of(found),
        marks=host.alerts.marks(),
    )


@views.get("/customers/<int:number>")
@requires(Role.VIEWER)
def customer(number: int) -> Response:
    host = the_host()
    shown = the_customer(number)
    alerts = host.alerts.of_customer(number)
    return page(
        "directory/customer_details.html",
        title=shown.name,
        area="customers",
        crumbs=[_LIST],
        top=customer_top(shown, "details"),
        sites=host.directory.sites_with_users(number),
        alerts=[alert for alert, _ in alerts],
        people={alert.id: host.directory.user(user) for alert, user in alerts},
    )


@views.get("/customers/<int:number>/users")
@requires(Role.VIEWER)
def users_of_customer(number: int) -> Response:
    host, sort = the_host(), wanted_order(UserSort, "name")
    shown = the_customer(number)
    found = host.directory.user_page(
        request.args.get("q", ""),
        customer=number,
        sort=sort,
        number=page_number(),
        size=PAGE_SIZE,
    )
    return page(
        "directory/customer_users.html",
        title=shown.name,
        area="customers",
        crumbs=[_LIST],
        fragment="rows",
        top=customer_top(shown, "users"),
        found=found,
        sort=sort,
        pager=pager_of(found),
        marks=host.alerts.marks(),
    )


@views.get("/customers/<int:number>/activity")
@requires(Role.VIEWER)
def activity_of_customer(number: int) -> Response:
    shown = the_customer(number)
    entries, pager = entries_of("customer", number)
    return page(
        "directory/customer_activity.html",
        title=shown.name,
        area="customers",
        crumbs=[_LIST],
        top=customer_top(shown, "activity"),
        entries=entries,
        pager=pager,
    )


@views.get("/customers/new")
@requires(Role.OPERATOR)
def new_customer() -> Response:
    return _form_page(_new_form())


@views.post("/customers/new")
@requires(Role.OPERATOR)
def add_customer() -> Response:
    form = _new_form()
    if not form.read():
        return _form_page(form, status=422)
    try:
        added = the_host().directory.add_customer(
            form["name"].value,
            reference=form["reference"].value or None,
            site_names=[form["site"].value],
            agent=the_agent().name,
        )
    except InvalidInput as error:
        form.error = told(error)
        return _form_page(form, status=422)
    say(f"{added.name} was added.")
    return back_to(f"/customers/{added.id}")


@views.get("/customers/<int:number>/edit")
@requires(Role.OPERATOR)
def edit_customer(number: int) -> Response:
    shown = the_customer(number)
    return _form_page(_form(shown.name, shown.reference or ""), shown)


@views.post("/customers/<int:number>/edit")
@requires(Role.OPERATOR)
def save_customer(number: int) -> Response:
    directory, shown = the_host().directory, the_customer(number)
    form = _form(shown.name, shown.reference or "")
    if not form.read():
        return _form_page(form, shown, status=422)
    try:
        directory.edit_customer(
            number,
            name=form["name"].value,
            reference=form["reference"].value or None,
            agent=the_agent().name,
        )
    except InvalidInput as error:
        form.error = told(error)
        return _form_page(form, shown, status=422)
    say("Saved.")
    return back_to(f"/customers/{number}")


def _form(name: str = "", reference: str = "") -> Form:
    return Form(*_fields(name, reference), edits=True)


def _new_form() -> Form:
    return Form(
        *_fields("", ""),
        Field(
            name="site",
            label="First site",
            value=FIRST_SITE,
            required=True,
            longest=LONGEST_NAME,
            help="It is the invoice site until you choose another one.",
        ),
    )


def _fields(name: str, reference: str) -> tuple[Field, Field]:
    return (
        Field(name="name", label="Name", value=name, required=True, longest=LONGEST_NAME),
        Field(
            name="reference",
            label="Reference",
            value=reference,
            longest=LONGEST_NAME,
            help="Its unique id in another system, if it has one.",
        ),
    )


def _form_page(form: Form, shown: Customer | None = None, *, status: int = 200) -> Response:
    url = "/customers" if shown is None else f"/customers/{shown.id}"
    return page(
        "directory/form.html",
        title="New customer" if shown is None else f"Edit {shown.name}",
        area="customers",
        crumbs=[_LIST] if shown is None else [_LIST, (shown.name, url)],
        status=status,
        form=form,
        cancel=url,
        button="Add customer" if shown is None else "Save",
    )
