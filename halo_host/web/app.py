"""The web application: what answers requests, whoever serves it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask

from ..api import api
from . import areas, each_request, errors, health, metrics, webhooks
from .numbers import Number
from .shell import shell
from .texts import Text, TextRequest

if TYPE_CHECKING:
    from ..host import Host
    from .answer_times import AnswerTimes


def create_app(host: Host, answer_times: AnswerTimes) -> Flask:
    """Make the application of one host. Its views find the host in `app.extensions`.

    `answer_times` counts how long deliveries took, for all processes of the server.

    :raises InvalidInput: HALO_HOST_LOCALE is no locale.
    """
    app = Flask("halo_host.web", static_folder=None, template_folder=None)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.request_class = TextRequest
    app.url_map.converters |= {"int": Number, "default": Text, "string": Text}
    app.extensions["halo_host"] = host
    app.extensions["halo_host_answer_times"] = answer_times
    app.extensions["halo_host_readiness"] = health.Readiness(host)
    each_request.prepare(app)
    errors.prepare(app)
    shell.prepare(app, host)
    app.register_blueprint(webhooks.views)
    app.register_blueprint(health.views)
    app.register_blueprint(metrics.views)
    api.prepare(app)
    for area in areas.blueprints():
        app.register_blueprint(area)
    return app
