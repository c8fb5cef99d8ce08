"""Proof that the floor did the host's work, and that a second import did none."""

from __future__ import annotations

from pathlib import Path

from measured_database import opened

USER_TABLES = ("users", "custom_field_values", "links")
TABLES = (*USER_TABLES, "change_sets", "change_rows", "audit_log")
_GUARD = "a second import of unchanged payers wrote to {table}"


def sizes(folder: Path) -> dict[str, tuple[int, int]]:
    """Rows of each table that an import fills, and the bytes of their values."""
    database = opened(folder)
    found = {}
    for table in TABLES:
        names = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
        length = " + ".join(f'coalesce(length(CAST("{name}" AS BLOB)), 0)' for name in names)
        ((rows, size),) = database.execute(f"SELECT count(*), sum({length}) FROM {table}")
        found[table] = (rows, size)
    database.close()
    return found


def compare(host: Path, floor: Path) -> list[tuple[str, int, float]]:
    """For each table its rows, and the bytes of the floor's values as a share of the host's.

    :raises AssertionError: the numbers of rows differ, or bytes by more than a twentieth.
    """
    by_host, by_floor = sizes(host), sizes(floor)
    compared = []
    for table in TABLES:
        (rows, size), (floor_rows, floor_size) = by_host[table], by_floor[table]
        assert rows == floor_rows, f"{table}: host {rows} rows, floor {floor_rows}"
        share = floor_size / size
        assert rows < 100 or 0.95 < share < 1.05, f"{table}: the floor wrote {share:.2f} of it"
        compared.append((table, rows, share))
    return compared


def forbid_user_writes(folder: Path) -> dict[str, tuple[int, int]]:
    """Make the database refuse any write to users, their values and links; the present sizes."""
    database = opened(folder)
    for table in USER_TABLES:
        for verb in ("INSERT", "UPDATE", "DELETE"):
            database.execute(
                f"CREATE TRIGGER refuse_{verb.lower()}_{table} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{_GUARD.format(table=table)}'); END"
            )
    database.close()
    return sizes(folder)


def assert_nothing_written(folder: Path, before: dict[str, tuple[int, int]]) -> None:
    """After a second import: one more change set, without rows, and nothing else."""
    after = sizes(folder)
    for table in TABLES:
        more = after[table][0] - before[table][0]
        assert more == (table == "change_sets"), f"the second import wrote {more} rows of {table}"
    database = opened(folder)
    ((state, unchanged),) = database.execute(
        "SELECT state, counts ->> 'unchanged' FROM change_sets ORDER BY id DESC LIMIT 1"
    )
    database.close()
    assert (state, unchanged) == ("applied", after["links"][0]), (state, unchanged)
