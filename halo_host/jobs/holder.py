"""Who holds a lease: a machine, a process, and a token that no other process has.

A token begins with the time at which its process was started, where the system tells it, so that a
process that was given a dead one's number (as in a container that was restarted) is not taken for
it.
"""

from __future__ import annotations

import platform
import secrets
from pathlib import Path

from ..processes import is_running


def this_machine() -> str:
    return platform.node()


def new_token(process_id: int) -> str:
    return f"{_started(process_id)}.{secrets.token_hex(12)}"


def is_dead(machine: str, process_id: int, token: str) -> bool:
    """Whether the holder is known to have ended; of other machines nothing is known."""
    if machine != this_machine():
        return False
    started = token.partition(".")[0]
    return not is_running(process_id) or (started != "" and started != _started(process_id))


def _started(process_id: int) -> str:
    """When a process began, in the kernel's ticks since its own start; "" where it is not told."""
    try:
        stat = Path(f"/proc/{process_id}/stat").read_bytes()
        return f"{int(stat.rpartition(b')')[2].split()[19]):x}"
    except (OSError, IndexError, ValueError):
        return ""
