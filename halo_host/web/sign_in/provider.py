"""Signing in at an OpenID Connect provider: to it, and back."""

from __future__ import annotations

from datetime import timedelta
from hmac import compare_digest
from urllib.parse import quote, unquote

from flask import Response, request
from werkzeug.exceptions import NotFound

from ...agents.agent import SignInRefused
from ...agents.openid import Begun, OpenIdConnect
from ..shell import access, client, cookies
from ..shell.next_page import led_to, safe_page
from ..shell.pages import public, the_host
from .links import views
from .views import end_session_before, sign_in_form

__all__ = ["views"]

_BACK = "/sign-in/provider/back"
_UNDER_WAY = "halo-sign-in"
_LASTS = timedelta(minutes=15)  # typing a password and a second factor there


@views.get("/sign-in/provider")
@public("it is where one signs in")
def to_provider() -> Response:
    wanted = safe_page(request.args.get("next", ""))
    try:
        begun = _provider().begin(_address_back())
    except SignInRefused as refusal:
        return sign_in_form(wanted, refusal)
    kept = (begun.state, begun.nonce, begun.verifier, quote(wanted, safe=""))
    cookies.put(_UNDER_WAY, "~".join(kept), lasts=_LASTS)
    return Response(status=303, headers={"Location": begun.address})


@views.get(_BACK)
@public("the provider sends whoever signs in back to it")
def from_provider() -> Response:
    """The cookie ties the answer to the browser that asked: nobody can be signed in as somebody
    else by a link."""
    provider, kept = _provider(), cookies.read(_UNDER_WAY).split("~")
    cookies.drop(_UNDER_WAY)
    state = request.args.get("state", "")
    if len(kept) != 4 or not compare_digest(kept[0].encode(), state.encode()):
        return sign_in_form("/", SignInRefused(
            "This sign-in was not begun in this browser, or took too long.",
            advice="Begin again.",
        ))
    wanted = safe_page(unquote(kept[3]))
    begun = Begun(address="", state=kept[0], nonce=kept[1], verifier=kept[2])
    try:
        if "code" not in request.args:
            raise _denied(request.args.get("error", ""))
        who = provider.identity(
            _address_back(), begun, request.args["code"], issuer=request.args.get("iss")
        )
        session = the_host().agents.signed_in_by_provider(
            who.issuer,
            who.subject,
            who.email,
            who.verified,
            who.groups,
            name=who.name,
            address=client.address(),
            browser=client.browser(),
        )
    except SignInRefused as refusal:
        return sign_in_form(wanted, refusal)
    end_session_before()
    access.keep(session)
    return led_to(wanted)


def _provider() -> OpenIdConnect:
    found = the_host().agents.openid
    if found is None:
        raise NotFound("This host has no provider of sign-ins.")
    return found


def _address_back() -> str:
    """As it is registered at the provider, which compares it letter by letter."""
    base = the_host().settings.public_url or request.url_root.rstrip("/")
    return base + _BACK


def _denied(code: str) -> SignInRefused:
    name = the_host().settings.oidc_name
    known = code.isascii() and code.replace("_", "").isalnum() and len(code) < 50
    return SignInRefused(
        f"{name} did not sign you in{f' ({code})' if known else ''}.",
        advice="Try again, or ask whoever runs it.",
    )
