"""What threads share is made once, and so can be closed."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from halo_host.database import database as database_module
from halo_host.host import Host
from halo_host.settings import Settings


@pytest.mark.parametrize("first_use", ["database", "inbox"])
def test_a_database_that_many_threads_use_first_at_the_same_time_is_opened_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first_use: str
) -> None:
    opened: list[Any] = []
    everybody = threading.Barrier(8)

    class Counted(database_module.Database):
        def __init__(self, *args: Any, **options: Any) -> None:
            opened.append(self)
            super().__init__(*args, **options)

    monkeypatch.setattr("halo_host.host.Database", Counted)
    monkeypatch.setattr("halo_host.webhooks.inbox.Database", Counted)
    folder = tmp_path / "data"
    with Host(Settings(data=folder, database_url=f"sqlite:///{tmp_path / 'host.db'}")) as host:

        def use(number: int) -> object:
            everybody.wait(30)
            return host.database if first_use == "database" else host.webhooks.inbox.database

        with ThreadPoolExecutor(8) as threads:
            [used] = set(threads.map(use, range(8)))
        assert opened == [used]
