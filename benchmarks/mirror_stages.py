"""The measured steps of the mirror's benchmark, each in fresh processes on fresh copies."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests
from halo_gocardless.streams import PAYOUT_ITEMS_ARE_KEPT
from halo_gocardless.values import timestamp
from measure import Measured, Series, run, script
from measured_database import fresh_copy
from mirror_prepared import prepare
from mirror_recording import MirrorRecording, mirror_recording
from mirror_rows import Content, compare, content_of_postgresql, content_of_sqlite
from postgresql_server import PostgreSQL, running_postgresql
from recorded import NOW
from recording_server import running_script
from writers import Waits, writing_beside

from halo_host.database.columns import stored_time
from halo_host.settings import embedded_database

DATABASES = ("sqlite", "postgresql")
_ALLOWED = {"HALO_GOCARDLESS_ALLOW_API_URL": "loopback", "HALO_HOST_DATABASE": ""}
_PREPARED = "prepared"


@dataclass(frozen=True)
class Place:
    """A fresh data folder with its database; `server` is None on SQLite."""

    folder: Path
    server: PostgreSQL | None

    @property
    def url(self) -> str:
        """The database's address as the host takes it."""
        return self.server.url(self.folder.name) if self.server else embedded_database(self.folder)

    @property
    def floor_address(self) -> str:
        return self.server.connection_text(self.folder.name) if self.server else "sqlite"

    def content(self) -> Content:
        if self.server is None:
            return content_of_sqlite(self.folder)
        return content_of_postgresql(self.floor_address)


@dataclass(frozen=True)
class Step:
    """What one process took, and the seconds of processor that the database server used for it."""

    measured: Measured
    server_cpu: float = 0.0

    @property
    def counted(self) -> Mapping[str, object]:
        """What the job of the host counted."""
        found: Mapping[str, object] = json.loads(self.measured.said)
        return found


@dataclass
class Rounds:
    """What the interleaved rounds of one kind of database found."""

    floor: list[Step] = field(default_factory=list)
    host: list[Step] = field(default_factory=list)
    rows: list[tuple[str, int]] = field(default_factory=list)

    def series(self, name: str) -> Series:
        return Series(tuple(step.measured for step in getattr(self, name)))


@dataclass(frozen=True)
class Stage:
    """A server of a mirror's recording, and prepared databases whose connection leads to it."""

    folder: Path
    url: str
    recorded: MirrorRecording
    servers: Mapping[str, PostgreSQL | None]

    @classmethod
    @contextmanager
    def of(cls, folder: Path, customers: int, databases: tuple[str, ...]) -> Iterator[Stage]:
        """Record what is not there yet, serve it, and prepare the databases."""
        recorded = mirror_recording(folder, customers)
        with running_script("mirror_server.py", folder, str(customers)) as url:
            if "postgresql" not in databases:
                yield cls._prepared(folder, url, recorded, {"sqlite": None})
                return
            with running_postgresql(folder) as server:
                servers = {"sqlite": None, "postgresql": server}
                yield cls._prepared(folder, url, recorded, {it: servers[it] for it in databases})

    @classmethod
    def _prepared(
        cls,
        folder: Path,
        url: str,
        recorded: MirrorRecording,
        servers: Mapping[str, PostgreSQL | None],
    ) -> Stage:
        for name, server in servers.items():
            if server is not None:
                server.copy("template1", _PREPARED)
            place = Place(folder / name / _PREPARED, server)
            prepare(place.folder, place.url, url)
        return cls(folder, url, recorded, servers)

    def fresh(self, database: str, name: str) -> Place:
        """A copy of the prepared database under a name; the one that had it before is gone."""
        server = self.servers[database]
        place = Place(self.folder / database / name, server)
        fresh_copy(self.folder / database / _PREPARED, place.folder)
        if server is not None:
            server.copy(_PREPARED, name)
            server.settle()
        return place

    def forget(self, place: Place) -> None:
        """Give its room on the disk back."""
        shutil.rmtree(place.folder)
        if place.server is not None:
            place.server.drop(place.folder.name)

    def round(self, database: str, rounds: Rounds, *, floor_first: bool) -> None:
        """Floor and host, one after the other; the first round also compares all rows."""
        floor, host = self.fresh(database, "floor"), self.fresh(database, "host")
        for name in ("floor", "host") if floor_first else ("host", "floor"):
            if name == "floor":
                rounds.floor.append(self.floor(floor))
            else:
                rounds.host.append(self.fill(host))
        if not rounds.rows:
            rounds.rows = compare(host.content(), floor.content())
        self.forget(floor)
        self.forget(host)

    def floor(self, place: Place) -> Step:
        since = timestamp(NOW - PAYOUT_ITEMS_ARE_KEPT)
        arguments = (place.folder, place.floor_address, self.url, stored_time(NOW), since)
        return self._step(place, script("mirror_floor.py", *arguments))

    def fill(self, place: Place) -> Step:
        """The host's first fill."""
        step = self.sync(place, 0)
        assert step.counted["failed"] == 0, step.counted
        return step

    def sync(self, place: Place, minutes: int) -> Step:
        """A run of the host's sync at that time after the end of the recorded business."""
        return self._step(
            place, script("mirror_host.py", place.folder, place.url, str(minutes)), _ALLOWED
        )

    def beside_fill(self, database: str) -> tuple[Step, Waits]:
        """A first fill with another program writing beside it."""
        place = self.fresh(database, "host")
        with writing_beside(place.url) as waits:
            step = self.fill(place)
        self.forget(place)
        return step, waits

    def requests(self) -> dict[str, int]:
        """How many requests there were for each list since this was last asked."""
        return self._order("requests")

    def only(self, name: str) -> None:
        """Let every list but one be empty."""
        self._order(f"only/{name}")

    def change(self, count: int) -> None:
        """Let so many payments have changed."""
        self._order(f"change/{count}")

    def _order(self, path: str) -> dict[str, int]:
        answered = requests.get(f"{self.url}/{path}", timeout=60)
        answered.raise_for_status()
        found: dict[str, int] = answered.json()
        return found

    def _step(
        self, place: Place, command: list[str], environment: Mapping[str, str] | None = None
    ) -> Step:
        before = place.server.cpu() if place.server else 0.0
        measured = run(command, environment)
        return Step(measured, (place.server.cpu() if place.server else 0.0) - before)
