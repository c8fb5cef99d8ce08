"""API tokens of one's own: made, shown once, revoked."""

from __future__ import annotations

from flask import Response

from ...agents.api_tokens import LONGEST_DAYS, USUAL_DAYS
from ...agents.roles import Role
from ...errors import InvalidInput, NotFound
from ..shell.commands import told
from ..shell.forms import Field, Form
from ..shell.pages import back_to, page, requires, say, the_agent, the_host
from .blueprint import views
from .words import role_choices

_CRUMBS = [("My account", "/account")]


@views.get("/account/tokens/new")
@requires(Role.VIEWER)
def new_token() -> Response:
    return _form_page(_form())


@views.post("/account/tokens/new")
@requires(Role.VIEWER)
def make_token() -> Response:
    """The answer shows the secret; it is kept nowhere."""
    form, me = _form(), the_agent()
    if not form.read():
        return _form_page(form, 422)
    days = form["days"].value
    if not (days.isascii() and days.isdecimal() and len(days) < 6):
        form["days"].error = f"Give a number of days from 1 to {LONGEST_DAYS}."
        return _form_page(form, 422)
    try:
        made = the_host().agents.tokens.add(
            me.agent.id,
            form["name"].value,
            Role(form["role"].value),
            days=int(days),
            agent=me.name,
        )
    except InvalidInput as error:
        form.error = told(error)
        return _form_page(form, 422)
    return page("agents/token.html", title="A new API token", area="", crumbs=_CRUMBS, made=made)


@views.post("/account/tokens/<int:number>/revoke")
@requires(Role.VIEWER)
def revoke_token(number: int) -> Response:
    """:raises NotFound: the agent has no such token."""
    tokens, me = the_host().agents.tokens, the_agent()
    if tokens.get(number).agent_id != me.agent.id:
        raise NotFound(f"You have no API token {number}.")
    revoked = tokens.revoke(number, agent=me.name)
    say(f"The token {revoked.name} is refused from now on.")
    return back_to("/account")


def _form() -> Form:
    return Form(
        Field(
            name="name",
            label="Name",
            required=True,
            help="What it is used for, such as “integrator in Leeds”.",
            attributes={"maxlength": "100"},
        ),
        Field(
            name="role",
            label="Role",
            kind="select",
            value=Role.VIEWER.value,
            choices=role_choices(the_agent().role),
            required=True,
        ),
        Field(
            name="days",
            label="Good for so many days",
            kind="number",
            value=str(USUAL_DAYS),
            required=True,
            attributes={"min": "1", "max": str(LONGEST_DAYS)},
        ),
    )


def _form_page(form: Form, status: int = 200) -> Response:
    return page(
        "agents/form.html",
        title="New API token",
        area="",
        crumbs=_CRUMBS,
        status=status,
        form=form,
        cancel="/account",
        button="Make token",
    )
