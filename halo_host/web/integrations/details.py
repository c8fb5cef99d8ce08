"""Details: the settings of a connection, and what a test of it finds."""

from __future__ import annotations

from flask import Blueprint, Response, request

from ...agents.roles import Role
from ...connections.connections import ConnectionDetails
from ...errors import HostError, InvalidInput
from ...types import CheckResult, Integration
from ..shell.forms import Field
from ..shell.pages import back_to, requires, say, the_agent, the_host
from .module import address, integration_of, module_page
from .settings_form import SettingsForm, settings_of
from .tiles import owner

views = Blueprint("details", __name__)
_TAB = "details"


@views.get("/integrations/<connection>")
@requires(Role.VIEWER)
def opened(connection: str) -> Response:
    return back_to(address(the_host().connections.get(connection).slug, _TAB))


@views.get("/integrations/<connection>/details")
@requires(Role.VIEWER)
def show(connection: str) -> Response:
    return _shown(the_host().connections.get(connection))


@views.post("/integrations/<connection>/details/test")
@requires(Role.OPERATOR)
def test(connection: str) -> Response:
    """Ask the provider; a failure is what was found, and no failure of the page."""
    host = the_host()
    details = host.connections.get(connection)
    tested: CheckResult | HostError
    try:
        tested = host.connections.check(connection)
    except HostError as error:
        tested = error
    return _shown(details, tested)


@views.get("/integrations/<connection>/details/edit")
@requires(Role.ADMINISTRATOR)
def edit(connection: str) -> Response:
    details = the_host().connections.get(connection)
    return _form_page(details, _form(details))


@views.post("/integrations/<connection>/details/edit")
@requires(Role.ADMINISTRATOR)
def save(connection: str) -> Response:
    host = the_host()
    details = host.connections.get(connection)
    form = _form(details)
    if form.read():
        try:
            host.connections.configure(
                connection,
                agent=the_agent().name,
                settings=form.values(),
                name=form.form["name"].value,
            )
        except InvalidInput as error:
            form.refuse(error.fields, error.message)
        else:
            say("The settings are saved.")
            return back_to(address(details.slug, _TAB))
    return _form_page(details, form, status=422)


def _shown(details: ConnectionDetails, tested: CheckResult | HostError | None = None) -> Response:
    host = the_host()
    found = integration_of(host, details)
    schema = found.config_schema if isinstance(found, Integration) else {}
    settings = list(settings_of(schema))
    listed = {it.name for it in settings}
    return module_page(
        "integrations/details.html",
        details,
        _TAB,
        fragment="test",
        edit=address(details.slug, _TAB, "edit") if isinstance(found, Integration) else "",
        settings=settings,
        others={name: value for name, value in details.settings.items() if name not in listed},
        plugin=owner(host, details.integration),
        tested=tested if isinstance(tested, CheckResult) else None,
        test_failure=tested if isinstance(tested, HostError) else None,
        is_new=bool(request.args.get("new")),
    )


def _form(details: ConnectionDetails) -> SettingsForm:
    integration = the_host().plugins.integration(details.integration)
    name = Field(
        name="name",
        label="Name of the connection",
        value=details.name,
        required=True,
        attributes={"maxlength": "200"},
    )
    return SettingsForm(
        integration.config_schema, name, stored=details.settings, held=details.secrets
    )


def _form_page(details: ConnectionDetails, form: SettingsForm, status: int = 200) -> Response:
    return module_page(
        "integrations/edit.html",
        details,
        _TAB,
        title="Edit settings",
        above=[("Details", address(details.slug, _TAB))],
        status=status,
        form=form.form,
        cancel=address(details.slug, _TAB),
    )
