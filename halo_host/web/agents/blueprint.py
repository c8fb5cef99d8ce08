"""The blueprint that the views of agents share."""

from __future__ import annotations

from flask import Blueprint

views = Blueprint("agents", __name__, template_folder="templates")
