"""`halo-host connections`: what Halo has under Configuration > Integrations."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import click
import orjson

from ..config_schema import secret_names
from ..connections.connections import ConnectionDetails
from ..errors import InvalidInput
from ..host import Host
from ..types import CheckResult
from .face import agent, printable, with_host, with_new_host
from .output import print_json, print_table
from .secret_references import resolved


@click.group("connections")
def command() -> None:
    """Enable, configure, check and disable integrations.

    \b
    Example:
      halo-host connections enable acme-pay --default-site "Acme Ltd/Main" \\
          --set access_token='{"$env": "HALO_SECRET_TOKEN"}' --set environment=sandbox
    """


def _settings_options(function: Any) -> Any:
    for option in (
        click.option(
            "--set",
            "pairs",
            metavar="NAME=VALUE",
            multiple=True,
            help="A setting of the integration; VALUE may be JSON. A secret may be "
            '{"$env": "HALO_SECRET_…"} or {"$file": "NAME"} in HALO_HOST_SECRETS_DIR.',
        ),
        click.option(
            "--settings",
            "file",
            type=click.File("rb"),
            help="A JSON file with settings; - reads standard input.",
        ),
        click.option("--name", help="What people call the connection."),
        click.option(
            "--default-site",
            metavar="SITE",
            help="Number or Customer/Site: where new users go whose company matches nothing.",
        ),
        click.option(
            "--company-matching/--no-company-matching",
            default=None,
            help="Place new users by the payer's company name (on unless switched off).",
        ),
        click.option(
            "--user-id-key",
            metavar="KEY",
            help='The metadata key that carries a user\'s number; "" for none.',
        ),
    ):
        function = option(function)
    return function


@command.command()
@click.argument("integration")
@click.option("--slug", help="The connection's short name; the integration's unless given.")
@_settings_options
@with_new_host
def enable(
    host: Host,
    integration: str,
    slug: str | None,
    pairs: tuple[str, ...],
    file: Any,
    name: str | None,
    default_site: str | None,
    company_matching: bool | None,
    user_id_key: str | None,
) -> None:
    """Enable an integration: the + of its tile.

    Enabling a connection that was disabled brings it back with its settings. A secret that is
    not given is asked for, where someone is at the keyboard.
    """
    schema = host.plugins.integration(integration).config_schema
    settings = _settings(schema, pairs, file)
    known = {it.slug: it for it in host.connections.all()}.get(slug or integration)
    if known is None:
        _ask_for_secrets(schema, settings)
    details = host.connections.enable(
        integration,
        settings,
        agent=agent(),
        slug=slug,
        name=name,
        matching=_matching(host, default_site, company_matching, user_id_key),
    )
    click.echo(f"The connection {details.slug} is enabled.")
    if details.matching.default_site is None:
        click.echo(
            "It has no Default Site yet; imports need one:\n"
            f"  halo-host connections configure {details.slug} --default-site SITE"
        )
    click.echo(f"Next: halo-host connections check {details.slug}")


@command.command()
@click.argument("connection")
@_settings_options
@with_host
def configure(
    host: Host,
    connection: str,
    pairs: tuple[str, ...],
    file: Any,
    name: str | None,
    default_site: str | None,
    company_matching: bool | None,
    user_id_key: str | None,
) -> None:
    """Change settings of a connection; what is not named stays as it is."""
    details = host.connections.get(connection)
    schema = host.plugins.integration(details.integration).config_schema
    host.connections.configure(
        connection,
        agent=agent(),
        settings=_settings(schema, pairs, file),
        name=name,
        matching=_matching(host, default_site, company_matching, user_id_key),
    )
    click.echo(f"The connection {connection} is changed.")


@command.command()
@click.argument("connection")
@with_host
def disable(host: Host, connection: str) -> None:
    """Stop all work of a connection. Users, links and history stay."""
    host.connections.disable(connection, agent=agent())
    click.echo(f"The connection {connection} is disabled; its history stays readable.")


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_host
def list_(host: Host, as_json: bool) -> None:
    """Show all connections, and the integrations that could be enabled."""
    found = host.connections.all()
    if as_json:
        print_json([_as_json(details) for details in found])
        return
    print_table(
        ("Connection", "Integration", "Name", "State"),
        (
            (it.slug, it.integration, it.name, "enabled" if it.enabled else "disabled")
            for it in found
        ),
        empty="There is no connection yet.",
    )
    for tile in host.plugins.integrations:
        if tile.slug not in {details.integration for details in found}:
            click.echo(f"+ {tile.slug}: {tile.description}")


@command.command()
@click.argument("connection")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_host
def show(host: Host, connection: str, as_json: bool) -> None:
    """Show a connection. Secrets are named and never shown."""
    details = host.connections.get(connection)
    if as_json:
        print_json(_as_json(details))
        return
    rows: list[tuple[str, object]] = [
        ("name", details.name),
        ("integration", details.integration),
        ("state", "enabled" if details.enabled else "disabled"),
        *details.settings.items(),
        *((name, "set, never shown") for name in details.secrets),
        ("company-name matching", "on" if details.matching.company_name_matching else "off"),
        ("Default Site", _site_label(host, details.matching.default_site)),
        ("user id key", details.matching.user_id_key or "none"),
    ]
    print_table(("Setting", "Value"), rows)


@command.command()
@click.argument("connection")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_host
def check(host: Host, connection: str, as_json: bool) -> None:
    """Try a connection at its provider and say what was found."""
    result = host.connections.check(connection)
    if as_json:
        print_json(asdict(result))
    else:
        _print_check(connection, result)
    if not result.ok:
        sys.exit(1)


@command.command()
@click.argument("connection")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_host
def fields(host: Host, connection: str, as_json: bool) -> None:
    """Show the provider's custom fields that can be mapped, with samples."""
    found = host.connections.mappable_fields(connection)
    if as_json:
        print_json([asdict(field) for field in found])
        return
    print_table(
        ("Key", "Label", "Sample"),
        ((it.key, it.label, it.sample) for it in found),
        empty="The provider holds no fields that could be mapped.",
    )


