"""This process and others of the machine: who runs, and how often Python looks for cycles."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


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
