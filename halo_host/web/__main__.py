"""`python -m halo_host.web SOCKET WORKERS THREADS`, as `halo-host serve` starts it."""

from __future__ import annotations

import os
import sys

from .. import logs
from ..errors import HostError
from ..settings import settings_from


def main() -> None:
    socket, workers, threads = map(int, sys.argv[1:])
    try:
        settings = settings_from(os.environ)
    except HostError as error:
        sys.exit(str(error))
    logs.set_up(settings.log_format)
    from .server import Server

    sys.argv = sys.argv[:1]  # gunicorn would read them as its own
    Server(settings, socket=socket, workers=workers, threads=threads).run()


if __name__ == "__main__":
    main()
