"""Tables as host 0.2 left them, brought to this version: everything stays, agents can be added."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import MetaData, Table, inspect, select
from support.agents import ADDRESS, BY, PASSWORD
from support.filled import fill_tables

from halo_host.agents.roles import Role
from halo_host.database.database import Database
from halo_host.database.tables import metadata
from halo_host.database.upgrade import MIGRATIONS, Age, age, upgrade
from halo_host.errors import DatabaseError
from halo_host.host import Host
from halo_host.settings import Settings

NEW = {
    "agents",
    "agent_sessions",
    "api_requests",
    "api_tokens",
    "sign_in_failures",
    "one_time_links",
}


def tables(database: Database) -> dict[str, list[str]]:
    """The columns of every table that is there."""
    with database.read() as connection:
        found = inspect(connection)
        return {
            name: [it["name"] for it in found.get_columns(name)] for name in found.get_table_names()
        }


def rows(database: Database, columns: dict[str, list[str]]) -> dict[str, list[str]]:
    """These columns of every row, read without the tables that the code knows."""
    found = {}
    with database.read() as connection:
        for name, wanted in columns.items():
            table = Table(name, MetaData(), autoload_with=connection)
            query = select(*(table.c[it] for it in wanted))
            found[name] = sorted(map(str, connection.execute(query)))
    return found


@pytest.fixture
def of_0_2(database_url: str) -> str:
    """A database with the tables of host 0.2, and rows in each."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with closing(Database(database_url)) as database:
        with database.migration() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "0002")
        with database.write() as connection:
            old = [it for it in metadata.sorted_tables if it.name not in NEW]
            fill_tables(connection, old)
        assert age(database) is Age.OLDER
    return database_url


def test_every_row_of_host_0_2_stays(of_0_2: str) -> None:
    with closing(Database(of_0_2)) as database:
        old = tables(database)
        before = rows(database, old)
        assert len(before["payments"]) > 20

        upgrade(database)

        assert age(database) is Age.CURRENT
        now = tables(database)
        after = rows(database, old)
        added = rows(database, {name: now[name] for name in NEW})
    assert set(now) - set(old) == NEW
    assert not any(added.values())
    for name, held in before.items():
        if name == "id_counters":  # the new tables have theirs
            assert set(held) < set(after[name])
        elif name != "alembic_version":
            assert after[name] == held, name


def test_agents_are_added_after_the_upgrade_and_not_before(of_0_2: str, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, database_url=of_0_2, password_rounds=1, password_memory=1)
    with Host(settings) as host, pytest.raises(DatabaseError, match="older version"):
        host.agents.all()
    with closing(Database(of_0_2)) as database:
        upgrade(database)

    with Host(settings) as host:
        assert host.agents.begin_first_link()
        olive = host.agents.add("Olive", "o@example.com", Role.VIEWER, agent=BY, password=PASSWORD)
        assert olive.id == 1
        assert host.agents.sign_in("o@example.com", PASSWORD, ADDRESS).session_id == 1
        assert host.agents.tokens.add(1, "x", Role.VIEWER, agent=BY).token.id == 1
