"""`/metrics`: figures for Prometheus. What is in the database is counted when it is asked for, so
every process of the server tells the same."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from ipaddress import ip_address
from typing import TYPE_CHECKING, cast

from flask import Blueprint, Response, current_app, request

from .parts import error_answer, the_answer_times, the_host
from .shell.access import public

if TYPE_CHECKING:
    from prometheus_client.core import Metric

    from .answer_times import AnswerTimes
    from .figures import Figures

views = Blueprint("metrics", __name__)


@views.get("/metrics")
@public("it asks for a token of its own", elsewhere=True)
def metrics() -> Response:
    refused = _refusal()
    if refused is not None:
        return refused
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.exposition import CONTENT_TYPE_LATEST

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(_the_figures(), the_answer_times()))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _refusal() -> Response | None:
    """Without a token only this machine may ask, and nobody through a proxy on it."""
    token = the_host().settings.metrics_token
    if token:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        good = hmac.compare_digest(given.strip().encode(), token.encode())
        if good and scheme.lower() == "bearer":
            return None
        answer = error_answer(401, "Metrics need the token of HALO_HOST_METRICS_TOKEN.")
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer
    forwarded = any(
        name in request.headers for name in ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")
    )
    if forwarded or not _is_loopback(request.remote_addr or ""):
        return error_answer(403, "Metrics are for this machine alone; see HALO_HOST_METRICS_TOKEN.")
    return None


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False


class _Collector:
    def __init__(self, figures: Figures, answer_times: AnswerTimes) -> None:
        self._figures = figures
        self._answer_times = answer_times

    def collect(self) -> Iterator[Metric]:
        from .figures import answer_times

        yield answer_times(self._answer_times)
        yield from self._figures.collect()


def _the_figures() -> Figures:
    """Made when first asked for: the library of metrics takes a while to load."""
    from .figures import Figures

    made = current_app.extensions.setdefault("halo_host_figures", Figures(the_host()))
    return cast("Figures", made)
