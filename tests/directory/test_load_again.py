"""Whatever a file says, loading it again changes nothing."""

from __future__ import annotations

import csv
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from halo_host import audit
from halo_host.database.database import Database
from halo_host.database.tables import id_counters, metadata
from halo_host.directory.directory import Directory

AGENT = "tester"

# Few values, so that rows meet: the same names, e-mails and references in many combinations.
COLUMNS = {
    "customer": ["Acme", "ACME", "Beta"],
    "customer_ref": ["", "", "C1", "C2"],
    "site": ["", "HQ", "Depot"],
    "invoice_site": ["", "", "yes"],
    "user_ref": ["", "", "U1", "U2"],
    "given_name": ["", "Ann", "Bob"],
    "email": ["", "a@x.example", "A@x.example", "b@x.example"],
    "phone": ["", "1", "2"],
}
ROWS = st.lists(st.tuples(*map(st.sampled_from, COLUMNS.values())), min_size=1, max_size=8)


@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(earlier=ROWS, rows=ROWS)
def test_another_load_changes_nothing(
    directory: Directory,
    database: Database,
    tmp_path: Path,
    earlier: list[tuple[str, ...]],
    rows: list[tuple[str, ...]],
) -> None:
    with database.write() as connection:
        for table in reversed(metadata.sorted_tables):
            if table is not id_counters:
                connection.execute(delete(table))
    file = tmp_path / "rows.csv"
    for content in (earlier, rows):
        with file.open("w", newline="") as text:
            csv.writer(text).writerows([tuple(COLUMNS), *content])
        first = directory.load(file, agent=AGENT)
    if first.problems:
        # A skipped row may find its place once the rows below it are there.
        directory.load(file, agent=AGENT)
    before = audit.entries(database, limit=1_000)

    again = directory.load(file, agent=AGENT)

    assert audit.entries(database, limit=1_000) == before
    for counts in (again.customers, again.sites, again.users):
        assert (counts.added, counts.changed) == (0, 0)
    for customer in directory.customers():
        assert [site.is_invoice_site for site in directory.sites(customer.id)].count(True) == 1
