"""Connections: enable, configure, check, disable. Every face calls these methods."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection as DatabaseConnection
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.engine import Row

from .. import config_schema
from ..audit import record
from ..database.columns import clean_text
from ..database.database import Database
from ..database.ids import allocate_ids
from ..database.tables import connections
from ..errors import HostError, InvalidInput, NotFound, PluginError
from ..logs import conceal
from ..plugins import Plugins
from ..types import CheckMessage, CheckResult, Connection, Integration, MappableField, Secret
from . import mappings, secrets
from .keyring import Keyring
from .mappings import FieldMapping
from .matching import Matching, Policy, checked

_LONGEST_NAME = 200
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
# Read for each page, so these are made once.
_ALL = select(connections).order_by(connections.c.slug)
_BY_SLUG = select(connections).where(connections.c.slug == bindparam("slug"))
_log = logging.getLogger("halo_host.connections")


@dataclass(frozen=True, kw_only=True, slots=True)
class ConnectionDetails:
    """A connection as faces show it. `settings` leaves secrets out; `secrets` names those set."""

    id: int
    slug: str
    integration: str
    name: str
    enabled: bool
    settings: Mapping[str, Any]
    secrets: tuple[str, ...]
    matching: Matching
    created_at: datetime
    disabled_at: datetime | None


class Connections:
    def __init__(
        self,
        database: Database,
        plugins: Plugins,
        keyring: Keyring,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._plugins = plugins
        self._keyring = keyring
        self._clock = clock

    # --- reading -------------------------------------------------------------------------------

    def all(self) -> list[ConnectionDetails]:
        with self._database.read() as connection:
            rows = connection.execute(_ALL).all()
            secret_names = secrets.all_names(connection)
            return [self._details(row, secret_names.get(row.id, ())) for row in rows]

    def get(self, slug: str) -> ConnectionDetails:
        """:raises NotFound: no connection has that slug; the message names those there are."""
        with self._database.read() as connection:
            row = _row(connection, slug)
            return self._details(row, secrets.names(connection, row.id))

    def for_plugin(self, slug: str) -> Connection:
        """The connection with its secrets, as its plugin gets it."""
        return self._for_plugin(slug)

    def _for_plugin(self, slug: str, but: Collection[str] = ()) -> Connection:
        with self._database.read() as connection:
            return self._with_secrets(connection, _row(connection, slug), but)

    def _with_secrets(
        self, connection: DatabaseConnection, row: Row[Any], but: Collection[str] = ()
    ) -> Connection:
        secret = secrets.load(connection, self._keyring, row.id, but=but)
        conceal(*(it.reveal() for it in secret.values()))
        return Connection(
            id=row.id,
            slug=row.slug,
            integration=row.integration,
            name=row.name,
            settings=row.settings | secret,
        )

    def ready(self, slug: str) -> Connection:
        """As `for_plugin`, for work at the provider.

        :raises InvalidInput: the connection is disabled, or its settings do not fit the schema,
            as when a secret was reset.
        """
        with self._database.read() as connection:
            row = _row(connection, slug)
            if row.disabled_at is not None:
                raise InvalidInput(
                    f"The connection {slug} is disabled.",
                    advice=f"Enable it again: `halo-host connections enable {row.integration} "
                    f"--slug {slug}`",
                )
            schema = self._plugins.integration(row.integration).config_schema
            found = self._with_secrets(connection, row)
        config_schema.validate(schema, _plain(found.settings), slug)
        return found

    # --- changing ------------------------------------------------------------------------------

    def enable(
        self,
        integration: str,
        settings: Mapping[str, Any],
        *,
        agent: str,
        slug: str | None = None,
        name: str | None = None,
        matching: Mapping[str, Any] | None = None,
    ) -> ConnectionDetails:
        """Make a connection, or enable again one that was disabled.

        `settings` holds secrets in plain text. The plugin is told after the commit.

        A new one without a name is called as its integration, with a number where that is taken.

        :raises InvalidInput: settings break the schema, or the slug or the name is in use.
        :raises NotFound: no plugin brings the integration.
        """
        tile = self._plugins.integration(integration)
        slug = slug or integration
        _check_slug(slug)
        with self._database.read() as connection:
            there = connection.execute(select(connections).filter_by(slug=slug)).one_or_none()
        if there is not None and (there.disabled_at is None or there.integration != integration):
            raise _slug_taken(slug)
        if there is None:
            self._create(tile, slug, _checked_name(name), settings, matching or {}, agent)
        else:
            self.configure(slug, agent=agent, settings=settings, name=name, matching=matching)
            self._set_disabled(slug, None, agent)
        self._tell("halo_connection_enabled", slug)
        return self.get(slug)

    def unfit(
        self, integration: str, settings: Mapping[str, Any], *, slug: str, name: str
    ) -> Mapping[str, InvalidInput]:
        """Why `enable` would refuse to make this connection, for a form that says all at once: by
        "slug", "name" and "settings", each at most once.

        :raises NotFound: no plugin brings the integration.
        """
        tile = self._plugins.integration(integration)
        with self._database.read() as connection:
            checks: Mapping[str, Callable[[], object]] = {
                "slug": lambda: _refuse_slug(connection, slug),
                "name": lambda: _refuse_name(connection, _checked_name(name)),
                "settings": lambda: _whole(tile, settings, slug),
            }
            found: dict[str, InvalidInput] = {}
            for part, check in checks.items():
                try:
                    check()
                except InvalidInput as error:
                    found[part] = error
        return found

    def free_name(self, integration: str) -> str:
        """What a new connection of the integration is called where nobody gives it a name."""
        with self._database.read() as connection:
            return _free_name(connection, self._plugins.integration(integration).title)

    def _create(
        self,
        tile: Integration,
        slug: str,
        name: str | None,
        settings: Mapping[str, Any],
        match: Mapping[str, Any],
        agent: str,
    ) -> None:
        whole = _whole(tile, settings, slug)
        public, secret = _parted(tile.config_schema, whole)
        with self._database.write() as connection:
            chosen = checked(connection, match)
            (number,) = allocate_ids(connection, connections)  # writers queue up from here
            name = name or _free_name(connection, tile.title)
            _refuse_name(connection, name)
            row = {
                "id": number,
                "slug": slug,
                "integration": tile.slug,
                "name": name,
                "settings": public,
                "created_at": self._clock(),
                **_columns(chosen),
            }
            connection.execute(insert(connections).values(**row))
            secrets.store(connection, self._keyring, row["id"], secret)
            after = {"name": name, "settings": public, "secrets": sorted(secret), **asdict(chosen)}
            self._audit(connection, agent, "connection.enabled", slug, None, after)

    def configure(
        self,
        slug: str,
        *,
        agent: str,
        settings: Mapping[str, Any] | None = None,
        name: str | None = None,
        matching: Mapping[str, Any] | None = None,
    ) -> ConnectionDetails:
        """Change what is named and keep the rest; a secret that is not given stays.

        A setting given as None is taken out. The name that it has may stay, also where an earlier
        version let another connection have the same.

        :raises InvalidInput: settings break the schema, or another connection has the name.
        """
        name = _checked_name(name)
        stored = self._for_plugin(slug, but=settings or {})
        schema = self._plugins.integration(stored.integration).config_schema
        merged = {**stored.settings, **(settings or {})}
        plain = _plain(merged)
        config_schema.validate(schema, plain, slug)
        public, secret = _parted(schema, plain)
        secret_names = config_schema.secret_names(schema)
        with self._database.write() as connection:
            row = _row(connection, slug)
            before = self._details(row, secrets.names(connection, row.id))
            if name and _name_key(name) != _name_key(before.name):
                _refuse_name(connection, name)
            chosen = checked(connection, {**asdict(before.matching), **(matching or {})})
            connection.execute(
                update(connections)
                .filter_by(slug=slug)
                .values(settings=public, name=name or before.name, **_columns(chosen))
            )
            changed = {key: secret.get(key) for key in secret_names if key in (settings or {})}
            secrets.store(connection, self._keyring, before.id, changed)
            self._audit(
                connection,
                agent,
                "connection.configured",
                slug,
                {"name": before.name, "settings": before.settings, **asdict(before.matching)},
                {
                    "name": name or before.name,
                    "settings": public,
                    "secrets": sorted(changed),
                    **asdict(chosen),
                },
            )
        return self.get(slug)

    def disable(self, slug: str, *, agent: str) -> ConnectionDetails:
        """Stop all work of the connection. Links, change sets and history stay readable."""
        if self.get(slug).enabled:
            self._set_disabled(slug, self._clock(), agent)
            self._tell("halo_connection_disabled", slug)
        return self.get(slug)

    def check(self, slug: str) -> CheckResult:
        """Try the connection at its provider."""
        result = self._plugins.ask("halo_check_connection", self.ready(slug))
        if result is None:
            unknown = CheckMessage(level="info", text="This integration cannot be checked.")
            return CheckResult(ok=True, messages=(unknown,))
        if not isinstance(result, CheckResult):
            raise PluginError(f"The plugin of {slug} answered the check with no CheckResult.")
        return result

    def rotate_secrets(self, *, agent: str) -> int:
        """Encrypt every secret with a new key; how many."""
        count = secrets.rotate(self._database, self._keyring)
        with self._database.write() as connection:
            self._audit(connection, agent, "secrets.rotated", "all", None, {"secrets": count})
        return count

    def reset_secrets(self, *, agent: str) -> int:
        """Forget every secret and the key, for when the key is lost; how many were forgotten."""
        count = secrets.reset(self._database, self._keyring)
        with self._database.write() as connection:
            self._audit(connection, agent, "secrets.reset", "all", None, {"secrets": count})
        return count

    # --- field mappings ------------------------------------------------------------------------

    def mappable_fields(self, slug: str) -> list[MappableField]:
        """The provider's custom fields, with samples; asks the provider."""
        return list(self._plugins.stream("halo_mappable_fields", self.ready(slug)) or ())

    def mappings(self, slug: str) -> list[FieldMapping]:
        with self._database.read() as connection:
            return mappings.mappings(connection, _row(connection, slug).id)

    def core_policies(self, slug: str) -> dict[str, Policy]:
        with self._database.read() as connection:
            return mappings.core_policies(connection, _row(connection, slug).id)

    def map_field(
        self, slug: str, metadata_key: str, custom_field: str, policy: Policy, *, agent: str
    ) -> FieldMapping:
        with self._database.write() as connection:
            row = _row(connection, slug)
            mapping = mappings.put(connection, row.id, metadata_key, custom_field, policy)
            self._audit(connection, agent, "mapping.set", slug, None, asdict(mapping))
        return mapping

    def unmap_field(self, slug: str, custom_field: str, *, agent: str) -> FieldMapping:
        with self._database.write() as connection:
            mapping = mappings.remove(connection, _row(connection, slug).id, custom_field)
            self._audit(connection, agent, "mapping.removed", slug, asdict(mapping), None)
        return mapping

    def set_core_policy(self, slug: str, field: str, policy: Policy, *, agent: str) -> None:
        with self._database.write() as connection:
            before = mappings.put_core_policy(connection, _row(connection, slug).id, field, policy)
            self._audit(
                connection, agent, "core-policy.set", slug, {field: before}, {field: policy}
            )

    # --- parts ---------------------------------------------------------------------------------

    def _details(self, row: Row[Any], secret_names: tuple[str, ...]) -> ConnectionDetails:
        return ConnectionDetails(
            id=row.id,
            slug=row.slug,
            integration=row.integration,
            name=row.name,
            enabled=row.disabled_at is None,
            settings=row.settings,
            secrets=secret_names,
            matching=Matching(
                company_name_matching=row.company_name_matching,
                default_site=row.default_site_id,
                user_id_key=row.user_id_key,
            ),
            created_at=row.created_at,
            disabled_at=row.disabled_at,
        )

    def _set_disabled(self, slug: str, at: datetime | None, agent: str) -> None:
        with self._database.write() as connection:
            connection.execute(update(connections).filter_by(slug=slug).values(disabled_at=at))
            action = "connection.enabled" if at is None else "connection.disabled"
            self._audit(connection, agent, action, slug, None, None)

    def _tell(self, hook: str, slug: str) -> None:
        """A plugin that fails to take note does not undo what the operator did."""
        try:
            self._plugins.tell(hook, self.for_plugin(slug))
        except HostError as error:
            _log.warning("%s", error.message)

    def _audit(
        self,
        connection: DatabaseConnection,
        agent: str,
        action: str,
        slug: str,
        before: Mapping[str, Any] | None,
        after: Mapping[str, Any] | None,
    ) -> None:
        record(
            connection,
            at=self._clock(),
            agent=agent,
            action=action,
            entity="connection",
            entity_id=slug,
            before=before,
            after=after,
        )


