"""How the pages look to one viewer: light or dark, the menu folded or not. Kept in cookies."""

from __future__ import annotations

from flask import Blueprint, Response, request

from . import cookies
from .pages import back_to, public

THEMES = ("light", "dark")
views = Blueprint("viewing", __name__)


@views.post("/viewing/theme")
@public("the sign-in page has colours, too")
def theme() -> Response:
    chosen = request.form.get("theme", "")
    if chosen in THEMES:
        cookies.put(cookies.THEME, chosen, lasts=cookies.A_YEAR)
    else:
        cookies.drop(cookies.THEME)
    return _shown_again()


@views.post("/viewing/navigation")
@public("it changes a cookie of the viewer alone")
def navigation() -> Response:
    if request.form.get("navigation") == "narrow":
        cookies.put(cookies.NAVIGATION, "narrow", lasts=cookies.A_YEAR)
    else:
        cookies.drop(cookies.NAVIGATION)
    return _shown_again()


def chosen_theme() -> str:
    """What the viewer chose; empty to follow the device."""
    chosen = cookies.read(cookies.THEME)
    return chosen if chosen in THEMES else ""


def _shown_again() -> Response:
    """Our script has changed the page already and only wants it kept."""
    if request.headers.get("X-Halo-Part") == "kept":
        return Response(status=204)
    return back_to(request.form.get("back", ""))
