"""Whatever the directory holds, a file carries it to an empty directory with the same values."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from halo_host.database.database import Database
from halo_host.database.tables import CORE_FIELDS, id_counters, metadata
from halo_host.directory.directory import Directory
from halo_host.directory.spreadsheet import FORMATS, Format
from halo_host.errors import InvalidInput

AGENT = "tester"

# What files, spreadsheets and databases treat in a special way, mixed with all the rest.
TEXTS = st.text(
    st.sampled_from("'=+-@\t\r\n ;,\"|_x0D\0\x1f\x7f\x85\u2028\ufeff\uffff\ud800")
    | st.characters(),
    max_size=12,
) | st.sampled_from(["_x000D_", "_x005F_", "#N/A", "TRUE", "007", "1e5", "2026-11-23", "''=1"])


@dataclass
class SomeUser:
    reference: str | None
    fields: dict[str, str]
    custom: str


@dataclass
class SomeCustomer:
    name: str
    reference: str | None
    sites: list[str]
    invoice_site: int
    users: list[SomeUser] = field(default_factory=list)


USERS = st.builds(
    SomeUser,
    reference=st.none() | TEXTS,
    fields=st.dictionaries(st.sampled_from(CORE_FIELDS), TEXTS, max_size=4),
    custom=TEXTS,
)
CUSTOMERS = st.builds(
    SomeCustomer,
    name=TEXTS,
    reference=st.none() | TEXTS,
    sites=st.lists(TEXTS, min_size=1, max_size=3),
    invoice_site=st.integers(0, 2),
    users=st.lists(USERS, max_size=3),
)


def fill(directory: Directory, customers: list[SomeCustomer]) -> None:
    """Add what the directory takes; names that are empty or there already are left out."""
    for some in customers:
        with suppress(InvalidInput):
            customer = directory.add_customer(
                some.name, site_names=some.sites, reference=some.reference, agent=AGENT
            )
            sites = directory.sites(customer.id)
            directory.set_invoice_site(sites[some.invoice_site % len(sites)].id, agent=AGENT)
            for position, user in enumerate(some.users):
                home = sites[position % len(sites)].id
                with suppress(InvalidInput):
                    added = directory.add_user(
                        home, user.fields, reference=user.reference, agent=AGENT
                    )
                    directory.set_value(added.id, "Extra", user.custom, agent=AGENT)


def held(directory: Directory) -> list[tuple[Any, ...]]:
    """All that the directory holds, without its numbers, in the order of the values."""
    customers = {customer.id: customer for customer in directory.customers()}
    sites = [
        (customers[site.customer_id].reference or "", site.label, "", site.is_invoice_site)
        for site in directory.sites()
    ]
    users = [
        (
            customers[user.customer_id].reference or "",
            f"{user.customer}/{user.site}",
            user.reference or "",
            False,
            *user.core.values(),
            *directory.values(user.id).items(),
        )
        for user in directory.users(limit=1_000)
    ]
    return sorted(sites + users)


def empty(database: Database, directory: Directory) -> None:
    with database.write() as connection:
        for table in reversed(metadata.sorted_tables):
            if table is not id_counters:
                connection.execute(delete(table))
    directory.add_custom_field("Extra", agent=AGENT)


@pytest.fixture(params=FORMATS)
def kind(request: pytest.FixtureRequest) -> Format:
    kind: Format = request.param
    return kind


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(customers=st.lists(CUSTOMERS, min_size=1, max_size=3))
def test_an_export_carries_all_values_to_an_empty_directory(
    directory: Directory,
    database: Database,
    tmp_path: Path,
    kind: Format,
    customers: list[SomeCustomer],
) -> None:
    empty(database, directory)
    fill(directory, customers)
    before = held(directory)
    assume(before)
    file = tmp_path / "directory"

    report = directory.export(file, kind)
    assume(not report.indistinct_users and not report.empty_users)

    unchanged = directory.load(file, agent=AGENT)
    assert unchanged.problems == ()
    assert held(directory) == before
    counts = (unchanged.customers, unchanged.sites, unchanged.users)
    assert [(count.added, count.changed) for count in counts] == [(0, 0)] * 3

    empty(database, directory)
    assert directory.load(file, agent=AGENT).problems == ()
    assert held(directory) == before
