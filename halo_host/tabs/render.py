"""Render a plugin's template in a sandbox of its own.

Each plugin package gets its own environment: its templates alone, no globals of the host,
autoescape, undefined names are errors. Filters are `money`, `date` and `datetime`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from functools import cache, lru_cache
from types import BuiltinMethodType, MethodType
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time, get_datetime_format
from jinja2 import BaseLoader, PackageLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from ..amounts import Amounts
from ..errors import HostError, InvalidInput, PluginError
from ..types import User

_MISSING = object()
_METHODS = (MethodType, BuiltinMethodType)  # of which the sandbox wraps those of texts


class _Sandbox(ImmutableSandboxedEnvironment):
    """Remembers which attributes it has allowed: that depends on the name and the object's class
    alone, and a tab asks a thousand times."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._allowed: set[tuple[type, str]] = set()

    def getattr(self, obj: Any, attribute: str) -> Any:
        if (type(obj), attribute) in self._allowed:
            value = getattr(obj, attribute, _MISSING)
            if value is not _MISSING and not isinstance(value, _METHODS):
                return value
        return super().getattr(obj, attribute)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        allowed = super().is_safe_attribute(obj, attr, value)
        if allowed:
            self._allowed.add((type(obj), attr))
        return allowed


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
        environment = _Sandbox(
            loader=_loader(package),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,  # else each part of a template asks for its file's age, row by row
        )
        environment.globals.clear()
        environment.filters.update(self._filters)
        return environment


def _loader(package: str) -> BaseLoader:
    folder = "templates" if package == "halo_host.tabs" else ""
    try:
        return PackageLoader(package, folder)
    except (ImportError, TypeError, ValueError):
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

    both = str(get_datetime_format("medium", locale=language)).replace("'", "")

    @lru_cache(4_000)
    def local_date(day: date) -> str:
        return format_date(day, format="medium", locale=language)

    @lru_cache(10_000)
    def local_time(clock: time) -> str:
        return format_time(clock, format="medium", locale=language)

    def local_day(value: date) -> str:
        """Of a moment, the day in the operator's zone."""
        if isinstance(value, datetime):
            value = value.astimezone(zone).date()
        return local_date(value)

    def local_datetime(moment: datetime) -> str:
        """As `babel.dates.format_datetime` writes it. Tabs have many of few days and times."""
        local = moment.astimezone(zone)
        clock = local_time(local.time().replace(microsecond=0))
        return both.replace("{0}", clock).replace("{1}", local_date(local.date()))

    return {"money": Amounts(language).text, "date": local_day, "datetime": local_datetime}
