"""All views of the directory."""

from __future__ import annotations

from . import alerts, configuration, customers, pickers, sites, user_fields, user_forms, users
from .blueprint import views

__all__ = [
    "alerts",
    "configuration",
    "customers",
    "pickers",
    "sites",
    "user_fields",
    "user_forms",
    "users",
    "views",
]
