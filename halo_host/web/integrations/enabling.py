"""Enable an integration as a new connection; disable a connection and enable it again."""

from __future__ import annotations

import re
import unicodedata

from flask import Blueprint, Response

from ...agents.roles import Role
from ...errors import InvalidInput
from ...host import Host
from ...types import Integration
from ..shell.commands import told
from ..shell.forms import Field
from ..shell.pages import back_to, page, requires, say, the_agent, the_host
from .module import AREA, address
from .settings_form import SettingsForm

views = Blueprint("enabling", __name__)
_LONGEST_SLUG = 60
_SHORT_NAME = re.compile(rf"[a-z0-9][a-z0-9-]{{0,{_LONGEST_SLUG - 1}}}")


@views.get("/configuration/integrations/<integration>")
@requires(Role.ADMINISTRATOR)
def ask(integration: str) -> Response:
    host = the_host()
    tile = host.plugins.integration(integration)
    return _form_page(tile, _form(host, tile))


@views.post("/configuration/integrations/<integration>")
@requires(Role.ADMINISTRATOR)
def enable(integration: str) -> Response:
    host = the_host()
    tile = host.plugins.integration(integration)
    form = _form(host, tile)
    form.read()
    name, short = form.form["name"], form.form["slug"]
    slug = short.value or _free_slug(host, tile, name.value)
    if not _SHORT_NAME.fullmatch(slug):
        short.error = (
            f"{slug[:_LONGEST_SLUG]} cannot be a short name: it has lower-case letters, digits and "
            f"- alone, {_LONGEST_SLUG} at most, such as {_plain(slug) or tile.slug}."
        )
    _judge(host, tile, form, slug)
    if form.form.good:
        try:
            host.connections.enable(
                integration, form.values(), agent=the_agent().name, slug=slug, name=name.value
            )
        except InvalidInput as error:
            form.form.error = told(error)
        else:
            say(f"{name.value} is enabled.")
            return back_to(f"{address(slug, 'details')}?new=1")
    return _form_page(tile, form, status=422)


@views.post("/integrations/<connection>/enable")
@requires(Role.ADMINISTRATOR)
def enable_again(connection: str) -> Response:
    host = the_host()
    details = host.connections.get(connection)
    if not details.enabled:
        host.connections.enable(
            details.integration, {}, agent=the_agent().name, slug=details.slug, name=details.name
        )
    say(f"{details.name} is enabled again.")
    return back_to(address(details.slug, "details"))


@views.post("/integrations/<connection>/disable")
@requires(Role.ADMINISTRATOR)
def disable(connection: str) -> Response:
    details = the_host().connections.disable(connection, agent=the_agent().name)
    say(f"{details.name} is disabled. Everything that it brought stays readable.")
    return back_to(address(details.slug, "details"))


def _judge(host: Host, tile: Integration, form: SettingsForm, slug: str) -> None:
    """Say beside every field why it cannot be used, but where something is said already."""
    name, short = form.form["name"], form.form["slug"]
    wrong = host.connections.unfit(tile.slug, form.values(), slug=slug, name=name.value)
    if "name" in wrong and not name.error:
        name.error = f"{name.label} {wrong['name'].fields['name']}."
    if "slug" in wrong and not short.error:
        short.error = f"There is a connection {slug} already; choose another short name."
    if "settings" in wrong:
        form.refuse_settings(wrong["settings"])


def _form_page(tile: Integration, form: SettingsForm, status: int = 200) -> Response:
    return page(
        "integrations/enable.html",
        title=f"Enable {tile.title}",
        area=AREA,
        crumbs=[("Integrations", "/integrations")],
        status=status,
        tile=tile,
        form=form.form,
    )


def _form(host: Host, tile: Integration) -> SettingsForm:
    return SettingsForm(
        tile.config_schema,
        Field(
            name="name",
            label="Name of the connection",
            value=host.connections.free_name(tile.slug),
            required=True,
            help="What people call it, such as the account's name: pages show it.",
            attributes={"maxlength": "200"},
        ),
        Field(
            name="slug",
            label="Short name",
            help="For addresses and commands: lower-case letters, digits and -. "
            "It is made from the name where you give none, and cannot be changed later.",
            attributes={"spellcheck": "false", "autocapitalize": "none"},
        ),
    )


def _free_slug(host: Host, tile: Integration, name: str) -> str:
    """The integration's own for its first connection, else one made from the name."""
    taken = {it.slug for it in host.connections.all()}
    first = tile.slug if tile.slug not in taken else _plain(name) or tile.slug
    slug, number = first, 1
    while slug in taken:
        number += 1
        slug = f"{first}-{number}"
    return slug


def _plain(name: str) -> str:
    """A short name made from a name; empty where nothing of it can be one."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[: _LONGEST_SLUG - 4].strip("-")
