"""Running one step in a fresh process: wall time, processor time, peak memory."""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

BENCHMARKS = Path(__file__).parent
_STATUS = re.compile(rb"^(VmHWM|RssAnon):\s+([0-9]+) kB", re.MULTILINE)
_SAMPLE_SECONDS = 0.05


@dataclass(frozen=True)
class Measured:
    """What one process took, from its start to its end.

    `cpu` is user and system time in seconds. `peak` is VmHWM, the most memory that it ever had,
    and `anonymous` the most that was not a mapping of a file, both in MiB. `said` is its output.
    """

    wall: float
    cpu: float
    peak: float
    anonymous: float
    said: str


def script(name: str, *arguments: str | Path) -> list[str]:
    """The command that runs a script of this folder."""
    return [sys.executable, str(BENCHMARKS / name), *map(str, arguments)]


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Measured:
    """Run a command to its end; the benchmark ends where the command fails."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command, env={**os.environ, **(environment or {})}, stdout=subprocess.PIPE, text=True
    )
    sampler = _Sampler(process.pid)
    sampler.start()
    assert process.stdout is not None
    with process.stdout:
        said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    sampler.end()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed with status {process.returncode}:\n{said}")
    cpu = usage.ru_utime + usage.ru_stime
    return Measured(wall, cpu, sampler.peak / 1024, sampler.anonymous / 1024, said)


class _Sampler(threading.Thread):
    """Looks at a process's memory now and then.

    The kernel's own `ru_maxrss` would not do: it begins with the memory of the parent.
    """

    def __init__(self, process_id: int) -> None:
        super().__init__(daemon=True)
        self.peak = 0
        self.anonymous = 0
        self._status = Path(f"/proc/{process_id}/status")
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(_SAMPLE_SECONDS):
            try:
                found = dict(_STATUS.findall(self._status.read_bytes()))
            except OSError:
                return
            self.peak = max(self.peak, int(found.get(b"VmHWM", 0)))
            self.anonymous = max(self.anonymous, int(found.get(b"RssAnon", 0)))

    def end(self) -> None:
        self._ended.set()
        self.join()


@dataclass(frozen=True)
class Series:
    """The same step measured several times."""

    runs: tuple[Measured, ...]

    @property
    def wall(self) -> float:
        """The median, in seconds."""
        return statistics.median(run.wall for run in self.runs)

    @property
    def cpu(self) -> float:
        """The median, in seconds."""
        return statistics.median(run.cpu for run in self.runs)

    @property
    def peak(self) -> float:
        """The highest, in MiB."""
        return max(run.peak for run in self.runs)

    @property
    def anonymous(self) -> float:
        """The highest, in MiB."""
        return max(run.anonymous for run in self.runs)

    def ratios(self, other: Series) -> tuple[float, float]:
        """Wall and processor time as multiples of another's: medians of the rounds' ratios."""
        pairs = list(zip(self.runs, other.runs, strict=True))
        return (
            statistics.median(mine.wall / theirs.wall for mine, theirs in pairs),
            statistics.median(mine.cpu / theirs.cpu for mine, theirs in pairs),
        )
