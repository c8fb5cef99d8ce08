"""All pages of integrations, one blueprint for each subject."""

from __future__ import annotations

from flask import Blueprint

from . import deliveries, details, enabling, health, icons, integrator, mappings, runs, sites, tiles

views = Blueprint("integrations", __name__, template_folder="templates")
for subject in (
    tiles,
    icons,
    enabling,
    details,
    sites,
    mappings,
    integrator,
    runs,
    health,
    deliveries,
):
    views.register_blueprint(subject.views)
