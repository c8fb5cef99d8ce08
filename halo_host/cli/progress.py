"""A progress bar for imports, on standard error; silent where nobody looks at a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ..imports.run import SILENT, Progress


@contextmanager
def import_progress() -> Iterator[Progress]:
    if not sys.stderr.isatty():
        yield SILENT
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    with Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,}"),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    ) as bar:
        fetching = bar.add_task("Fetching payers", total=None, rate="")
        applying = bar.add_task("Applying changes", total=None, rate="", visible=False)

        def fetched(count: int) -> None:
            elapsed = bar.tasks[fetching].elapsed or 0
            rate = f"{count / elapsed:,.0f}/s" if elapsed > 0.5 else ""
            bar.update(fetching, completed=count, rate=rate)

        def applied(count: int) -> None:
            bar.update(fetching, total=bar.tasks[fetching].completed)
            bar.update(applying, advance=count, visible=True)

        yield Progress(fetched, applied)
