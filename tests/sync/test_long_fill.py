"""A long fill on SQLite leaves no long write-ahead log behind, which others would have to copy."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from support.bank import Bank, BankPlugin
from support.clock import Clock
from support.databases import sqlite_url

from halo_host.host import Host
from halo_host.plugins import Plugins
from halo_host.settings import Settings

from .conftest import AGENT, Mirrored


def test_what_is_filled_moves_into_the_database_file_meanwhile(
    tmp_path: Path, clock: Clock, bank: Bank
) -> None:
    plugins = Plugins(strict=True)
    plugins.add("bank", BankPlugin(bank))
    for number in range(10 * bank.page_size):
        bank.payer(f"CU{number}")
    settings = Settings(data=tmp_path / "data", database_url=sqlite_url(tmp_path), strict=True)
    with Host(settings, clock=clock, plugins=plugins) as host:
        host.connections.enable("bank", {}, slug="bank", agent=AGENT)
        Mirrored(host, bank).sync()
        without_log = shutil.copy(host.database.label, tmp_path / "alone.db")

    with closing(sqlite3.connect(without_log)) as database:
        (payers,) = database.execute("SELECT count(*) FROM payers").fetchone()
    assert payers >= 8 * bank.page_size