def _settings(schema: Mapping[str, Any], pairs: tuple[str, ...], file: Any) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    if file is not None:
        try:
            settings = orjson.loads(file.read())
        except orjson.JSONDecodeError as error:
            raise InvalidInput(
                f"The settings file is no JSON (line {error.lineno}, column {error.colno})."
            ) from None
        if not isinstance(settings, dict):
            raise InvalidInput("The settings file must hold a JSON object.")
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise InvalidInput("--set needs NAME=VALUE.")
        settings[name] = _parsed(schema, name, text)
    return resolved(settings, secret_names(schema), os.environ)


def _parsed(schema: Mapping[str, Any], name: str, text: str) -> Any:
    """JSON where the setting is no text or the value is a reference, else the text itself."""
    rules = schema.get("properties", {}).get(name, {})
    if rules.get("type") == "string" and not text.lstrip().startswith("{"):
        if name in secret_names(schema):
            click.echo(
                f"Note: {name} was typed on the command line, where the shell's history keeps it.",
                err=True,
            )
        return text
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _ask_for_secrets(schema: Mapping[str, Any], settings: dict[str, Any]) -> None:
    missing = [
        name
        for name in schema.get("required", [])
        if name in secret_names(schema) and name not in settings
    ]
    if sys.stdin.isatty():
        for name in missing:
            title = schema["properties"][name].get("title", name)
            settings[name] = click.prompt(printable(title), hide_input=True).strip()


def _matching(
    host: Host, default_site: str | None, company_matching: bool | None, user_id_key: str | None
) -> dict[str, Any]:
    matching: dict[str, Any] = {}
    if default_site is not None:
        matching["default_site"] = host.directory.site(default_site).id
    if company_matching is not None:
        matching["company_name_matching"] = company_matching
    if user_id_key is not None:
        matching["user_id_key"] = user_id_key or None
    return matching


def _site_label(host: Host, site_id: int | None) -> str:
    if site_id is None:
        return "none; imports need one"
    site = host.directory.site(str(site_id))
    return f"{site.customer}/{site.name} (site {site.id})"


def _as_json(details: ConnectionDetails) -> dict[str, Any]:
    return {**asdict(details), "settings": dict(details.settings)}


def _print_check(connection: str, result: CheckResult) -> None:
    state = "works" if result.ok else "does not work"
    account = f" Account: {result.account}." if result.account else ""
    click.echo(printable(f"The connection {connection} {state}.{account}"))
    for message in result.messages:
        click.echo(printable(f"  {message.level}: {message.text}"))
