"""The measured steps of the import benchmark, each in fresh processes on fresh copies."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import prepared
import recording
import recording_server
import same_rows
from measure import Measured, Series, run, script
from measured_database import CONNECTION, fresh_copy
from writers import Waits, writing_beside

from halo_host.settings import embedded_database

_ALLOWED = {"HALO_GOCARDLESS_ALLOW_API_URL": "loopback", "HALO_HOST_DATABASE": ""}
PAGE, DEFAULT_PAGE = 500, 50


@dataclass
class Rounds:
    """What the interleaved rounds found, a run of each step a round."""

    fetch: list[Measured] = field(default_factory=list)
    floor: list[Measured] = field(default_factory=list)
    first: list[Measured] = field(default_factory=list)
    second: list[Measured] = field(default_factory=list)
    official: list[Measured] = field(default_factory=list)
    rows: list[tuple[str, int, float]] = field(default_factory=list)

    def series(self, name: str) -> Series:
        return Series(tuple(getattr(self, name)))


@dataclass(frozen=True)
class Stage:
    """A recording server, and a prepared database whose connection leads to it."""

    folder: Path
    url: str
    customers: int

    @classmethod
    @contextmanager
    def of(cls, folder: Path, customers: int, part: int = 0) -> Iterator[Stage]:
        """Record what is not there yet, serve it, and prepare a database.

        :param part: so many customers are also served in the API's default pages of 50.
        """
        wanted = [(customers, PAGE)] + ([(part, DEFAULT_PAGE)] if part else [])
        for each in wanted:
            recording.recording(folder, *each)
        with recording_server.running(folder, wanted) as url:
            stage = cls(folder, url, customers)
            prepared.prepare(stage.prepared, url)
            yield stage

    @property
    def prepared(self) -> Path:
        return self.folder / "prepared"

    def fresh(self, name: str) -> Path:
        return fresh_copy(self.prepared, self.folder / name)

    def round(self, rounds: Rounds, *, floor_first: bool) -> None:
        """One of each: floor, first and second import, fetching alone, the official client."""
        floor, host = self.fresh("floor"), self.fresh("host")
        if floor_first:
            rounds.floor.append(self.floor(floor))
            rounds.first.append(self.host_import(host))
        else:
            rounds.first.append(self.host_import(host))
            rounds.floor.append(self.floor(floor))
        rounds.rows = same_rows.compare(host, floor)
        rounds.fetch.append(self._counted(run(script("floor.py", "fetch", self.url))))
        before = same_rows.forbid_user_writes(host)
        rounds.second.append(self.host_import(host))
        same_rows.assert_nothing_written(host, before)
        rounds.official.append(self.official_client(PAGE))

    def floor(self, folder: Path) -> Measured:
        return self._counted(run(script("floor.py", "import", folder, self.url)))

    def host_import(self, folder: Path) -> Measured:
        """One import through `Host(...).imports.run`."""
        return self._counted(run(script("host_import.py", folder), _ALLOWED))

    def command_line(self) -> Measured:
        """One first import through the installed command."""
        command = [str(Path(sys.executable).parent / "halo-host"), "--data"]
        folder = self.fresh("command-line")
        return run([*command, str(folder), "import", "run", CONNECTION], _ALLOWED)

    def official_client(self, limit: int) -> Measured:
        return run(script("official_client.py", self.url, str(limit)))

    def beside_import(self) -> tuple[Measured, Waits]:
        """A first import with another program writing beside it."""
        folder = self.fresh("host")
        with writing_beside(embedded_database(folder)) as waits:
            measured = self.host_import(folder)
        return measured, waits

    def beside_floor(self) -> Waits:
        """The same writer beside the floor: what the machine and SQLite alone make it wait."""
        folder = self.fresh("floor")
        with writing_beside(embedded_database(folder)) as waits:
            self.floor(folder)
        return waits

    def _counted(self, measured: Measured) -> Measured:
        assert int(measured.said) == self.customers, measured.said
        return measured


def listing(measured: Measured) -> tuple[int, float, float]:
    """Customers, wall and processor seconds that the official client named."""
    said = json.loads(measured.said)
    return said["count"], said["wall"], said["cpu"]
