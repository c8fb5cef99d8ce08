"""`halo-host --help` beside importing click: `python benchmarks/help_benchmark.py`."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

from measure import Measured, Series, run
from report import Line

BOUND = 1.5
_COMMAND = [str(Path(sys.executable).parent / "halo-host"), "--help"]
_CLICK = [sys.executable, "-c", "import click"]
_UNWANTED = {"flask", "sqlalchemy"}


def measure_help(rounds: int) -> list[Line]:
    """Interleaved runs of both, and what the help imports."""
    command: list[Measured] = []
    click: list[Measured] = []
    for _ in range(rounds):
        click.append(run(_CLICK))
        command.append(run(_COMMAND))
    ours, theirs = Series(tuple(command)), Series(tuple(click))
    wall, cpu = ours.wall / theirs.wall, ours.cpu / theirs.cpu
    unwanted = unwanted_imports()
    return [
        Line("`python -c 'import click'`", _milliseconds(theirs)),
        Line(
            f"`halo-host --help`, medians of {rounds} interleaved runs",
            _milliseconds(ours),
            f"{wall:.2f} × ({cpu:.2f} × its CPU)",
            f"≤ {BOUND:g} ×",
            wall <= BOUND,
        ),
        Line(
            "Flask, SQLAlchemy and plugins imported by `--help`",
            ", ".join(sorted(unwanted)) or "none",
            bound="none",
            holds=not unwanted,
        ),
    ]


def unwanted_imports() -> set[str]:
    """Which of Flask, SQLAlchemy and the installed plugins the help imports."""
    plugins = {point.value.partition(".")[0] for point in entry_points(group="halo_host.plugins")}
    assert plugins, "without an installed plugin this shows nothing"
    told = subprocess.run(
        [sys.executable, "-X", "importtime", *_COMMAND],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "Usage: halo-host" in told.stdout
    imported = set(re.findall(r"\| +(\w+)", told.stderr))
    assert "click" in imported
    return imported & (_UNWANTED | plugins)


def _milliseconds(series: Series) -> str:
    return f"{series.wall * 1000:.0f} ms, CPU {series.cpu * 1000:.0f} ms"


if __name__ == "__main__":
    for line in measure_help(30):
        print(line.cells())
