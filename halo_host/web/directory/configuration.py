"""Configuration: its tiles, and the custom fields."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, request

from ...agents.roles import Role
from ...directory.custom_fields import ENTITIES, TYPES, CustomField
from ...errors import InvalidInput, NotFound
from ..shell.commands import told
from ..shell.forms import Field, Form
from ..shell.navigation import leads_somewhere
from ..shell.pages import back_to, page, requires, say, the_agent, the_host
from .blueprint import views
from .words import ENTITY_LABELS, LONGEST_NAME

_FIELDS = "/configuration/custom-fields"


@dataclass(frozen=True, slots=True)
class Tile:
    title: str
    text: str
    icon: str
    url: str
    role: Role = Role.VIEWER


TILES = (
    Tile("Integrations", "Payment providers and their users.", "apps", "/integrations"),
    Tile("Agents", "Who signs in, with which role; sessions and API tokens.", "users-group",
         "/configuration/agents", Role.ADMINISTRATOR),
    Tile("Custom Fields", "What you keep about users, sites and customers.", "forms", _FIELDS),
    Tile("Audit log", "Every change: who, when, before and after.", "history", "/activity/audit",
         Role.ADMINISTRATOR),
    Tile("API", "Addresses and answers of the JSON API.", "api", "/api"),
)  # fmt: skip


@views.get("/configuration")
@requires(Role.VIEWER)
def configuration() -> Response:
    role = the_agent().role
    return page(
        "directory/configuration.html",
        title="Configuration",
        area="configuration",
        tiles=[it for it in TILES if role.allows(it.role) and leads_somewhere(it.url)],
    )


@views.get("/configuration/custom-fields")
@requires(Role.VIEWER)
def all_custom_fields() -> Response:
    """`?entity=` shows those of users, sites or customers alone, as Halo's drop-down does."""
    wanted = request.args.get("entity", "")
    fields = the_host().directory.custom_fields()
    return page(
        "directory/custom_fields.html",
        title="Custom Fields",
        area="configuration",
        crumbs=[("Configuration", "/configuration")],
        fragment="rows",
        fields=[it for it in fields if wanted in ("", it.entity)],
        entities=[("", "All entities"), *ENTITY_LABELS.items()],
        entity_labels=ENTITY_LABELS,
        types=TYPES,
        filled_by=the_host().directory.filled_by(),
    )


@views.get("/configuration/custom-fields/new")
@requires(Role.OPERATOR)
def new_custom_field() -> Response:
    return _form_page(_form(request.args.get("entity", "")))


@views.post("/configuration/custom-fields/new")
@requires(Role.OPERATOR)
def add_custom_field() -> Response:
    form = _form()
    if not form.read():
        return _form_page(form, status=422)
    try:
        added = the_host().directory.add_custom_field(
            form["name"].value,
            entity=form["entity"].value,
            type=form["type"].value,
            agent=the_agent().name,
        )
    except InvalidInput as error:
        form["name"].error = told(error)
        return _form_page(form, status=422)
    say(f"{added.name} was added.")
    return back_to(_FIELDS)


@views.get("/configuration/custom-fields/<int:number>/edit")
@requires(Role.OPERATOR)
def edit_custom_field(number: int) -> Response:
    try:
        field = _the_field(number)
    except NotFound as gone:
        return _back_without(gone)
    return _rename_page(_name_form(field), field)


@views.post("/configuration/custom-fields/<int:number>/edit")
@requires(Role.OPERATOR)
def rename_custom_field(number: int) -> Response:
    try:
        field = _the_field(number)
    except NotFound as gone:
        return _back_without(gone)
    form = _name_form(field)
    if not form.read():
        return _rename_page(form, field, status=422)
    try:
        renamed = the_host().directory.rename_custom_field(
            number, form["name"].value, agent=the_agent().name
        )
    except InvalidInput as error:
        form["name"].error = told(error)
        return _rename_page(form, field, status=422)
    except NotFound as gone:
        return _back_without(gone)
    say(f"The field is called {renamed.name} now.")
    return back_to(_FIELDS)


@views.post("/configuration/custom-fields/<int:number>/delete")
@requires(Role.OPERATOR)
def delete_custom_field(number: int) -> Response:
    try:
        field = _the_field(number)
        the_host().directory.remove_custom_field(field.id, agent=the_agent().name)
    except NotFound as gone:
        return _back_without(gone)
    except InvalidInput as error:
        say(told(error), "danger")
    else:
        say(f"{field.name} was deleted.")
    return back_to(_FIELDS)


def _the_field(number: int) -> CustomField:
    """:raises NotFound: no field has that number, whatever the names of others."""
    found = the_host().directory.custom_field(number)
    if found.id != number:
        raise NotFound(f"There is no custom field {number}.")
    return found


def _back_without(gone: NotFound) -> Response:
    """To the list, which shows what there is: the field was deleted in another window."""
    say(gone.message, "warning")
    return back_to(_FIELDS)


def _name_form(field: CustomField) -> Form:
    return Form(
        Field(name="name", label="Name", value=field.name, required=True, longest=LONGEST_NAME),
        edits=True,
    )


def _rename_page(form: Form, field: CustomField, *, status: int = 200) -> Response:
    return page(
        "directory/form.html",
        title=f"Rename {field.name}",
        area="configuration",
        crumbs=[("Configuration", "/configuration"), ("Custom Fields", _FIELDS)],
        status=status,
        form=form,
        cancel=_FIELDS,
        button="Save",
        note=f"It is {field.kind}, and stays so. Values and mappings stay with it.",
    )


def _form(entity: str = "") -> Form:
    return Form(
        Field(
            name="entity",
            label="Entity",
            kind="select",
            value=entity if entity in ENTITIES else "user",
            choices=list(ENTITY_LABELS.items()),
            required=True,
            help="Values are kept of users; fields of sites and customers are names for later.",
        ),
        Field(name="name", label="Name", required=True, longest=LONGEST_NAME),
        Field(
            name="type",
            label="Type",
            kind="select",
            value="text",
            choices=list(TYPES.items()),
            required=True,
            help="Integrations fill Text fields of users.",
        ),
    )


def _form_page(form: Form, *, status: int = 200) -> Response:
    return page(
        "directory/form.html",
        title="New custom field",
        area="configuration",
        crumbs=[("Configuration", "/configuration"), ("Custom Fields", _FIELDS)],
        status=status,
        form=form,
        cancel=_FIELDS,
        button="Add field",
        note="Choose entity and type with care: neither can be changed later.",
    )
