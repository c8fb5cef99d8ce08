"""An import that was started on a page goes on when the server is killed and started again."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

from support.acme import AGENT, CONNECTION, Desk
from support.serving import Serving, eventually, is_alive

from halo_host.imports.change_sets import State

PAYERS = [{"id": f"CU{number:04}", "given_name": f"Ann {number}"} for number in range(1_200)]


def test_an_import_outlives_the_server(serve: Callable[..., Serving], desk: Desk) -> None:
    host = desk.host
    desk.ledger.write(*PAYERS, {"sleep": 600})
    number = host.reviews.start(CONNECTION, agent=AGENT).number
    first = serve("--threads", "2")
    eventually(lambda: host.imports.get(number).counts.get("fetched"))
    assert host.imports.get(number).state is State.PLANNING
    processes = {first.process.pid, *first.children()}
    for process_id in processes:
        if is_alive(process_id):
            os.kill(process_id, signal.SIGKILL)
    first.process.wait()
    eventually(lambda: not [it for it in processes if is_alive(it)])

    desk.ledger.write(*PAYERS)
    serve("--threads", "2")
    eventually(lambda: host.imports.get(number).state is State.PLANNED)
    assert host.imports.get(number).rows == {"new": {"pending": 1_200}}
    host.reviews.apply(number, agent=AGENT)
    eventually(lambda: host.imports.get(number).state is State.APPLIED)
    assert host.imports.get(number).rows == {"new": {"applied": 1_200}}
