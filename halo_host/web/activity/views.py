"""All views of the activity."""

from __future__ import annotations

from . import audit, runs
from .blueprint import views

__all__ = ["audit", "runs", "views"]
