"""How quick a first fill of the mirror is, beside a floor: `mirror_benchmark.py --help`."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from statistics import median

from import_benchmark import alone_in
from measure import Measured, Series
from mirror_recording import customers_for
from mirror_stages import DATABASES, Place, Rounds, Stage
from peers import PEERS, installed, read
from report import Line, Report, bounded, machine, megabytes, seconds

FILL_BOUND = 1.5  # times the floor
PEAK_BOUND, PEAK_GROWTH = 200.0, 1.2  # MiB; at ten times the payments
WAIT_BOUND = 250.0  # milliseconds
UNCHANGED_BOUND, CHANGED_BOUND, CHANGED = 3, 10, 1_000  # requests; payments
PEER_BOUND, PEER_PAYMENTS = 10.0, 20_000
_NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def main() -> None:
    """Measure, print, and with --record write the figures into README.md."""
    options = _options()
    with alone_in(options.folder):
        _measure(options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--payments", type=int, default=50_000, help="about so many; 1,000,000 for the record"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=list(DATABASES))
    parser.add_argument("--waits", type=int, default=1, help="fills beside a writer")
    parser.add_argument("--peers", action="store_true", help="install and measure others, too")
    parser.add_argument("--record", action="store_true", help="write the figures to README.md")
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path(tempfile.gettempdir()) / "halo-host-mirror-benchmark",
        help="for recordings, which are kept, and databases: 12 GB with 1,000,000 payments",
    )
    return parser.parse_args()


def _measure(options: argparse.Namespace) -> None:
    report = Report(machine(options.folder, ("psycopg", "zstandard")), "mirror figures")
    databases = tuple(options.databases)
    with Stage.of(options.folder, customers_for(options.payments), databases) as stage:
        for database in databases:
            rounds = _rounds(stage, database, options.rounds)
            _compare(report, stage, database, rounds)
            _later_runs(report, stage, database)
            _waits(report, stage, database, options.waits)
    with Stage.of(options.folder, customers_for(options.payments // 10), databases) as tenth:
        for database in databases:
            _growth(report, tenth, database)
    if options.peers:
        _peers(report, options.folder, options.rounds)
    print(report.text())
    if options.record:
        report.record()


def _rounds(stage: Stage, database: str, count: int) -> Rounds:
    rounds = Rounds()
    for number in range(count):
        stage.round(database, rounds, floor_first=number % 2 == 0)
        floor, host = rounds.floor[-1], rounds.host[-1]
        print(
            f"{_NAMES[database]}, round {number + 1} of {count}: "
            f"floor {seconds(floor.measured)}, server {floor.server_cpu:.2f} s; "
            f"host {seconds(host.measured)}, server {host.server_cpu:.2f} s",
            flush=True,
        )
    return rounds


def _compare(report: Report, stage: Stage, database: str, rounds: Rounds) -> None:
    name = _NAMES[database]
    floor, host = rounds.series("floor"), rounds.series("host")
    wall, cpu = host.ratios(floor)
    details = f"{wall:.2f} × the floor ({cpu:.2f} × its CPU)"
    if stage.servers[database] is not None:
        server = median(
            mine.server_cpu / theirs.server_cpu
            for mine, theirs in zip(rounds.host, rounds.floor, strict=True)
        )
        details += f"; {server:.2f} × its server's CPU"
    report.lines += [
        Line(f"{name}: floor", _with_server(rounds, "floor"), memory=megabytes(floor)),
        Line(
            f"{name}: first fill",
            _with_server(rounds, "host"),
            details,
            f"≤ {FILL_BOUND:g} ×",
            max(wall, cpu) <= FILL_BOUND,
            megabytes(host),
        ),
        bounded(f"{name}: peak memory of a first fill", host.peak, PEAK_BOUND, "MiB"),
    ]
    report.rows_head = ("table", "rows, host and floor")
    report.rows = [(table, f"{count:,}") for table, count in rounds.rows]


def _with_server(rounds: Rounds, name: str) -> str:
    steps = rounds.floor if name == "floor" else rounds.host
    server = median(step.server_cpu for step in steps)
    return seconds(rounds.series(name)) + (f", server {server:.2f} s" if server else "")


def _later_runs(report: Report, stage: Stage, database: str) -> None:
    """What is asked when nothing has changed, and when some payments have."""
    place = stage.fresh(database, "host")
    stage.fill(place)
    _later_run(report, stage, place, database, 0, UNCHANGED_BOUND)
    stage.change(CHANGED)
    _later_run(report, stage, place, database, CHANGED, CHANGED_BOUND)
    stage.change(0)
    stage.forget(place)


def _later_run(
    report: Report, stage: Stage, place: Place, database: str, changed: int, bound: int
) -> None:
    stage.requests()
    step = stage.sync(place, minutes=10 if changed else 5)
    asked = stage.requests()
    of_payments = sum(asked.get(name, 0) for name in ("payments", "payment_changes"))
    assert step.counted["changed"] == changed, step.counted
    assert step.counted["requests"] == sum(asked.values()), (step.counted, asked)
    counted = sum(asked.values()) if changed else of_payments
    report.lines.append(
        bounded(
            f"{_NAMES[database]}: next run, "
            + (f"{changed:,} payments changed" if changed else "nothing changed: for payments"),
            counted,
            bound,
            "requests",
            f"{sum(asked.values())} for everything; {seconds(step.measured)} with its start",
        )
    )


def _waits(report: Report, stage: Stage, database: str, count: int) -> None:
    for number in range(count):
        _, waits = stage.beside_fill(database)
        name = f"{_NAMES[database]}: a writer beside a first fill (run {number + 1})"
        report.lines.append(bounded(name, waits.longest, WAIT_BOUND, "ms", str(waits)))


def _growth(report: Report, tenth: Stage, database: str) -> None:
    """Peak memory of a tenth of the records: the whole may hardly need more."""
    place = tenth.fresh(database, "host")
    small = tenth.fill(place).measured
    tenth.forget(place)
    name = _NAMES[database]
    (whole,) = (
        line for line in report.lines if line.subject == f"{name}: peak memory of a first fill"
    )
    peak = float(whole.value.split()[0])
    report.lines.append(
        bounded(
            f"{name}: the same, at ten times the records",
            peak,
            small.peak * PEAK_GROWTH,
            "MiB",
            f"{peak / small.peak:.2f} × that of a tenth, {small.peak:.0f} MiB",
        )
    )


def _peers(report: Report, folder: Path, rounds: int) -> None:
    """Others read the payments alone, and print them; the host reads and stores them."""
    with Stage.of(folder, customers_for(PEER_PAYMENTS), ("sqlite",)) as stage:
        stage.only("payments")
        count = stage.recorded.counts["payments"]
        found: dict[str, list[Measured]] = {"": []}
        pythons = {peer: installed(peer, folder / "peers") for peer in PEERS}
        for _ in range(rounds):
            place = stage.fresh("sqlite", "host")
            counted = stage.fill(place).counted
            assert counted["new"] == count, counted
            stage.forget(place)
            found[""].append(_alone(counted))
            for peer, python in pythons.items():
                if python is not None:
                    found.setdefault(peer.name, []).append(read(peer, python, stage.url))
    host = Series(tuple(found.pop("")))
    subject = f"Host: first fill of {count:,} payments alone into SQLite, start-up excluded"
    report.lines.append(Line(subject, seconds(host)))
    for peer in PEERS:
        if peer.name not in found:
            missing = f"not measured: no Python {peer.python} here"
            report.lines.append(Line(f"{peer.name} reads the same", missing))
            continue
        series = Series(tuple(found[peer.name]))
        wall, cpu = series.ratios(host)
        report.lines.append(
            Line(
                f"{peer.name} reads the same and stores nothing, start-up excluded",
                seconds(series),
                f"{wall:.1f} × the host's time ({cpu:.1f} × its CPU)",
                f"≥ {PEER_BOUND:g} ×",
                min(wall, cpu) >= PEER_BOUND,
            )
        )


def _alone(counted: object) -> Measured:
    """The seconds of the run itself, as the host's process has measured them."""
    assert isinstance(counted, dict)
    return Measured(counted["wall"], counted["cpu"], 0.0, 0.0, "")


if __name__ == "__main__":
    main()
