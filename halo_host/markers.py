"""The marker that a plugin puts on its hook implementations."""

from __future__ import annotations

import pluggy

hookimpl = pluggy.HookimplMarker("halo_host")
