"""`python -m halo_host` is `halo-host`."""

from __future__ import annotations

from .cli import main

main(prog_name="halo-host")
