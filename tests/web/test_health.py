"""/healthz and /readyz tell the truth, and /metrics tells it to those who may know."""

from __future__ import annotations

from datetime import UTC, datetime

from prometheus_client.parser import text_string_to_metric_families
from support.acme import AGENT, CONNECTION, Desk
from support.serving import Serving, delivery, eventually

from halo_host.jobs.presence import Presence
from halo_host.webhooks.inbox import Delivery, Selection

from .conftest import Serve


def not_ready(running: Serving) -> dict[str, str]:
    answer = running.get("/readyz")
    if answer.status_code == 200:
        assert answer.json() == {"status": "ready"}
        return {}
    assert answer.status_code == 503
    reasons: dict[str, str] = answer.json()["reasons"]
    return reasons


def figures(running: Serving, **headers: str) -> dict[tuple[str, ...], float]:
    """Name and labels, and the value."""
    answer = running.get("/metrics", headers=headers)
    assert answer.status_code == 200
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_a_server_without_an_integrator_is_alive_and_not_ready(
    serve: Serve, listening_desk: Desk
) -> None:
    running = serve()

    assert running.get("/healthz").json() == {"status": "alive"}
    assert not_ready(running) == {"integrator": "No integrator runs."}

    # Any integrator will do, also one of another machine; here it is this process.
    presence = Presence(listening_desk.host.database, lambda: datetime.now(UTC), threads=1)
    presence.renew()
    assert not_ready(running) == {}
    presence.leave()
    assert "integrator" in not_ready(running)


def test_with_its_integrator_it_becomes_ready(serve: Serve) -> None:
    running = serve("--threads", "2")

    assert eventually(lambda: not not_ready(running))


def test_a_database_of_another_version_is_not_ready(serve: Serve, listening_desk: Desk) -> None:
    running = serve()
    with listening_desk.host.database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")

    assert not_ready(running)["database"] == "Its tables are not those of this version."

    with listening_desk.host.database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    assert "newer version" in not_ready(running)["database"]


def test_an_inbox_that_cannot_be_written_is_not_ready_and_deliveries_come_again(
    serve: Serve, listening_desk: Desk
) -> None:
    running = serve()
    assert running.deliver(delivery(1)).status_code == 204
    inbox = listening_desk.host.webhooks.inbox.database

    with inbox.write() as blocker:
        if not inbox.is_sqlite:
            blocker.exec_driver_sql("LOCK TABLE inbox_deliveries, inbox_version IN EXCLUSIVE MODE")
        assert "inbox" in not_ready(running)
        refused = running.deliver(delivery(2))
        assert refused.status_code == 503
        assert refused.headers["Retry-After"]

    eventually(lambda: "inbox" not in not_ready(running))
    assert running.deliver(delivery(2)).status_code == 204


def test_deliveries_are_answered_while_the_connections_cannot_be_read(
    serve: Serve, listening_desk: Desk
) -> None:
    """What is known of a connection stays known."""
    running = serve()
    assert running.deliver(delivery(1)).status_code == 204
    with listening_desk.host.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE connections RENAME TO gone")

    def was_noticed() -> bool:
        assert running.deliver(delivery(2)).status_code == 204
        return "The connections could not be read" in running.said()

    eventually(was_noticed)
    assert running.deliver(delivery(3)).status_code == 204


def test_the_integrator_processes_what_was_delivered(serve: Serve, listening_desk: Desk) -> None:
    """Acme Pay has no streams, so that what is done with a delivery is to say so."""
    running = serve("--threads", "2")
    running.deliver(delivery(1))

    def kept() -> Delivery:
        (only,) = listening_desk.host.webhooks.find(Selection())
        return only

    eventually(lambda: kept().state != "new")
    assert "mirrors nothing" in kept().reason


