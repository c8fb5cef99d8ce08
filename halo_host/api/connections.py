"""Connections: settings without secrets, enable, configure, check, disable, health."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from ..agents.roles import Role
from ..errors import InvalidInput
from ..jobs.job import Job
from ..payments.unlinked import Unlinked
from ..sync.due import Planned
from ..sync.sync import LastProof
from ..types import CheckResult, MappableField
from .callers import the_caller, the_host
from .routes import Answer, Items, Routes
from .shapes import Body, Name, Number, Shape, Slug

routes = Routes("Connections", "Configured accounts of integrations. Secrets go in and never out.")


class MatchingShape(Shape):
    """How imports find the place of a payer. `default_site` is the number of a site."""

    company_name_matching: bool
    default_site: int | None
    user_id_key: str | None


class Connection(Shape):
    """`settings` leaves secrets out; `secrets` names those that are set."""

    slug: Slug
    integration: str
    name: str
    enabled: bool
    settings: Mapping[str, Any]
    secrets: list[str]
    matching: MatchingShape
    created_at: datetime
    disabled_at: datetime | None


class MatchingChange(Body):
    company_name_matching: bool | None = None
    default_site: Number | None = None
    user_id_key: Annotated[str | None, Field(max_length=200)] = None


class NewConnection(Body):
    """Enables the connection again where there is a disabled one of that slug."""

    integration: Name
    slug: Slug | None = None
    name: Name | None = None
    settings: dict[str, Any] = Field(default={}, description="As the integration's schema says.")
    matching: MatchingChange = MatchingChange()


class ConnectionChange(Body):
    """What is left out stays as it is; a setting that is null is taken away."""

    name: Name | None = None
    settings: dict[str, Any] | None = None
    matching: MatchingChange | None = None


class MirrorHealth(Shape):
    """`problems` say what is wrong; without any the mirror is healthy. `is_paused`: nothing begins
    by itself. `review` is the import whose review the users wait for."""

    connection: Slug
    name: str
    checked_at: datetime | None
    age_seconds: int | None
    proof: LastProof | None
    waiting: Unlinked
    failed_records: int
    alerts: int
    money_alerts: int
    last_run: Job | None
    next_run: Planned | None
    is_paused: bool
    problems: list[str]
    review: int | None


class HealthShape(Shape):
    healthy: bool
    problems: list[str]
    mirrors: list[MirrorHealth]
    unmirrored: list[str]


@routes.get("/connections", answer=Items[Connection])
def listed() -> Any:
    """List all connections."""
    return {"items": the_host().connections.all()}


@routes.get("/connections/<slug>", answer=Connection)
def show(slug: Slug) -> Any:
    """Show a connection."""
    return the_host().connections.get(slug)


@routes.post("/connections", answer=Connection, role=Role.ADMINISTRATOR, status=201, work=True)
def enable(body: NewConnection) -> Any:
    """Enable an integration."""
    _refuse_references(body.settings)
    made = the_host().connections.enable(
        body.integration,
        body.settings,
        agent=the_caller().name,
        slug=body.slug,
        name=body.name,
        matching=body.matching.model_dump(exclude_unset=True),
    )
    return Answer(made, location=f"/api/v1/connections/{made.slug}")


@routes.patch("/connections/<slug>", answer=Connection, role=Role.ADMINISTRATOR, guarded=show)
def configure(slug: Slug, body: ConnectionChange) -> Any:
    """Change a connection: its name, settings, matching."""
    _refuse_references(body.settings or {})
    return the_host().connections.configure(
        slug,
        agent=the_caller().name,
        settings=body.settings,
        name=body.name,
        matching=None if body.matching is None else body.matching.model_dump(exclude_unset=True),
    )


@routes.post("/connections/<slug>/disable", answer=Connection, role=Role.ADMINISTRATOR)
def disable(slug: Slug) -> Any:
    """Stop all work of a connection; its history stays readable."""
    return the_host().connections.disable(slug, agent=the_caller().name)


@routes.post("/connections/<slug>/check", answer=CheckResult, role=Role.OPERATOR, provider=True)
def check(slug: Slug) -> Any:
    """Try a connection at its provider."""
    return the_host().connections.check(slug)


@routes.get(
    "/connections/<slug>/fields",
    answer=Items[MappableField],
    role=Role.OPERATOR,
    provider=True,
)
def fields(slug: Slug) -> Any:
    """List the provider's custom fields that can be mapped, with samples."""
    return {"items": the_host().connections.mappable_fields(slug)}


@routes.get("/connections/<slug>/health", answer=HealthShape)
def health(slug: Slug) -> Any:
    """Tell whether the mirror of a connection is right, recent and proved."""
    return _health(slug)


@routes.get("/health", answer=HealthShape)
def all_health() -> Any:
    """Tell whether all mirrors are right, recent and proved."""
    return _health(None)


def _health(slug: str | None) -> HealthShape:
    found = the_host().health.look(slug)
    mirrors = []
    for it in found.mirrors:
        facts = {name: getattr(it, name) for name in MirrorHealth.model_fields if hasattr(it, name)}
        facts["age_seconds"] = None if it.age is None else int(it.age.total_seconds())
        mirrors.append(MirrorHealth.model_validate(facts))
    return HealthShape(
        healthy=found.is_healthy,
        problems=list(found.problems),
        mirrors=mirrors,
        unmirrored=list(found.unmirrored),
    )


def _refuse_references(settings: Mapping[str, Any]) -> None:
    """What the command line reads from files of its own machine is no setting here."""
    for name, value in settings.items():
        if isinstance(value, dict) and {"$env", "$file"} & set(value):
            raise InvalidInput(
                f"The setting {name[:40]} is a reference, which the command line resolves.",
                advice="Send the value itself.",
                fields={name[:40]: "must be the value itself"},
            )
