"""Who may see what. A view without a rule is shown to nobody.

`requires` and `public` only mark a view; `enforce` looks at the mark before each request, so that a
forgotten one refuses instead of letting everybody in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Response, current_app, g, request, url_for
from werkzeug.exceptions import Forbidden

from ...agents.agent import SignedIn
from ...agents.roles import Role
from ..parts import error_answer, the_host
from . import cookies
from .next_page import led_to, wanted_page

View = TypeVar("View", bound=Callable[..., Any])
_ROLE, _PUBLIC = "halo_role", "halo_public"


def requires(role: Role) -> Callable[[View], View]:
    """A view for agents that have this role, or a higher one. Put it under the route."""

    def mark(view: View) -> View:
        setattr(view, _ROLE, role)
        return view

    return mark


def public(why: str, *, elsewhere: bool = False) -> Callable[[View], View]:
    """A view that nobody needs to sign in for. `elsewhere`: it is no page, and asks for a token or
    a signature of its own, so that it takes requests of other programs."""

    def mark(view: View) -> View:
        setattr(view, _PUBLIC, (why, elsewhere))
        return view

    return mark


def role_of(endpoint: str) -> Role | None:
    """What the view of this endpoint requires; None if it is public or has no rule."""
    return getattr(current_app.view_functions.get(endpoint), _ROLE, None)


def is_public(endpoint: str) -> bool:
    return hasattr(current_app.view_functions.get(endpoint), _PUBLIC)


def is_elsewhere() -> bool:
    """Whether this request is for a program: the API, webhooks, health."""
    if request.path == "/api" or request.path.startswith("/api/"):
        return True  # asks for a token itself, in every view
    view = current_app.view_functions.get(request.endpoint or "")
    return bool(getattr(view, _PUBLIC, ("", False))[1])


def signed_in() -> SignedIn | None:
    """The agent of this request's session, looked up once."""
    if "signed_in" not in g:
        token = cookies.read(cookies.SESSION)
        g.signed_in = the_host().agents.session(token) if token else None
        if g.signed_in is not None and g.signed_in.token:
            keep(g.signed_in)
    found: SignedIn | None = g.signed_in
    return found


def the_agent() -> SignedIn:
    """Who asks, in a view with `requires`."""
    found = signed_in()
    if found is None:
        raise RuntimeError("A view without @requires asked who is signed in.")
    return found


def keep(session: SignedIn) -> None:
    """Have the browser hold this session from now on."""
    g.signed_in = session
    lasts = session.expires_at - the_host().clock()
    cookies.put(cookies.SESSION, session.token, lasts=lasts)


def forget() -> None:
    """Have the browser hold no session any more."""
    g.signed_in = None
    cookies.drop(cookies.SESSION)


def enforce() -> Response | None:
    """Before each request: ask to sign in, or refuse.

    :raises Forbidden: the agent's role does not allow it, or the view has no rule.
    """
    endpoint = request.endpoint
    if endpoint is None or is_elsewhere() or is_public(endpoint):
        return None
    needed = role_of(endpoint)
    if needed is None:
        raise Forbidden("Nobody may see this page: its view says not who may.")
    session = signed_in()
    if session is None:
        return _ask_to_sign_in()
    if not session.role.allows(needed):
        raise Forbidden(
            f"This needs the role {needed}. You are signed in as {session.name}, "
            f"whose role is {session.role}: ask an administrator."
        )
    return None


def _ask_to_sign_in() -> Response:
    address = url_for("sign_in.show", next=wanted_page())
    if "HX-Request" in request.headers:
        answer = error_answer(401, "You are signed out: sign in again.")
        answer.headers["HX-Redirect"] = address
        return answer
    return led_to(address)
