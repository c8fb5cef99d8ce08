"""Links that work once: the first administrator's account, and a password that was forgotten.

The token is in the query, which no log of ours keeps.
"""

from __future__ import annotations

from flask import Response, request

from ...agents.agent import SignedIn, SignInRefused
from ...agents.one_time_links import unfit
from ...agents.passwords import SHORTEST
from ...errors import InvalidInput
from ..shell import access, client
from ..shell.commands import told
from ..shell.forms import Field, Form
from ..shell.pages import back_to, page, public, say, the_host
from .views import views

__all__ = ["views"]


@views.get("/welcome")
@public("nobody has an account yet; the link holds a secret")
def welcome() -> Response:
    token = request.args.get("token", "")
    if not the_host().agents.first_link_is_open(token):
        return _over("first")
    return _welcome(_first_fields(), token)


@views.post("/welcome")
@public("nobody has an account yet; the link holds a secret")
def make_first() -> Response:
    token, form = request.form.get("token", ""), _first_fields()
    form.read()
    _compare(form)
    _judge(form, form["name"].value, form["email"].value)
    if not form.good:
        return _welcome(form, token, 422)
    try:
        session = the_host().agents.redeem_first_link(
            token,
            form["name"].value,
            form["email"].value,
            form["password"].value,
            address=client.address(),
            browser=client.browser(),
        )
    except SignInRefused:
        return _over("first")
    except InvalidInput as error:
        form.error = told(error)
        return _welcome(form, token, 422)
    return _begun(session, f"Welcome, {session.name}. You are the first administrator.")


@views.get("/new-password")
@public("whoever forgot a password cannot sign in; the link holds a secret")
def new_password() -> Response:
    token = request.args.get("token", "")
    owner = the_host().agents.password_link(token)
    if owner is None:
        return _over("password")
    return _new_password(_password_form(), token, owner.name)


@views.post("/new-password")
@public("whoever forgot a password cannot sign in; the link holds a secret")
def set_password() -> Response:
    token, form = request.form.get("token", ""), _password_form()
    owner = the_host().agents.password_link(token)
    if owner is None:
        return _over("password")
    form.read()
    _compare(form)
    _judge(form, owner.name, owner.email)
    if not form.good:
        return _new_password(form, token, owner.name, 422)
    try:
        session = the_host().agents.redeem_password_link(
            token, form["password"].value, address=client.address(), browser=client.browser()
        )
    except SignInRefused:
        return _over("password")
    except InvalidInput as error:
        form.error = told(error)
        return _new_password(form, token, owner.name, 422)
    return _begun(session, "Your new password is set.")


def _begun(session: SignedIn, text: str) -> Response:
    access.keep(session)
    say(text)
    return back_to("/")


def _first_fields() -> Form:
    return Form(
        Field(
            name="name",
            label="Your name",
            required=True,
            autocomplete="name",
            help="As it stands beside what you do, in the activity log.",
            attributes={"autofocus": "autofocus", "maxlength": "100"},
        ),
        Field(
            name="email",
            label="E-mail address",
            kind="email",
            required=True,
            autocomplete="username",
            help="You sign in with it.",
        ),
        *_password_fields(),
    )


def _password_form() -> Form:
    return Form(*_password_fields())


def _password_fields() -> tuple[Field, Field]:
    return (
        Field(
            name="password",
            label="New password",
            kind="password",
            required=True,
            autocomplete="new-password",
            help=f"At least {SHORTEST} characters; several words are good.",
            attributes={"minlength": str(SHORTEST)},
        ),
        Field(
            name="again",
            label="The same password again",
            kind="password",
            required=True,
            autocomplete="new-password",
        ),
    )


def _compare(form: Form) -> None:
    if form["password"].value != form["again"].value and not form["again"].error:
        form["again"].error = "The two passwords differ."


def _judge(form: Form, name: str, email: str) -> None:
    """Say beside each field why it cannot be used, but where something is said already."""
    for field, error in unfit(name, email, form["password"].value).items():
        if field in form.fields and not form[field].error:
            form[field].error = told(error)


def _welcome(form: Form, token: str, status: int = 200) -> Response:
    return page(
        "sign_in/welcome.html", title="Welcome", area="", status=status, form=form, token=token
    )


def _new_password(form: Form, token: str, name: str, status: int = 200) -> Response:
    return page(
        "sign_in/new_password.html",
        title="New password",
        area="",
        status=status,
        form=form,
        token=token,
        name=name,
    )


def _over(which: str) -> Response:
    return page("sign_in/over.html", title="This link is over", area="", status=410, which=which)
