"""My account: who I am here, my password, how pages look, my sessions."""

from __future__ import annotations

from flask import Response, request

from ...agents.agent import SignInRefused
from ...agents.passwords import SHORTEST
from ...agents.roles import Role
from ...errors import InvalidInput
from ..shell import access, client, cookies
from ..shell.commands import told
from ..shell.forms import Field, Form
from ..shell.pages import back_to, page, requires, say, the_agent, the_host
from .blueprint import views
from .words import METHODS, browser_in_short


@views.get("/account")
@requires(Role.VIEWER)
def account() -> Response:
    host, me = the_host(), the_agent()
    return page(
        "agents/account.html",
        title="My account",
        area="",
        me=me,
        sessions=host.agents.sessions(me.agent.id),
        tokens=host.agents.tokens.list(me.agent.id),
        methods=METHODS,
        browser_in_short=browser_in_short,
    )


@views.get("/account/password")
@requires(Role.VIEWER)
def new_password() -> Response:
    return _password_page(_password_form())


@views.post("/account/password")
@requires(Role.VIEWER)
def change_password() -> Response:
    form, me = _password_form(), the_agent()
    form.read()
    if form.good and form["new"].value != form["again"].value:
        form["again"].error = "The two passwords differ."
    if not form.good:
        return _password_page(form, status=422)
    try:
        session = the_host().agents.change_password(
            me.token or cookies.read(cookies.SESSION),
            form["old"].value,
            form["new"].value,
            address=client.address(),
        )
    except SignInRefused as error:
        form["old"].error = error.message
        return _password_page(form, status=429 if error.retry_after else 422)
    except InvalidInput as error:
        form["new"].error = told(error)
        return _password_page(form, status=422)
    access.keep(session)
    say("Your password is changed. Your other sessions have ended.")
    return back_to("/account")


@views.post("/account/sessions/end")
@requires(Role.VIEWER)
def end_own_sessions() -> Response:
    """The field `session` names one of one's own; without it all others end."""
    agents, me = the_host().agents, the_agent()
    chosen = request.form.get("session", "")
    if not chosen:
        count = agents.end_sessions(me.agent.id, agent=me.name, but=me.session_id)
        say(f"{count} other {'session' if count == 1 else 'sessions'} ended.")
    elif chosen in {str(it.id) for it in agents.sessions(me.agent.id)}:
        agents.end_session(int(chosen), agent=me.name)
        say("The session ended.")
    return back_to("/account")


def _password_form() -> Form:
    return Form(
        Field(
            name="old",
            label="Password until now",
            kind="password",
            required=True,
            autocomplete="current-password",
        ),
        Field(
            name="new",
            label="New password",
            kind="password",
            required=True,
            autocomplete="new-password",
            help=f"At least {SHORTEST} characters; a sentence is easy to remember.",
        ),
        Field(
            name="again",
            label="The same password again",
            kind="password",
            required=True,
            autocomplete="new-password",
        ),
    )


def _password_page(form: Form, *, status: int = 200) -> Response:
    return page(
        "agents/password.html",
        title="Change password",
        area="",
        crumbs=[("My account", "/account")],
        status=status,
        form=form,
    )
