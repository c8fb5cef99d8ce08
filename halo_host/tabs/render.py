"""Render a plugin's template in a sandbox of its own.

Each plugin package gets its own environment: its templates alone, no globals of the host,
autoescape, undefined names are errors. Filters are `money`, `date` and `datetime`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency
from jinja2 import BaseLoader, PackageLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from ..errors import HostError, InvalidInput, PluginError
from ..types import Money, User


class Renderer:
    """`locale` and `timezone` are the operator's, for amounts and times."""

    def __init__(self, locale: str, timezone: str) -> None:
        self._filters = _filters(locale, timezone)
        self._environment = cache(self._make_environment)

    def fragment(self, template: str, values: Mapping[str, Any]) -> str:
        """Render `"package:path"` with what the tab's `load` returned."""
        package, colon, path = template.partition(":")
        if not colon:
            raise PluginError(f"The template {template!r} is not of the form package:path.")
        return self._environment(package).get_template(path).render(dict(values))

    def page(self, user: User, connection: str, title: str, body: str) -> str:
        return self._whole("tab.html", user, connection, title, body=Markup(body))  # noqa: S704

    def error_page(self, user: User, connection: str, title: str, error: HostError) -> str:
        return self._whole("tab_error.html", user, connection, title, error=error)

    def _whole(self, name: str, user: User, connection: str, title: str, **values: object) -> str:
        template = self._environment("halo_host.tabs").get_template(name)
        return template.render(user=user, connection=connection, title=title, **values)

    def _make_environment(self, package: str) -> ImmutableSandboxedEnvironment:
        environment = ImmutableSandboxedEnvironment(
            loader=_loader(package),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.globals.clear()
        environment.filters.update(self._filters)
        return environment


def _loader(package: str) -> BaseLoader:
    folder = "templates" if package == "halo_host.tabs" else ""
    try:
        return PackageLoader(package, folder)
    except (ImportError, ValueError):
        raise PluginError(f"The package {package} of a tab's template has no templates.") from None


def _filters(locale: str, timezone: str) -> dict[str, Callable[..., str]]:
    try:
        language = Locale.parse(locale.partition(".")[0], sep="-" if "-" in locale else "_")
    except (UnknownLocaleError, ValueError):
        raise InvalidInput(
            f"HALO_HOST_LOCALE is {locale[:40]}, which is no locale.",
            advice="Give one such as en_GB or de_DE.",
        ) from None
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput(
            f"HALO_HOST_TIMEZONE is {timezone[:40]}, which is no time zone.",
            advice="Give one such as Europe/London.",
        ) from None

    def money(amount: Money) -> str:
        return format_currency(amount.decimal, amount.currency, locale=language)

    def local_date(day: date) -> str:
        return format_date(day, format="medium", locale=language)

    def local_datetime(moment: datetime) -> str:
        return format_datetime(moment, format="medium", tzinfo=zone, locale=language)

    return {"money": money, "date": local_date, "datetime": local_datetime}
