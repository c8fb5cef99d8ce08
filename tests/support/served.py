"""What a host's web application serves: every route with its method and who may use it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Flask

from halo_host.agents.roles import Role
from halo_host.web.shell.access import is_public, role_of

if TYPE_CHECKING:
    from halo_host.api.routes import Route

# Of the API these two alone ask for no token: they tell what it can do, and nothing else.
DESCRIPTION = frozenset({"/api/docs", "/api/v1/openapi.json"})
# Names in addresses for which a number is no good value.
NAMES = {
    "connection": "acme-pay",
    "integration": "acme-pay",
    "slug": "acme-pay",
    "field": "1",
    "payment": "PM1",
    "name": "app.css",
    "digest": "0",
    "custom_field": "1",
}
_ARGUMENT = re.compile(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>")


@dataclass(frozen=True)
class Served:
    """`role` is None for what is public."""

    method: str
    rule: str
    endpoint: str
    role: Role | None

    @property
    def is_api(self) -> bool:
        return self.rule.startswith("/api/")

    @property
    def arguments(self) -> list[str]:
        return _ARGUMENT.findall(self.rule)

    def address(self, number: str = "1", **named: str) -> str:
        """With these values, as they stand; with the connection Acme Pay, and numbers."""
        values: Mapping[str, str] = NAMES | named
        return _ARGUMENT.sub(lambda found: values.get(found[1], number), self.rule)


def served_by(app: Flask) -> Iterator[Served]:
    """:raises AssertionError: a view says not who may use it."""
    with app.app_context():
        for rule in app.url_map.iter_rules():
            route: Route | None = getattr(app.view_functions[rule.endpoint], "halo_api_route", None)
            role = route.role if route is not None else role_of(rule.endpoint)
            is_open = is_public(rule.endpoint) or rule.rule in DESCRIPTION
            assert (role is None) == is_open, f"{rule.rule} says not who may use it"
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield Served(method, rule.rule, rule.endpoint, role)