def test_a_disabled_connection_takes_no_deliveries(serve: Serve, listening_desk: Desk) -> None:
    running = serve()
    assert running.deliver(delivery(1)).status_code == 204

    listening_desk.host.connections.disable(CONNECTION, agent=AGENT)

    eventually(lambda: running.deliver(delivery(2)).status_code == 404)
    listening_desk.host.connections.enable("acme-pay", {}, slug=CONNECTION, agent=AGENT)
    eventually(lambda: running.deliver(delivery(3)).status_code == 204)


def test_a_new_secret_is_taken_and_the_old_one_until_it_goes(
    serve: Serve, listening_desk: Desk
) -> None:
    running = serve()
    configure = listening_desk.host.connections.configure

    configure(CONNECTION, settings={"webhook_secret": "new-secret old-secret"}, agent=AGENT)
    eventually(lambda: running.deliver(delivery(1), secret="new-secret").status_code == 204)
    assert running.deliver(delivery(2), secret="old-secret").status_code == 204

    configure(CONNECTION, settings={"webhook_secret": "new-secret"}, agent=AGENT)
    eventually(lambda: running.deliver(delivery(3), secret="old-secret").status_code == 401)
    assert running.deliver(delivery(4), secret="new-secret").status_code == 204


def test_metrics_count_deliveries_and_their_answer_times(
    serve: Serve, listening_desk: Desk
) -> None:
    running = serve()
    for number in (1, 2, 2, 2):
        running.deliver(delivery(number))
    running.deliver(delivery(3), secret="wrong")

    def counted() -> dict[tuple[str, ...], float]:
        found = figures(running)
        name = "halo_host_webhook_deliveries_total"
        wanted = {"accepted": 2.0, "duplicate": 2.0, "rejected": 1.0}
        is_there = all(
            found.get((name, CONNECTION, outcome)) == count for outcome, count in wanted.items()
        )
        return found if is_there else {}

    found = eventually(counted)
    assert found[("halo_host_inbox_waiting", CONNECTION)] == 2
    assert found[("halo_host_webhook_answer_seconds_count",)] == 5
    assert found[("halo_host_webhook_answer_seconds_bucket", "+Inf")] == 5
    assert found[("halo_host_integrators",)] == 0
    eventually(lambda: figures(running).get(("halo_host_jobs", "webhooks", "queued")) == 1)
    assert not [name for name, value in found.items() if "failed" in name[0] and value]


def test_metrics_are_for_this_machine_alone_without_a_token(serve: Serve) -> None:
    running = serve()

    assert running.get("/metrics").status_code == 200
    through_a_proxy = running.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"})
    assert through_a_proxy.status_code == 403


def test_metrics_with_a_token_are_for_who_has_it(serve: Serve) -> None:
    running = serve("--no-integrator", environment={"HALO_HOST_METRICS_TOKEN": "let-me-see"})

    assert running.get("/metrics").status_code == 401
    for wrong in ("Bearer no", "Bearer ", "Basic let-me-see", "let-me-see", "Bearer lét"):
        refused = running.get("/metrics", headers={"Authorization": wrong.encode()})
        assert refused.status_code == 401
        assert refused.headers["WWW-Authenticate"] == "Bearer"
    good = {"Authorization": "Bearer let-me-see", "X-Forwarded-For": "203.0.113.9"}
    assert running.get("/metrics", headers=good).status_code == 200
    assert "let-me-see" not in running.said()


def test_every_answer_has_headers_that_keep_browsers_safe(serve: Serve) -> None:
    running = serve()

    for path in ("/healthz", "/readyz", "/metrics", "/nothing", "/webhooks/x"):
        answer = running.get(path, headers={"X-Request-Id": "from-the-proxy.1"})
        assert answer.headers["X-Request-Id"] == "from-the-proxy.1"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Server"] == "halo-host"
    unlikely = running.get("/healthz", headers={"X-Request-Id": "no id {}"})
    assert unlikely.headers["X-Request-Id"].isalnum()
