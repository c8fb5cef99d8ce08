"""The blueprint that the views of the activity share."""

from __future__ import annotations

from flask import Blueprint

views = Blueprint("activity", __name__, template_folder="templates")
