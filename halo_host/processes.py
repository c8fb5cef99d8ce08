"""This process and others of the machine: who runs, and how often Python looks for cycles.

Who holds something is a machine, a process, and a token that no other process has. A token begins
with the time at which its process was started, where the system tells it, so that a process that
was given a dead one's number (as in a container that was restarted) is not taken for it.
"""

from __future__ import annotations

import gc
import os
import platform
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def is_running(process_id: int) -> bool:
    """On Windows, where asking would end the process, every process counts as running."""
    if sys.platform == "win32":
        return True
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


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


@contextmanager
def rare_collections() -> Iterator[None]:
    """Let Python look for cycles less often: batches make many objects, and hardly a cycle.

    Imports and fills spent a tenth of its time on that search (benchmarks/README.md).
    """
    before = gc.get_threshold()
    gc.set_threshold(100_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
