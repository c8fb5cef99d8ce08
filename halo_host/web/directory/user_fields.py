"""A user's values of custom fields: looked at first, then edited all at once."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response

from ...agents.roles import Role
from ...directory.custom_fields import TYPES, CustomField
from ...directory.users import DirectoryUser
from ...errors import InvalidInput
from ..shell.commands import told
from ..shell.forms import Field, Form, Kind
from ..shell.pages import back_to, page, requires, say, the_agent, the_host
from .blueprint import views
from .named import the_user
from .ribbon import user_ribbon

_KINDS: Mapping[str, Kind] = {"memo": "textarea", "rich-text": "textarea", "date": "date"}
_YES_NO = (("", "–"), ("yes", "Yes"), ("no", "No"))


@views.get("/users/<int:number>/custom-fields")
@requires(Role.VIEWER)
def custom_fields(number: int) -> Response:
    shown = the_user(number)
    ribbon, fields = user_ribbon(shown, "custom-fields"), _fields()
    values = the_host().directory.values(number)
    return page(
        "directory/user_fields.html",
        title=shown.name,
        area="users",
        crumbs=ribbon.crumbs,
        ribbon=ribbon,
        edit=f"/users/{number}/custom-fields/edit" if fields else "",
        fields=[(it, TYPES[it.type], values.get(it.name, "")) for it in fields],
    )


@views.get("/users/<int:number>/custom-fields/edit")
@requires(Role.OPERATOR)
def edit_custom_fields(number: int) -> Response:
    shown = the_user(number)
    return _form_page(_form(the_host().directory.values(number)), shown)


@views.post("/users/<int:number>/custom-fields/edit")
@requires(Role.OPERATOR)
def save_custom_fields(number: int) -> Response:
    shown = the_user(number)
    form = _form(the_host().directory.values(number))
    if not form.read():
        return _form_page(form, shown, status=422)
    values = {it.id: form[_name(it)].value for it in _fields()}
    try:
        the_host().directory.set_values(number, values, agent=the_agent().name)
    except InvalidInput as error:
        form.error = told(error)
        return _form_page(form, shown, status=422)
    say("Saved.")
    return back_to(f"/users/{number}/custom-fields")


def _fields() -> list[CustomField]:
    return [it for it in the_host().directory.custom_fields() if it.entity == "user"]


def _name(field: CustomField) -> str:
    return f"custom-{field.id}"


def _form(values: Mapping[str, str]) -> Form:
    return Form(*(_field(it, values.get(it.name, "")) for it in _fields()), edits=True)


def _field(field: CustomField, value: str) -> Field:
    if field.type == "checkbox":
        return Field(
            name=_name(field), label=field.name, value=value, kind="select", choices=_YES_NO
        )
    help_text = "Hours and minutes, such as 14:30." if field.type == "time" else ""
    return Field(
        name=_name(field),
        label=field.name,
        value=value,
        kind=_KINDS.get(field.type, "text"),
        help=help_text,
    )


def _form_page(form: Form, shown: DirectoryUser, *, status: int = 200) -> Response:
    url = f"/users/{shown.id}"
    return page(
        "directory/form.html",
        title=f"Custom fields of {shown.name}",
        area="users",
        crumbs=[*user_ribbon(shown, "custom-fields").crumbs, (shown.name, url)],
        status=status,
        form=form,
        cancel=f"{url}/custom-fields",
        button="Save",
    )
