"""How quick imports are, beside a floor: `python benchmarks/import_benchmark.py --help`."""

from __future__ import annotations

import argparse
import fcntl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from help_benchmark import measure_help
from report import Line, Report, bounded, machine, megabytes, seconds, times
from stages import DEFAULT_PAGE, PAGE, Rounds, Stage, listing

FIRST_BOUND, SECOND_BOUND = 2.0, 3.0  # times the floor, times fetching and decoding alone
PEAK_BOUND, PEAK_GROWTH = 150.0, 1.2  # MiB; at ten times the customers
WAIT_BOUND = 250.0  # milliseconds
_PART = 5_000  # customers listed in pages of 50


def main() -> None:
    """Measure, print, and with --record write the figures into README.md."""
    options = _options()
    with alone_in(options.folder):
        _measure(options)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Two benchmarks in one folder would delete each other's databases."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit(
                f"A benchmark runs in {folder}; wait, or name another --folder."
            ) from None
        yield


def _measure(options: argparse.Namespace) -> None:
    report = Report(machine(options.folder))
    with Stage.of(options.folder, options.customers, min(_PART, options.customers)) as stage:
        rounds = _rounds(stage, options.rounds)
        _compare(report, stage, rounds)
        _official(report, stage, rounds)
        _waits(report, stage, min(options.rounds, 3))
    if options.large:
        with Stage.of(options.folder, options.large) as stage:
            _large(report, stage, rounds.series("first").peak)
    if options.help_rounds:
        report.lines += measure_help(options.help_rounds)
    print(report.text())
    if options.record:
        report.record()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--large", type=int, default=1_000_000, help="0 leaves it out")
    parser.add_argument("--help-rounds", type=int, default=30, help="0 leaves them out")
    parser.add_argument("--record", action="store_true", help="write the figures to README.md")
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path(tempfile.gettempdir()) / "halo-host-benchmark",
        help="for recordings, which are kept, and databases: 4 GB with a million customers",
    )
    return parser.parse_args()


def _rounds(stage: Stage, count: int) -> Rounds:
    rounds = Rounds()
    for number in range(count):
        stage.round(rounds, floor_first=number % 2 == 0)
        print(
            f"round {number + 1} of {count}: floor {rounds.floor[-1].wall:.1f} s, "
            f"first {rounds.first[-1].wall:.1f} s, fetch {rounds.fetch[-1].wall:.1f} s, "
            f"second {rounds.second[-1].wall:.1f} s",
            flush=True,
        )
    return rounds


def _compare(report: Report, stage: Stage, rounds: Rounds) -> None:
    size = f"{stage.customers:,} customers"
    floor, first = rounds.series("floor"), rounds.series("first")
    fetch, second = rounds.series("fetch"), rounds.series("second")
    command = stage.command_line()
    report.lines += [
        Line(f"Fetch and decode {size}", seconds(fetch), memory=megabytes(fetch)),
        Line(f"Floor: first import of {size}", seconds(floor), memory=megabytes(floor)),
        times(f"Host: first import of {size}", first, floor, FIRST_BOUND, "the floor"),
        Line(
            "The same, once, as `halo-host import run`",
            seconds(command),
            f"{command.wall / floor.wall:.2f} × the floor",
            memory=megabytes(command),
        ),
        times(f"Host: second import of {size}, unchanged", second, fetch, SECOND_BOUND, "fetching"),
        bounded(f"Peak memory, first import of {size}", first.peak, PEAK_BOUND, "MiB"),
    ]
    report.rows_head = (
        "table",
        "rows, host and floor",
        "bytes of the floor's values over the host's",
    )
    report.rows = [(table, f"{count:,}", f"{share:.3f}") for table, count, share in rounds.rows]


def _official(report: Report, stage: Stage, rounds: Rounds) -> None:
    official, fetch = rounds.series("official"), rounds.series("fetch")
    assert all(listing(run)[0] == stage.customers for run in official.runs)
    wall, cpu = official.ratios(fetch)
    name = "gocardless_pro 3.22.0 lists the same customers"
    report.lines.append(
        Line(
            f"{name}, {PAGE} a page",
            seconds(official),
            f"{wall:.1f} × fetching ({cpu:.1f} × its CPU)",
            memory=megabytes(official),
        )
    )
    count, wall, cpu = listing(stage.official_client(DEFAULT_PAGE))
    scale = stage.customers / count
    report.lines.append(
        Line(
            f"{name}, {DEFAULT_PAGE} a page, its default: extrapolated from {count:,}",
            f"{wall * scale:.2f} s, CPU {cpu * scale:.2f} s",
            f"{wall * scale / fetch.wall:.1f} × fetching ({cpu * scale / fetch.cpu:.1f} × its CPU)",
        )
    )


def _waits(report: Report, stage: Stage, count: int) -> None:
    beside_floor = stage.beside_floor()
    report.lines.append(Line("A writer beside the floor", str(beside_floor)))
    for number in range(count):
        _, waits = stage.beside_import()
        name = f"A writer beside a first import of {stage.customers:,} (run {number + 1})"
        report.lines.append(bounded(name, waits.longest, WAIT_BOUND, "ms", str(waits)))


def _large(report: Report, stage: Stage, smaller_peak: float) -> None:
    size = f"{stage.customers:,} customers"
    alone = stage.host_import(stage.fresh("host"))
    measured, waits = stage.beside_import()
    report.lines += [
        Line(f"Host: first import of {size}, once", seconds(alone)),
        bounded(
            f"Peak memory, first import of {size}",
            alone.peak,
            smaller_peak * PEAK_GROWTH,
            "MiB",
            f"{alone.peak / smaller_peak:.2f} × the smaller",
            memory=megabytes(alone),
        ),
        Line("The same beside a writer, once", seconds(measured), memory=megabytes(measured)),
        bounded(
            f"A writer beside a first import of {size}",
            waits.longest,
            WAIT_BOUND,
            "ms",
            str(waits),
        ),
    ]


if __name__ == "__main__":
    main()
