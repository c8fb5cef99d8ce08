"""Find plugins, keep a bad one from harming the rest, and call each under its own name.

Plugins come from the entry-point group `halo_host.plugins`. Whatever is wrong with one becomes a
`PluginReport` that names plugin, distribution and version and says what to do; with `strict` it is
raised instead, which is what a plugin author wants.
"""

from __future__ import annotations

import inspect
import logging
import sys
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field, replace
from importlib.metadata import Distribution, EntryPoint, entry_points
from typing import Any, Self

import pluggy
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from . import __version__, hookspecs
from .config_schema import check_integration
from .errors import HostError, NotFound, PluginError
from .types import Connection, Demo, Integration, Secret

GROUP = "halo_host.plugins"
PREFIX = "halo_"
_log = logging.getLogger("halo_host.plugins")


@dataclass(frozen=True, kw_only=True, slots=True)
class PluginReport:
    """One plugin that was found: whether it is ready, and if not, why and what to do."""

    name: str
    distribution: str | None = None
    version: str | None = None
    ready: bool = True
    reason: str | None = None
    advice: str | None = None
    hooks: tuple[str, ...] = ()
    integrations: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        if self.distribution is None:
            return f"The plugin {self.name}"
        return f"The plugin {self.name} ({self.distribution} {self.version})"


