"""Child processes that end with their parent, however that ends."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import IO

_PR_SET_PDEATHSIG = 1  # of linux/prctl.h


class Child:
    """A program in a process group of its own: Ctrl-C in the terminal reaches the parent alone,
    which then stops it. Made by the parent's main thread. What it says goes to the parent's own
    output, unless an `output` is given."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        files: Sequence[int] = (),
        output: IO[bytes] | None = None,
    ) -> None:
        self.name = name
        self.started_at = time.monotonic()
        self._process = subprocess.Popen(
            command,
            env=dict(environment),
            pass_fds=files,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=_end_with(os.getpid()),
        )

    @property
    def process_id(self) -> int:
        return self._process.pid

    def ended(self) -> int | None:
        """Its exit status, negative for a signal; None while it runs."""
        return self._process.poll()

    def wait(self, seconds: float) -> None:
        """Until it has ended, or for so long."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)

    def ask_to_stop(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()

    def kill(self) -> None:
        """End it and all that it has started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def _end_with(parent: int) -> Callable[[], None] | None:
    """What the child does before its program begins: have the kernel stop it with its parent.

    Elsewhere than on Linux a parent that is killed leaves its children behind; they notice it by
    themselves where they can.
    """
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def prepare() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it ended before the kernel knew
            os._exit(1)

    return prepare
