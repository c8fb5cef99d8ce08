"""The pages beside another program of this host, as `halo-host demo` shows them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import HostError
from ..settings import Settings, make_folder
from .children import Child
from .supervisor import environment_of, listening, shown

STOP_SECONDS = 15.0


@contextmanager
def pages_beside(settings: Settings, *, threads: int = 4) -> Iterator[str]:
    """Serve the pages of a host until the block ends; their address.

    They listen where the settings say, or on any free port of this machine where another program
    has that one. What the server says goes into `web.log` in the data folder.

    :raises HostError: nothing can be listened on.
    """
    make_folder(settings)
    try:
        listener = listening(settings.listen)
    except HostError:
        listener = listening("127.0.0.1:0")
    address = f"http://{shown(listener)}"
    # On this machine no proxy stands before it, whatever the settings of the real host say.
    environment = {**environment_of(settings), "HALO_HOST_PUBLIC_URL": ""}
    with listener, (settings.data / "web.log").open("ab") as log:
        child = Child(
            "web server",
            [
                sys.executable,
                "-P",
                "-m",
                "halo_host.web",
                str(listener.fileno()),
                "1",
                str(threads),
            ],
            environment,
            files=(listener.fileno(),),
            output=log,
        )
        try:
            yield address
        finally:
            child.ask_to_stop()
            child.wait(STOP_SECONDS)
            child.kill()
