"""Works on the mirror in a process of its own and kills that process at its Nth step.

A step is a statement sent to the database, a commit, or a page asked of the bank; the count is the
only thing that the kill depends on, so a run can be repeated. Run by test_killed.py as
`killed_sync.py DATA URL STEPS fill|increment|webhooks PAGES_FILE`.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from sqlalchemy import event

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.bank import BankPlugin, batch
from sync.story import deliveries, founded, grown

from halo_host import StreamKind
from halo_host.host import Host
from halo_host.plugins import Plugins
from halo_host.settings import Settings


def main() -> None:
    data, url, steps, work, pages = sys.argv[1:]
    left = int(steps)

    def step(*_: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    bank, clock = founded() if work == "fill" else grown()
    plugins = Plugins(strict=True)
    plugins.add("bank", BankPlugin(bank))
    with (
        Path(pages).open("a", buffering=1) as asked,
        Host(Settings(data=Path(data), database_url=url), clock=clock, plugins=plugins) as host,
    ):

        def note(page: str) -> None:
            clock.advance(milliseconds=1)  # so that each run's reading of changes is told apart
            asked.write(page + "\n")
            step()

        bank.note_page = note
        engine = host.database._reader
        event.listen(engine, "before_cursor_execute", step)
        event.listen(engine, "commit", step)
        kind = "webhooks" if work == "webhooks" else "sync"
        lease = host.jobs.begin(kind, "bank", agent="killed")
        if work == "webhooks":
            for events in deliveries(bank):
                host.sync.take_events(lease, batch(StreamKind.EVENTS, events))
            host.sync.reread_dirty(lease)
        else:
            host.sync.run(lease)
        host.jobs.finish(lease, "")
    sys.stdout.write(str(int(steps) - left))


if __name__ == "__main__":
    main()
