"""Signing in at an OpenID Connect provider: to it, and back."""

from __future__ import annotations

from datetime import timedelta
from hmac import compare_digest
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from flask import Response, request
from werkzeug.exceptions import NotFound

from ...agents.agent import SignInRefused
from ..shell import access, client, cookies
from ..shell.next_page import led_to, safe_page
from ..shell.pages import public, signed_in, the_host
from .links import views
from .views import end_session_before, sign_in_form

if TYPE_CHECKING:
    from ...agents.openid import OpenIdConnect

__all__ = ["views"]

_BACK = "/sign-in/provider/back"
_UNDER_WAY = "halo-sign-in"
_BETWEEN = "~"  # what is kept has none, but for the page that was wanted, which comes last
_LONGEST_PAGE = 3_500  # characters: a browser drops a cookie beyond 4,096
_LASTS = timedelta(minutes=15)  # typing a password and a second factor there


@views.get("/sign-in/provider")
@public("it is where one signs in")
def to_provider() -> Response:
    wanted = safe_page(request.args.get("next", ""))
    try:
        begun = _provider().begin(_address_back())
    except SignInRefused as refusal:
        return sign_in_form(wanted, refusal)
    page = quote(wanted, safe="/?=&+")
    if len(page) > _LONGEST_PAGE:
        page = "/"
    kept = (begun.state, begun.nonce, begun.verifier, page)
    cookies.put(_UNDER_WAY, _BETWEEN.join(kept), lasts=_LASTS)
    return Response(status=303, headers={"Location": begun.address})


@views.get(_BACK)
@public("the provider sends whoever signs in back to it")
def from_provider() -> Response:
    """The cookie ties the answer to the browser that asked: nobody can be signed in as somebody
    else by a link. It is good for one answer."""
    provider, kept = _provider(), cookies.read(_UNDER_WAY).split(_BETWEEN, 3)
    if len(kept) != 4 or not _is_same(kept[0], request.args.get("state", "")):
        if signed_in() is not None:  # the browser's Back button leads here after a sign-in
            return led_to("/")
        return sign_in_form(
            "/",
            SignInRefused(
                "This sign-in was not begun in this browser, or took too long.",
                advice="Begin again.",
            ),
        )
    cookies.drop(_UNDER_WAY)
    wanted = safe_page(unquote(kept[3]))
    try:
        who = provider.identity(_address_back(), request.args, nonce=kept[1], verifier=kept[2])
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


def _is_same(kept: str, state: str) -> bool:
    return bool(kept) and compare_digest(kept.encode(), state.encode())