class _Unfit(Exception):
    """What is wrong with a plugin that is being loaded, and what its author should do."""

    def __init__(self, reason: str, advice: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.advice = advice


@dataclass
class Plugins:
    """The plugins of one host."""

    strict: bool = False
    reports: dict[str, PluginReport] = field(default_factory=dict)
    _integrations: dict[str, tuple[Integration, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._manager = pluggy.PluginManager("halo_host")
        self._manager.add_hookspecs(hookspecs)

    @classmethod
    def installed(cls, *, strict: bool = False) -> Self:
        """Load every installed plugin, in the order of their names."""
        plugins = cls(strict=strict)
        found = entry_points(group=GROUP)
        for entry_point in sorted(found, key=lambda it: (it.name, it.dist.name if it.dist else "")):
            plugins.load(entry_point)
        return plugins

    def load(self, entry_point: EntryPoint) -> None:
        found = entry_point.dist
        self._admit(
            PluginReport(
                name=entry_point.name,
                distribution=found.name if found else None,
                version=found.version if found else None,
            ),
            lambda: _imported(entry_point),
        )

    def add(self, name: str, plugin: object) -> None:
        """Take in a plugin that is not installed, as tests do."""
        self._admit(PluginReport(name=name), lambda: plugin)

    def _admit(self, report: PluginReport, obtain: Callable[[], object]) -> None:
        key = report.name
        try:
            if report.name in self.reports:
                key = f"{report.name} ({report.distribution})"
                first = self.reports[report.name].label
                raise _Unfit(
                    f"its name is taken: {first} was loaded first",
                    "Uninstall one of the two, or ask its author for another entry-point name.",
                )
            with redirect_stdout(
                sys.stderr
            ):  # what a plugin prints must not spoil a command's JSON
                plugin = obtain()
            hooks = self._checked_hooks(plugin)
            self._manager.register(plugin, report.name)
            ready = replace(report, hooks=hooks)
            self.reports[key] = ready
            self.reports[key] = replace(ready, integrations=self._take_integrations(ready))
        except _Unfit as unfit:
            self._refuse(key, report, unfit.reason, unfit.advice)
        except HostError as error:
            self._refuse(key, report, error.message, "Tell its author, or uninstall it.")
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:
            _log.debug("%s", traceback.format_exc())
            self._refuse(
                key,
                report,
                f"it cannot be loaded: {type(error).__name__}: {error}",
                "Reinstall or upgrade it; with HALO_HOST_STRICT=1 the whole error is shown.",
            )

    def _refuse(self, key: str, report: PluginReport, reason: str, advice: str) -> None:
        if self.strict:
            raise PluginError(f"{report.label} is not used: {reason}.", advice=advice)
        if key == report.name and self._manager.has_plugin(report.name):
            self._manager.unregister(name=report.name)
        self.reports[key] = replace(report, ready=False, reason=reason, advice=advice)

    def _checked_hooks(self, plugin: object) -> tuple[str, ...]:
        if inspect.isclass(plugin):
            raise _Unfit(
                f"its entry point names the class {plugin.__name__}, not an instance of it",
                f"In the plugin, write `plugin = {plugin.__name__}()` and name that.",
            )
        try:
            hash(plugin)
        except TypeError:
            raise _Unfit(
                f"its entry point names an object of {type(plugin).__name__} that has no hash",
                "Use a module, or a class with the default `__eq__` and `__hash__`.",
            ) from None
        known = {name for name in vars(hookspecs) if name.startswith(PREFIX)}
        marked = tuple(
            name for name in dir(plugin) if self._manager.parse_hookimpl_opts(plugin, name)
        )
        for name in marked:
            if name not in known:
                raise _Unfit(
                    f"{name} is no hook of this host",
                    "Check its spelling, and that the plugin supports this host's version.",
                )
            _check_arguments(plugin, name)
        for name in known.difference(marked):
            if callable(getattr(plugin, name, None)):
                raise _Unfit(
                    f"its function {name} is not marked as a hook",
                    "Put @hookimpl above it (from halo_host import hookimpl).",
                )
        return tuple(sorted(marked))

    def _take_integrations(self, report: PluginReport) -> tuple[str, ...]:
        declared: dict[str, Integration] = {}
        for integration in self.call(report.name, "halo_integrations")[0:1]:
            for item in integration:
                check_integration(item)
                if item.slug in self._integrations or item.slug in declared:
                    owner = self._integrations.get(item.slug, (item, report.name))[1]
                    raise _Unfit(
                        f"the integration {item.slug} is taken: {self.reports[owner].label} "
                        "declares it too",
                        "Uninstall one of the two.",
                    )
                declared[item.slug] = item
        for slug, item in declared.items():
            self._integrations[slug] = (item, report.name)
        return tuple(declared)

    # --- calling -------------------------------------------------------------------------------

    @property
    def integrations(self) -> list[Integration]:
        return [integration for integration, _ in self._integrations.values()]

    def integration(self, slug: str) -> Integration:
        """:raises NotFound: no plugin that is ready brings it; a failed one is named."""
        return self._owned(slug)[0]

    def _owned(self, slug: str) -> tuple[Integration, str]:
        if slug in self._integrations:
            return self._integrations[slug]
        known = ", ".join(sorted(self._integrations)) or "none"
        broken = ", ".join(report.name for report in self.reports.values() if not report.ready)
        raise NotFound(
            f"No plugin brings the integration {slug}. Ready are: {known}."
            + (f" Not used because of an error: {broken}." if broken else ""),
            advice="Install its plugin, or see `halo-host plugins`.",
        )

    def demos(self) -> list[Demo]:
        """The demos of every plugin that has one."""
        found = [
            self.call(name, "halo_demo") for name, report in self.reports.items() if report.ready
        ]
        return [demo for demo in found if isinstance(demo, Demo)]

    def ask(self, hook: str, connection: Connection, **arguments: Any) -> Any:
        """Call a `firstresult` hook of the plugin that owns the connection; None if it has none."""
        owner = self._owned(connection.integration)[1]
        return self.call(owner, hook, connection=connection, **arguments)

    def tell(self, hook: str, connection: Connection) -> None:
        """Call a hook that returns nothing of the plugin that owns the connection."""
        self.ask(hook, connection)

    def stream(self, hook: str, connection: Connection) -> Generator[Any] | None:
        """As `ask`, for a hook that yields: what it raises half-way is attributed as well."""
        owner = self._owned(connection.integration)[1]
        items = self.call(owner, hook, connection=connection)
        return None if items is None else self._attributed_items(owner, hook, items, connection)

    def _attributed_items(
        self, owner: str, hook: str, items: Iterable[Any], connection: Connection
    ) -> Generator[Any]:
        with self.attributed(owner, hook, connection):
            yield from items

    def call(self, owner: str, hook: str, **arguments: Any) -> Any:
        others = [plugin for name, plugin in self._manager.list_name_plugin() if name != owner]
        caller = self._manager.subset_hook_caller(hook, others)
        with self.attributed(owner, hook, arguments.get("connection")):
            return caller(**arguments)

    @contextmanager
    def attributed(
        self, owner: str, hook: str, connection: Connection | None = None
    ) -> Iterator[None]:
        """Turn whatever a plugin raises into a `PluginError` that names it and holds no secret."""
        try:
            yield
        except (HostError, KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:  # SystemExit too, and the panics of compiled plugins
            _log.debug("%s", _without_secrets(traceback.format_exc(), connection))
            said = _without_secrets(f"{type(error).__name__}: {error}", connection)
            raise PluginError(
                f"{self.reports[owner].label} failed in {hook}: {said}",
                advice="Tell its author; other integrations are not touched by this.",
            ) from None

    def owner_of(self, connection: Connection) -> str:
        return self._owned(connection.integration)[1]


def _imported(entry_point: EntryPoint) -> object:
    if entry_point.dist is not None:
        _check_host_version(entry_point.dist)
    return entry_point.load()


def _check_host_version(distribution: Distribution) -> None:
    for text in distribution.requires or ():
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        if canonicalize_name(requirement.name) != "halo-host" or (
            requirement.marker and not requirement.marker.evaluate({"extra": ""})
        ):
            continue
        if not requirement.specifier.contains(__version__, prereleases=True):
            raise _Unfit(
                f"it needs halo-host {requirement.specifier}, and this is {__version__}",
                "Install a version of the plugin that fits this host, or upgrade the host.",
            )


def _check_arguments(plugin: object, name: str) -> None:
    offered = list(inspect.signature(getattr(hookspecs, name)).parameters)
    wanted = [
        parameter
        for parameter in inspect.signature(getattr(plugin, name)).parameters
        if parameter not in offered
    ]
    if wanted:
        raise _Unfit(
            f"{name} takes the argument {wanted[0]}, which this hook does not have",
            f"The hook's arguments are: {', '.join(offered) or 'none'}.",
        )


def _without_secrets(text: str, connection: Connection | None) -> str:
    for value in (connection.settings if connection else {}).values():
        if isinstance(value, Secret) and value.reveal():
            text = text.replace(value.reveal(), str(value))
    return text
