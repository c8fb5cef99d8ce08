"""The demo's own folder, so that a demo can start clean and never touches real data."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import HostError, InvalidInput
from ..processes import is_running

_MARK = "halo-host-demo"


@contextmanager
def demo_folder(folder: Path, *, keep: bool) -> Iterator[Path]:
    """The folder, empty unless `keep`, for as long as this demo runs.

    :raises HostError: another demo runs there.
    :raises InvalidInput: the folder holds something that no demo made.
    """
    mark = folder / _MARK
    if folder.exists() and any(folder.iterdir()) and not mark.exists():
        raise InvalidInput(
            f"The folder {folder} holds files that no demo made; nothing was deleted.",
            advice="Name another folder with --data.",
        )
    if (holder := _holder(mark)) is not None:
        raise HostError(
            f"A demo is running in {folder} already (process {holder}).",
            advice="Stop it first, or name another folder with --data.",
        )
    if folder.exists() and not keep:
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    mark.write_text(str(os.getpid()), "ascii")
    try:
        yield folder
    finally:
        mark.write_text("", "ascii")


def _holder(mark: Path) -> int | None:
    try:
        process_id = int(mark.read_text("ascii"))
    except (FileNotFoundError, ValueError):
        return None
    return process_id if process_id != os.getpid() and is_running(process_id) else None
