"""The figures as a table, on the screen and in README.md."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from measure import BENCHMARKS, Measured, Series

_PACKAGES = ("halo-host", "SQLAlchemy", "requests", "orjson")


@dataclass(frozen=True)
class Line:
    """A row of the table; `holds` is None where nothing is bounded."""

    subject: str
    value: str
    ratio: str = ""
    bound: str = ""
    holds: bool | None = None
    memory: str = ""

    def cells(self) -> str:
        verdict = {None: "", True: "holds", False: "**missed**"}[self.holds]
        cells = (self.subject, self.value, self.memory, self.ratio, self.bound, verdict)
        return f"| {' | '.join(cells)} |"


@dataclass
class Report:
    """Everything that one run found."""

    machine: list[str]
    place: str = "figures"  # what the marks in README.md are called
    lines: list[Line] = field(default_factory=list)
    rows_head: tuple[str, ...] = ()
    rows: list[tuple[str, ...]] = field(default_factory=list)

    def text(self) -> str:
        """Markdown: where it was measured, the figures, and the rows that both wrote."""
        head = [
            "| what | measured | peak memory | ratio, details | bound | verdict |",
            "|---|---|---|---|---|---|",
        ]
        text = [*self.machine, "", *head, *(line.cells() for line in self.lines), ""]
        if self.rows:
            rows = [f"| {' | '.join(cells)} |" for cells in (self.rows_head, *self.rows)]
            rows.insert(1, "|---" * len(self.rows_head) + "|")
            text += [*rows, ""]
        return "\n".join(text)

    def record(self) -> None:
        """Replace the figures in README.md."""
        readme = BENCHMARKS / "README.md"
        begin, end = f"<!-- {self.place}: begin -->\n", f"<!-- {self.place}: end -->"
        pattern = re.escape(begin) + ".*" + re.escape(end)
        text, count = re.subn(
            pattern,
            lambda _: begin + self.text() + end,
            readme.read_text("utf-8"),
            flags=re.DOTALL,
        )
        assert count == 1, "README.md has no place for the figures"
        readme.write_text(text, "utf-8")


def seconds(found: Series | Measured) -> str:
    return f"{found.wall:.2f} s, CPU {found.cpu:.2f} s"


def megabytes(found: Series | Measured) -> str:
    """The peak of all memory, and of that which no file stands behind."""
    return f"{found.peak:.0f} MiB (anonymous {found.anonymous:.0f})"


def times(subject: str, found: Series, base: Series, bound: float, base_name: str) -> Line:
    """A step as a multiple of another; both ratios must keep the bound."""
    wall, cpu = found.ratios(base)
    return Line(
        subject,
        seconds(found),
        f"{wall:.2f} × {base_name} ({cpu:.2f} × its CPU)",
        f"≤ {bound:g} ×",
        max(wall, cpu) <= bound,
        megabytes(found),
    )


def bounded(
    subject: str, value: float, bound: float, unit: str, details: str = "", memory: str = ""
) -> Line:
    """A value that must not be above its bound."""
    shown = f"{value:.0f} {unit}"
    return Line(subject, shown, details, f"≤ {bound:.0f} {unit}", value <= bound, memory)


def machine(folder: Path, more: tuple[str, ...] = ()) -> list[str]:
    """Where and with what this was measured."""
    load = os.getloadavg()[0]
    packages = ", ".join(f"{name} {version(name)}" for name in (*_PACKAGES, *more))
    return [
        f"- {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores ({_processor()}), "
        f"load before the run {load:.1f}",
        f"- {platform.system()} {platform.release()}, databases on {_file_system(folder)}",
        f"- Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {packages}",
    ]


def _processor() -> str:
    found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()


def _file_system(folder: Path) -> str:
    """The type of the file system that holds the folder."""
    mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    holding = [(point, kind) for point, kind in mounts if folder.is_relative_to(point)]
    return max(holding, key=lambda mount: len(mount[0]))[1] if holding else "an unknown disk"