def _row(connection: DatabaseConnection, slug: str) -> Row[Any]:
    row = connection.execute(_BY_SLUG, {"slug": slug}).one_or_none()
    if row is None:
        known = ", ".join(connection.scalars(select(connections.c.slug)).all()) or "none"
        raise NotFound(
            f"There is no connection {slug[:60]}. Connections: {known}.",
            advice="Make one with `halo-host connections enable INTEGRATION`.",
        )
    return row


def _checked_name(name: str | None) -> str | None:
    """What people are to call a connection; None for the name it has, or its integration's.

    :raises InvalidInput: it is too long.
    """
    cleaned = clean_text(name or "")
    if len(cleaned) > _LONGEST_NAME:
        raise InvalidInput(
            f"The name of a connection has {len(cleaned):,} characters; "
            f"at most {_LONGEST_NAME} are stored.",
            fields={"name": f"is longer than {_LONGEST_NAME} characters"},
        )
    return cleaned or None


def _check_slug(slug: str) -> None:
    """:raises InvalidInput: it cannot name a connection."""
    if not _SLUG.fullmatch(slug):
        raise InvalidInput(
            f"{slug[:60]} cannot name a connection.",
            advice="Use lower-case letters, digits and -, at most 60.",
        )


def _refuse_slug(connection: DatabaseConnection, slug: str) -> None:
    """:raises InvalidInput: it cannot name a new connection, or names one already."""
    _check_slug(slug)
    if connection.execute(_BY_SLUG, {"slug": slug}).one_or_none() is not None:
        raise _slug_taken(slug)


