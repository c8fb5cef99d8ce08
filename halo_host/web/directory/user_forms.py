"""Changing users: New, Edit, and moving one to another site."""

from __future__ import annotations

from flask import Response, request

from ...agents.roles import Role
from ...database.tables import CORE_FIELDS
from ...directory.sites import Site
from ...directory.users import DirectoryUser
from ...errors import InvalidInput, NotFound
from ..shell.commands import told
from ..shell.forms import Field, Form, Kind
from ..shell.pages import back_to, page, requires, say, the_agent, the_host
from .blueprint import views
from .named import the_user
from .ribbon import user_ribbon
from .words import CORE_LABELS, LONGEST_NAME

_KINDS: dict[str, Kind] = {"email": "email", "phone": "tel"}


@views.get("/users/new")
@requires(Role.OPERATOR)
def new_user() -> Response:
    """`?site=` names the site beforehand."""
    asked = request.args.get("site", "")
    return _form_page(_form(), site=_site(asked) if asked else None)


@views.post("/users/new")
@requires(Role.OPERATOR)
def add_user() -> Response:
    form, site = _form(), _site(request.form.get("site", ""))
    form.read()
    missing = "" if site else "Choose the site that the user belongs to."
    if missing or not form.good:
        return _form_page(form, site=site, site_error=missing, status=422)
    assert site is not None  # noqa: S101 - for the type checker
    try:
        added = the_host().directory.add_user(
            site.id,
            {name: form[name].value for name in CORE_FIELDS},
            reference=form["reference"].value or None,
            agent=the_agent().name,
        )
    except InvalidInput as error:
        form.error = told(error)
        return _form_page(form, site=site, status=422)
    say(f"{added.name} was added.")
    return back_to(f"/users/{added.id}")


@views.get("/users/<int:number>/edit")
@requires(Role.OPERATOR)
def edit_user(number: int) -> Response:
    shown = the_user(number)
    return _form_page(_form(shown), shown)


@views.post("/users/<int:number>/edit")
@requires(Role.OPERATOR)
def save_user(number: int) -> Response:
    shown = the_user(number)
    form = _form(shown)
    if not form.read():
        return _form_page(form, shown, status=422)
    try:
        the_host().directory.edit_user(
            number,
            {name: form[name].value for name in CORE_FIELDS},
            reference=form["reference"].value,
            agent=the_agent().name,
        )
    except InvalidInput as error:
        form.error = told(error)
        return _form_page(form, shown, status=422)
    say("Saved.")
    return back_to(f"/users/{number}")


@views.get("/users/<int:number>/move")
@requires(Role.OPERATOR)
def choose_site(number: int) -> Response:
    return _move_page(the_user(number))


@views.post("/users/<int:number>/move")
@requires(Role.OPERATOR)
def move_user(number: int) -> Response:
    shown, site = the_user(number), _site(request.form.get("site", ""))
    if site is None:
        return _move_page(shown, "Choose the site from the list.")
    the_host().directory.move_user(number, site.id, agent=the_agent().name)
    say(f"{shown.name} belongs to {site.customer} / {site.name} now.")
    return back_to(f"/users/{number}")


def _site(text: str) -> Site | None:
    """What a picker sent, if it is a site's number."""
    if not (text.isascii() and text.isdecimal()):
        return None
    try:
        found = the_host().directory.site(text)
    except (NotFound, InvalidInput):
        return None
    return found if found.id == int(text) else None


def _form(shown: DirectoryUser | None = None) -> Form:
    def value(name: str) -> str:
        return "" if shown is None else getattr(shown, name) or ""

    return Form(
        *(
            Field(
                name=name,
                label=label,
                value=value(name),
                kind=_KINDS.get(name, "text"),
                longest=LONGEST_NAME,
            )
            for name, label in CORE_LABELS.items()
        ),
        Field(
            name="reference",
            label="Reference",
            value=value("reference"),
            longest=LONGEST_NAME,
            help="The user's unique id in another system, if there is one.",
        ),
        edits=shown is not None,
    )


def _form_page(
    form: Form,
    shown: DirectoryUser | None = None,
    *,
    site: Site | None = None,
    site_error: str = "",
    status: int = 200,
) -> Response:
    crumbs = [("Users", "/users")]
    if shown is not None:
        crumbs = [*user_ribbon(shown, "details").crumbs, (shown.name, f"/users/{shown.id}")]
    return page(
        "directory/user_form.html",
        title="New user" if shown is None else f"Edit {shown.name}",
        area="users",
        crumbs=crumbs,
        status=status,
        form=form,
        user=shown,
        site=site,
        site_error=site_error,
        cancel="/users" if shown is None else f"/users/{shown.id}",
    )


def _move_page(shown: DirectoryUser, error: str = "") -> Response:
    return page(
        "directory/move.html",
        title=f"Move {shown.name}",
        area="users",
        crumbs=[*user_ribbon(shown, "details").crumbs, (shown.name, f"/users/{shown.id}")],
        status=422 if error else 200,
        user=shown,
        error=error,
    )
