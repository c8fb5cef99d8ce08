"""All pages of imports, one blueprint for each subject."""

from __future__ import annotations

from flask import Blueprint

from . import change_set, decisions, held, history, rows, undoing

views = Blueprint("imports", __name__, template_folder="templates")
for subject in (history, held, change_set, decisions, rows, undoing):
    views.register_blueprint(subject.views)
