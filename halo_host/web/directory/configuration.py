"""Configuration: its tiles, and the custom fields."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, request

from ...agents.roles import Role
from ...directory.custom_fields import ENTITIES, TYPES
from ...errors import InvalidInput
from ..shell.commands import told
from ..shell.forms import Field, Form
from ..shell.navigation import leads_somewhere
from ..shell.pages import back_to, page, requires, say, the_agent, the_host
from .blueprint import views
from .words import ENTITY_LABELS

_FIELDS = "/configuration/custom-fields"


@dataclass(frozen=True, slots=True)
class Tile:
    title: str
    text: str
    icon: str
    url: str


TILES = (
    Tile("Integrations", "Payment providers and their users.", "apps", "/integrations"),
    Tile("Agents", "Who signs in, with which role; sessions and API tokens.", "users-group",
         "/configuration/agents"),
    Tile("Custom Fields", "What you keep about users, sites and customers.", "forms", _FIELDS),
    Tile("Audit log", "Every change: who, when, before and after.", "history", "/activity/audit"),
    Tile("API", "Addresses and answers of the JSON API.", "api", "/api"),
)  # fmt: skip


@views.get("/configuration")
@requires(Role.ADMINISTRATOR)
def configuration() -> Response:
    return page(
        "directory/configuration.html",
        title="Configuration",
        area="configuration",
        tiles=[tile for tile in TILES if leads_somewhere(tile.url)],
    )


@views.get("/configuration/custom-fields")
@requires(Role.ADMINISTRATOR)
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
    )


@views.get("/configuration/custom-fields/new")
@requires(Role.ADMINISTRATOR)
def new_custom_field() -> Response:
    return _form_page(_form(request.args.get("entity", "")))


@views.post("/configuration/custom-fields/new")
@requires(Role.ADMINISTRATOR)
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
        Field(name="name", label="Name", required=True, attributes={"maxlength": "200"}),
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
        note="Choose name and type with care: as in Halo, neither can be changed later.",
    )
