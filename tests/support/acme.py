"""A service desk with the plugin Acme Pay: a small directory, and a ledger of payers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from halo_host.host import Host
from halo_host.imports.change_sets import ChangeRow, ChangeSet
from halo_host.imports.rules import Action

INSTALLED = Path(__file__).parents[1] / "installed"
AGENT = "tester"
CONNECTION = "acme-pay"


class Ledger:
    """The provider: a file that holds its payers."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.write()

    def write(self, *records: Mapping[str, Any]) -> None:
        lines = (json.dumps(record) + "\n" for record in records)
        self.path.write_text("".join(lines), encoding="utf-8")


class Desk:
    """A service desk with a connection to Acme Pay, for tests to work on."""

    def __init__(self, host: Host, ledger: Ledger) -> None:
        self.host = host
        self.ledger = ledger
        self.acme = host.directory.add_customer(
            "Acme Ltd", site_names=("Head office", "Warehouse"), agent=AGENT
        )
        self.default_site = host.directory.sites(
            host.directory.add_customer("Unsorted", agent=AGENT).id
        )[0]

    def enable(self, slug: str = CONNECTION, **matching: Any) -> None:
        self.host.connections.enable(
            "acme-pay",
            {"ledger": str(self.ledger.path), "api_key": "a-secret-key"},
            slug=slug,
            agent=AGENT,
            matching={"default_site": self.default_site.id, **matching},
        )

    def site(self, name: str) -> int:
        return self.host.directory.site(name).id

    def add_user(self, site: str, **fields: str) -> int:
        return self.host.directory.add_user(site, fields, agent=AGENT).id

    def edit(self, user: int, **fields: str) -> None:
        self.host.directory.edit_user(user, fields, agent=AGENT)

    def run(self, *payers: Mapping[str, Any], slug: str = CONNECTION) -> ChangeSet:
        """Import a list of payers; without any, the ledger as it stands."""
        if payers:
            self.ledger.write(*payers)
        return self.host.imports.run(slug, agent=AGENT).change_set

    def rows(self, change_set: ChangeSet, action: Action | None = None) -> Sequence[ChangeRow]:
        return self.host.imports.rows(change_set.number, action=action)

    def only_row(self, change_set: ChangeSet) -> ChangeRow:
        (row,) = self.rows(change_set)
        return row

    def user_of(self, payer: str, slug: str = CONNECTION) -> int:
        """The user that a payer is linked to."""
        for user in self.host.directory.users(limit=1_000):
            for link in self.host.directory.links(user.id):
                if (link.connection, link.external_id) == (slug, payer):
                    return user.id
        raise AssertionError(f"{payer} is linked to nobody")

    def names(self) -> list[str]:
        return [user.name for user in self.host.directory.users(limit=1_000)]