def _slug_taken(slug: str) -> InvalidInput:
    return InvalidInput(
        f"There is a connection {slug} already.",
        advice="Change it with `halo-host connections configure`, "
        "or give the new one another name with --slug.",
    )


def _name_key(name: str) -> str:
    """The same for two names that people cannot tell apart."""
    return " ".join(name.split()).casefold()


def _taken_names(connection: DatabaseConnection) -> dict[str, str]:
    return {_name_key(name): name for name in connection.scalars(select(connections.c.name))}


def _refuse_name(connection: DatabaseConnection, name: str | None) -> None:
    """:raises InvalidInput: a connection has that name already."""
    taken = _taken_names(connection).get(_name_key(name or ""))
    if taken is not None:
        raise InvalidInput(
            f"There is a connection “{taken}” already.",
            advice="Give this one a name of its own.",
            fields={"name": "is that of another connection; give this one a name of its own"},
        )


def _free_name(connection: DatabaseConnection, title: str) -> str:
    """The integration's title, with a number where a connection is called so."""
    taken = _taken_names(connection)
    name, number = title, 1
    while _name_key(name) in taken:
        number += 1
        name = f"{title} {number}"
    return name


def _whole(tile: Integration, settings: Mapping[str, Any], slug: str) -> dict[str, Any]:
    """The settings of a new connection with the schema's defaults.

    :raises InvalidInput: they break the schema.
    """
    whole = config_schema.with_defaults(tile.config_schema, settings)
    config_schema.validate(tile.config_schema, whole, slug)
    return whole


def _plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as they were typed, without those that are None."""
    return {
        name: value.reveal() if isinstance(value, Secret) else value
        for name, value in settings.items()
        if value is not None
    }


def _parted(
    schema: Mapping[str, Any], settings: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    names = config_schema.secret_names(schema)
    public = {name: value for name, value in settings.items() if name not in names}
    return public, {name: settings[name] for name in names if name in settings}


def _columns(chosen: Matching) -> dict[str, Any]:
    return {
        "company_name_matching": chosen.company_name_matching,
        "default_site_id": chosen.default_site,
        "user_id_key": chosen.user_id_key,
    }
