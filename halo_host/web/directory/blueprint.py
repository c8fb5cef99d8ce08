"""The blueprint that the views of the directory share."""

from __future__ import annotations

from flask import Blueprint

views = Blueprint("directory", __name__, template_folder="templates")
