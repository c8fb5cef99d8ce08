"""Whether another process of this machine still runs."""

from __future__ import annotations

import os
import sys


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
