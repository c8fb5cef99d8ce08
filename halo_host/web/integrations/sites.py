"""Sites: where new users go, by their company's name or to the Default Site."""

from __future__ import annotations

from flask import Blueprint, Response

from ...agents.roles import Role
from ...connections.connections import ConnectionDetails
from ...directory.sites import Site
from ...errors import InvalidInput, NotFound
from ...host import Host
from ..shell.forms import Field, Form
from ..shell.pages import back_to, requires, say, the_agent, the_host
from .module import address, module_page

views = Blueprint("sites", __name__)
_TAB = "sites"


@views.get("/integrations/<connection>/sites")
@requires(Role.VIEWER)
def show(connection: str) -> Response:
    host = the_host()
    details = host.connections.get(connection)
    return module_page(
        "integrations/sites.html",
        details,
        _TAB,
        edit=address(details.slug, _TAB, "edit"),
        edit_needs=Role.OPERATOR,
        default_site=_default_site(host, details),
    )


@views.get("/integrations/<connection>/sites/edit")
@requires(Role.OPERATOR)
def edit(connection: str) -> Response:
    host = the_host()
    details = host.connections.get(connection)
    site = _default_site(host, details)
    return _form_page(details, _form(details, site), site)


@views.post("/integrations/<connection>/sites/edit")
@requires(Role.OPERATOR)
def save(connection: str) -> Response:
    host = the_host()
    details = host.connections.get(connection)
    form = _form(details, _default_site(host, details))
    form.read()
    site = _chosen_site(host, form)
    if form.good:
        matching = {
            "company_name_matching": bool(form["company_name_matching"].value),
            "default_site": site.id if site else None,
            "user_id_key": form["user_id_key"].value or None,
        }
        try:
            host.connections.configure(connection, agent=the_agent().name, matching=matching)
        except InvalidInput as error:
            _refuse(form, error)
        else:
            say("Where new users go is saved.")
            return back_to(address(details.slug, _TAB))
    return _form_page(details, form, site, status=422)


def _default_site(host: Host, details: ConnectionDetails) -> Site | None:
    number = details.matching.default_site
    return None if number is None else host.directory.site(number)


def _chosen_site(host: Host, form: Form) -> Site | None:
    text = form["default_site"].value
    if not text:
        return None
    try:
        return host.directory.site(text)
    except (NotFound, InvalidInput) as error:
        form["default_site"].error = error.message
        return None


def _form(details: ConnectionDetails, site: Site | None) -> Form:
    matching = details.matching
    return Form(
        Field(
            name="company_name_matching",
            label="Match by company name",
            kind="checkbox",
            value="1" if matching.company_name_matching else "",
            help="A new user goes to the customer or site whose name is the payer's company name.",
        ),
        Field(
            name="default_site",
            label="Default Site",
            value=str(matching.default_site or ""),
            choices=[(str(site.id), f"{site.customer} / {site.name}")] if site else (),
            help="Where a new user goes whose company matches nothing. An import needs one.",
        ),
        Field(
            name="user_id_key",
            label="User id key",
            value=matching.user_id_key or "",
            help="The provider's own field that carries the number of a user here, where your "
            "payers have such a field. Leave it empty otherwise.",
            attributes={"maxlength": "50", "spellcheck": "false"},
        ),
        edits=True,
    )


def _refuse(form: Form, error: InvalidInput) -> None:
    for name, said in error.fields.items():
        if name in form.fields:
            form[name].error = f"{form[name].label} {said}."
    if form.good:
        form.error = error.message


def _form_page(
    details: ConnectionDetails, form: Form, site: Site | None, status: int = 200
) -> Response:
    return module_page(
        "integrations/edit_sites.html",
        details,
        _TAB,
        title="Edit sites",
        above=[("Sites", address(details.slug, _TAB))],
        status=status,
        form=form,
        site=site,
        cancel=address(details.slug, _TAB),
    )
