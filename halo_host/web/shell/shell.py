"""Put the shell into an application: templates, assets, checks before each request."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from flask import Blueprint, Flask, request
from jinja2 import Environment, StrictUndefined
from jinja2.environment import TemplateModule

from ...agents.roles import Role
from ...host import Host
from . import access, assets, cookies, csrf, toasts, viewing
from .commands import coded
from .compression import compress
from .formats import Formats
from .icons import icon
from .navigation import Area, areas_for, leads_somewhere
from .paging import here

LARGEST_FORM = 2 * 1024 * 1024  # bytes; what is for programs has limits of its own
LARGEST_OF_STRANGERS = 64 * 1024  # nobody keeps the server busy before signing in
templates = Blueprint("shell", __name__, template_folder="templates")


def prepare(app: Flask, host: Host) -> None:
    """Called before any area is registered.

    :raises InvalidInput: HALO_HOST_LOCALE is no locale.
    """
    formats = Formats(host.settings.locale, host.settings.timezone)
    app.register_blueprint(templates)
    app.register_blueprint(viewing.views)
    files = assets.prepare(app)
    app.before_request(_limit_body)
    app.before_request(access.enforce)
    app.before_request(csrf.check)
    app.after_request(compress)  # the last to be registered is the first to be run
    app.after_request(toasts.send)
    environment = app.jinja_env
    environment.undefined = StrictUndefined
    environment.trim_blocks = environment.lstrip_blocks = True
    for name in ("session", "g", "config", "get_flashed_messages", "lipsum", "cycler"):
        environment.globals.pop(name, None)
    environment.filters |= {
        "coded": coded,
        "money": formats.money,
        "number": formats.number,
        "day": formats.day,
        "moment": formats.moment,
        "lasting": formats.lasting,
        "when": formats.when,
    }
    environment.globals |= {
        "allows": _allows,
        "asset": files.url,
        "icon": icon,
        "csrf": csrf.field,
        "csrf_token": csrf.token,
        "here": here,
        "leads_somewhere": leads_somewhere,
        "navigation": _navigation,
        "navigation_is_narrow": lambda: cookies.read(cookies.NAVIGATION) == "narrow",
        "theme": viewing.chosen_theme,
        "when": formats.when,
        "ago": lambda moment: formats.when(moment, host.clock()),
        "the_path": lambda: request.path,
        "query": lambda: request.args,
        "signed_in": access.signed_in,
    }
    environment.globals["ui"] = _macros(environment)


def _macros(environment: Environment) -> TemplateModule:
    """The macros of every template. Those that lists call in each row are remembered by what they
    were called with, and its types: what is escaped and what is not are never mistaken."""
    macros = environment.get_template("shell/macros.html").module
    for name in ("initials", "status"):
        setattr(macros, name, lru_cache(4_000, typed=True)(getattr(macros, name)))
    return macros


def _limit_body() -> None:
    if not access.is_elsewhere():
        strange = request.endpoint is None or access.is_public(request.endpoint)
        request.max_content_length = LARGEST_OF_STRANGERS if strange else LARGEST_FORM


def _navigation() -> Sequence[Area]:
    session = access.signed_in()
    return areas_for(session.role) if session is not None else []


def _allows(role: str) -> bool:
    """Whether who asks may do what needs this role: for buttons that others shall not see."""
    session = access.signed_in()
    return session is not None and session.role.allows(Role(role))
