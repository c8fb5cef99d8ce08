"""Agents as administrators manage them: the list, New, one of them and what can be done."""

from __future__ import annotations

from collections import Counter

from flask import Response, request

from ...agents.agent import Agent
from ...agents.roles import Role
from ...errors import InvalidInput
from ..shell.commands import told
from ..shell.forms import Field, Form
from ..shell.pages import back_to, page, requires, say, the_agent, the_host
from .blueprint import views
from .words import METHODS, browser_in_short, role_choices

_CRUMBS = [("Configuration", "/configuration")]
_LIST = ("Agents", "/configuration/agents")


@views.get("/configuration/agents")
@requires(Role.ADMINISTRATOR)
def agents() -> Response:
    host = the_host()
    return page(
        "agents/list.html",
        title="Agents",
        area="configuration",
        crumbs=_CRUMBS,
        agents=host.agents.all(),
        sessions=Counter(it.agent_id for it in host.agents.sessions()),
    )


@views.get("/configuration/agents/new")
@requires(Role.ADMINISTRATOR)
def new_agent() -> Response:
    return _form_page(_new_form())


@views.post("/configuration/agents/new")
@requires(Role.ADMINISTRATOR)
def add_agent() -> Response:
    """The answer shows the link by which the agent chooses a password, this once."""
    form, host = _new_form(), the_host()
    if not form.read():
        return _form_page(form, status=422)
    try:
        added = host.agents.add(
            form["name"].value,
            form["email"].value,
            Role(form["role"].value),
            agent=the_agent().name,
        )
    except InvalidInput as error:
        form.error = told(error)
        return _form_page(form, status=422)
    return _link_page(added)


@views.get("/configuration/agents/<int:number>")
@requires(Role.ADMINISTRATOR)
def agent(number: int) -> Response:
    host = the_host()
    shown = host.agents.get(number)
    return page(
        "agents/agent.html",
        title=shown.name,
        area="configuration",
        crumbs=[*_CRUMBS, _LIST],
        shown=shown,
        role_form=_role_form(shown),
        sessions=host.agents.sessions(number),
        tokens=host.agents.tokens.list(number),
        methods=METHODS,
        browser_in_short=browser_in_short,
        is_me=shown.id == the_agent().agent.id,
        this_session=the_agent().session_id,
    )


@views.get("/configuration/agents/<int:number>/edit")
@requires(Role.ADMINISTRATOR)
def edit_agent(number: int) -> Response:
    shown = the_host().agents.get(number)
    return _form_page(_form(shown.name, shown.email), shown)


@views.post("/configuration/agents/<int:number>/edit")
@requires(Role.ADMINISTRATOR)
def save_agent(number: int) -> Response:
    agents = the_host().agents
    shown = agents.get(number)
    form = _form(shown.name, shown.email)
    if not form.read():
        return _form_page(form, shown, status=422)
    try:
        agents.change(
            number,
            name=form["name"].value,
            email=form["email"].value,
            agent=the_agent().name,
        )
    except InvalidInput as error:
        form.error = told(error)
        return _form_page(form, shown, status=422)
    say("Saved.")
    return back_to(_url(number))


@views.post("/configuration/agents/<int:number>/role")
@requires(Role.ADMINISTRATOR)
def set_role(number: int) -> Response:
    agents = the_host().agents
    form = _role_form(agents.get(number))
    if form.read():
        changed = agents.set_role(number, Role(form["role"].value), agent=the_agent().name)
        say(f"{changed.name} is {changed.role.value} now.")
    return back_to(_url(number))


@views.post("/configuration/agents/<int:number>/disable")
@requires(Role.ADMINISTRATOR)
def disable_agent(number: int) -> Response:
    disabled = the_host().agents.disable(number, agent=the_agent().name)
    say(f"{disabled.name} is disabled and signed out.")
    return back_to(_url(number))


@views.post("/configuration/agents/<int:number>/enable")
@requires(Role.ADMINISTRATOR)
def enable_agent(number: int) -> Response:
    enabled = the_host().agents.enable(number, agent=the_agent().name)
    say(f"{enabled.name} may sign in again.")
    return back_to(_url(number))


@views.post("/configuration/agents/<int:number>/link")
@requires(Role.ADMINISTRATOR)
def make_link(number: int) -> Response:
    """For a new password; the links before this one are void."""
    return _link_page(the_host().agents.get(number))


@views.post("/configuration/agents/<int:number>/sessions/end")
@requires(Role.ADMINISTRATOR)
def end_sessions(number: int) -> Response:
    """The field `session` names one; without it all end, except the one that asks."""
    agents, me = the_host().agents, the_agent()
    chosen = request.form.get("session", "")
    if not chosen:
        count = agents.end_sessions(number, agent=me.name, but=me.session_id)
        say(f"{count} {'session' if count == 1 else 'sessions'} ended.")
    elif chosen in {str(it.id) for it in agents.sessions(number)}:
        agents.end_session(int(chosen), agent=me.name)
        say("The session ended.")
    return back_to(_url(number))


@views.post("/configuration/agents/<int:number>/tokens/<int:token>/revoke")
@requires(Role.ADMINISTRATOR)
def revoke_token_of(number: int, token: int) -> Response:
    revoked = the_host().agents.tokens.revoke(token, agent=the_agent().name)
    say(f"The token {revoked.name} is refused from now on.")
    return back_to(_url(number))


def _url(number: int) -> str:
    return f"/configuration/agents/{number}"


def _link_page(shown: Agent) -> Response:
    agents = the_host().agents
    token = agents.begin_password_link(shown.id, agent=the_agent().name)
    return page(
        "agents/link.html",
        title=f"A link for {shown.name}",
        area="configuration",
        crumbs=[*_CRUMBS, _LIST, (shown.name, _url(shown.id))],
        shown=shown,
        link=agents.password_link_address(token),
    )


def _fields(name: str = "", email: str = "") -> tuple[Field, Field]:
    return (
        Field(
            name="name",
            label="Name",
            value=name,
            required=True,
            help="As the audit log names the agent.",
            attributes={"maxlength": "100"},
        ),
        Field(name="email", label="E-mail address", value=email, kind="email", required=True),
    )


def _form(name: str, email: str) -> Form:
    return Form(*_fields(name, email), edits=True)


def _role_field(role: Role) -> Field:
    return Field(
        name="role",
        label="Role",
        kind="select",
        value=role.value,
        choices=role_choices(),
        required=True,
    )


def _new_form() -> Form:
    return Form(*_fields(), _role_field(Role.OPERATOR))


def _role_form(shown: Agent) -> Form:
    return Form(_role_field(shown.role))


def _form_page(form: Form, shown: Agent | None = None, *, status: int = 200) -> Response:
    crumbs = [*_CRUMBS, _LIST]
    if shown is not None:
        crumbs.append((shown.name, _url(shown.id)))
    return page(
        "agents/form.html",
        title="New agent" if shown is None else f"Edit {shown.name}",
        area="configuration",
        crumbs=crumbs,
        status=status,
        form=form,
        cancel=_LIST[1] if shown is None else _url(shown.id),
        button="Add agent" if shown is None else "Save",
    )
