"""One import with the host, as `halo-host import run` does it: `host_import.py DATA_FOLDER`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from measured_database import AGENT, CONNECTION

from halo_host.host import Host
from halo_host.settings import settings_from

if __name__ == "__main__":
    with Host(settings_from(os.environ, data=Path(sys.argv[1]))) as host:
        result = host.imports.run(CONNECTION, agent=AGENT)
        print(result.change_set.counts["fetched"])
