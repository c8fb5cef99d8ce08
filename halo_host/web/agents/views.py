"""All views of agents."""

from __future__ import annotations

from . import account, manage, tokens
from .blueprint import views

__all__ = ["account", "manage", "tokens", "views"]
