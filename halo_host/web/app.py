"""The web application: what answers requests, whoever serves it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask

from . import each_request, errors, health, metrics, webhooks

if TYPE_CHECKING:
    from ..host import Host
    from .answer_times import AnswerTimes


def create_app(host: Host, answer_times: AnswerTimes) -> Flask:
    """Make the application of one host. Its views find the host in `app.extensions`.

    `answer_times` counts how long deliveries took, for all processes of the server.
    """
    app = Flask("halo_host.web", static_folder=None, template_folder=None)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.extensions["halo_host"] = host
    app.extensions["halo_host_answer_times"] = answer_times
    app.extensions["halo_host_readiness"] = health.Readiness(host)
    each_request.prepare(app)
    errors.prepare(app)
    app.register_blueprint(webhooks.views)
    app.register_blueprint(health.views)
    app.register_blueprint(metrics.views)
    return app
