"""Sign in, sign out."""

from __future__ import annotations

from flask import Blueprint, Response, request

from ...agents.agent import SignInRefused
from ..shell import access, client, cookies
from ..shell.forms import Field, Form
from ..shell.next_page import led_to, safe_page
from ..shell.pages import back_to, page, public, signed_in, the_host

views = Blueprint("sign_in", __name__, template_folder="templates")


@views.get("/sign-in")
@public("it is where one signs in")
def show() -> Response:
    wanted = safe_page(request.args.get("next", ""))
    if signed_in() is not None:
        return led_to(wanted)
    return _form(_fields(), wanted)


@views.post("/sign-in")
@public("it is where one signs in")
def sign_in() -> Response:
    wanted, form = safe_page(request.form.get("next", "")), _fields()
    if not form.read():
        return _form(form, wanted, 422)
    try:
        session = the_host().agents.sign_in(
            form["email"].value,
            form["password"].value,
            client.address(),
            browser=client.browser(),
        )
    except SignInRefused as refusal:
        form.error = " ".join(filter(None, (refusal.message, refusal.advice)))
        answer = _form(form, wanted, 422 if refusal.retry_after is None else 429)
        if refusal.retry_after is not None:
            answer.headers["Retry-After"] = str(refusal.retry_after)
        return answer
    end_session_before()
    access.keep(session)
    return back_to(wanted)


@views.post("/sign-out")
@public("whoever is signed out already may ask again")
def sign_out() -> Response:
    the_host().agents.sign_out(cookies.read(cookies.SESSION))
    access.forget()
    return led_to("/signed-out")


@views.get("/signed-out")
@public("nobody is signed in here any more")
def signed_out() -> Response:
    if signed_in() is not None:
        return led_to("/")
    return page("sign_in/signed_out.html", title="Signed out", area="")


def end_session_before() -> None:
    """A browser has one session: the one before ends where somebody signs in anew."""
    before = cookies.read(cookies.SESSION)
    if before:
        the_host().agents.sign_out(before)


def sign_in_form(wanted: str, refusal: SignInRefused) -> Response:
    """The form for a password, with what went wrong at another door."""
    form = _fields()
    form.error = " ".join(filter(None, (refusal.message, refusal.advice)))
    return _form(form, wanted, 422)


def _fields() -> Form:
    return Form(
        Field(
            name="email",
            label="E-mail address",
            kind="email",
            required=True,
            autocomplete="username",
            attributes={"autofocus": "autofocus", "autocapitalize": "none", "spellcheck": "false"},
        ),
        Field(
            name="password",
            label="Password",
            kind="password",
            required=True,
            autocomplete="current-password",
        ),
    )


def _form(form: Form, wanted: str, status: int = 200) -> Response:
    return page(
        "sign_in/sign_in.html",
        title="Sign in",
        area="",
        status=status,
        form=form,
        wanted=wanted,
        provider=the_host().settings.oidc_name if the_host().settings.oidc_issuer else "",
        nobody_yet=not the_host().agents.all(disabled=True),
    )
