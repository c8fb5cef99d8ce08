"""A whole run over a connection's streams.

What was never filled is filled; then come the changes since the last run, what they left dirty,
once a day whatever is still open, and the lines of new payouts.
"""

from __future__ import annotations

from . import stream_states
from .changes import read_changes, reread_dirty
from .fill import fill, has_gap
from .late_mandates import give_payers
from .payout_items import read_payout_items
from .recheck import recheck, recheck_is_due
from .run import NEVER, Run


def bring_up_to_date(run: Run) -> str:
    """One sentence about what was done."""
    done = []
    if has_gap(run, run.stream_states()):
        with run.database.write() as connection:
            stream_states.forget_all(connection, run.connection_id)
            run.lease.renew(connection)
        done.append("The provider may have forgotten events since the last run.")
    states = run.stream_states()
    unfilled = [it for it in run.kinds() if states.get(it, NEVER).filled_at is None]
    if unfilled:
        fill(run, unfilled)
        done.append(f"Filled {', '.join(it.value for it in unfilled)}.")
    due = recheck_is_due(run, run.stream_states())
    read_changes(run, long=due)
    reread_dirty(run)
    if due:
        recheck(run)
        reread_dirty(run)
        done.append("Read again what is still open.")
    give_payers(run)
    read_payout_items(run)
    return " ".join(done) or "Read the changes."
