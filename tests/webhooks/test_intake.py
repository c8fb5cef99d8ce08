"""What becomes of a delivery before it is answered."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event, text
from support.acme import AGENT, CONNECTION, Desk
from support.clock import Clock
from support.serving import an_event, delivery, eventually, signed

from halo_host import Integration, WebhookVerdict, hookimpl
from halo_host.errors import DatabaseError
from halo_host.webhooks.inbox import Delivery, Selection
from halo_host.webhooks.tables import inbox_version

from .conftest import Deliver


def kept(desk: Desk) -> list[Delivery]:
    return desk.host.webhooks.find(Selection())


def test_a_delivery_that_comes_again_is_answered_again_and_kept_once(
    listening_desk: Desk, deliver: Deliver, clock: Clock
) -> None:
    first = clock()
    assert deliver(delivery(1)).status == 204
    second = clock.advance(minutes=2)
    assert deliver(delivery(1)).status == 204

    (there,) = kept(listening_desk)
    assert (there.attempts, there.received_at, there.last_received_at) == (2, first, second)


def test_a_delivery_without_a_name_goes_by_its_body(listening_desk: Desk, deliver: Deliver) -> None:
    nameless, other = b'{"events": []}', b'{"events": [ ]}'
    for body in (nameless, nameless, other):
        assert deliver(body).status == 204

    digest = hashlib.sha256(nameless).hexdigest()
    assert {it.key: it.attempts for it in kept(listening_desk)} == {
        f"sha256:{digest}": 2,
        f"sha256:{hashlib.sha256(other).hexdigest()}": 1,
    }


@pytest.mark.parametrize("name", ["x" * 5000, "\x00", "\ud800", " "])
def test_an_odd_name_is_replaced_by_a_digest(
    listening_desk: Desk, deliver: Deliver, name: str
) -> None:
    body = delivery(1, id=name)
    assert (deliver(body).status, deliver(body).status) == (204, 204)

    (there,) = kept(listening_desk)
    assert there.key.startswith("sha256:")
    assert there.attempts == 2


def test_the_same_name_on_two_connections_is_two_deliveries(
    listening_desk: Desk, deliver: Deliver
) -> None:
    listening_desk.enable("second")
    listening_desk.host.connections.configure(
        "second", settings={"webhook_secret": "hush-hush-hush"}, agent=AGENT
    )
    deliver(delivery(1))
    eventually(lambda: deliver(delivery(1), slug="second").status == 204)

    assert {it.connection for it in kept(listening_desk)} == {CONNECTION, "second"}


def test_headers_are_kept_but_for_credentials(listening_desk: Desk, deliver: Deliver) -> None:
    deliver(
        delivery(1),
        user_agent="acme-hooks/2",
        authorization="Bearer very-secret",
        cookie="session=very-secret",
        x_acme_webhook_token="very-secret",
        x_request_id="R1",
        accept="*/*",
    )

    details = listening_desk.host.webhooks.get(kept(listening_desk)[0].id)
    assert details.headers["user-agent"] == "acme-hooks/2"
    assert details.headers["x-request-id"] == "R1"
    assert set(details.headers) == {"acme-signature", "content-type", "user-agent", "x-request-id"}


def test_a_test_delivery_is_kept_as_one(listening_desk: Desk, deliver: Deliver) -> None:
    deliver(delivery(1, test=True))

    assert kept(listening_desk)[0].is_test


def test_nobody_waits_for_a_writer_of_the_hosts_database(
    listening_desk: Desk, deliver: Deliver
) -> None:
    """On SQLite the fill holds the write lock; on PostgreSQL it holds the rows it changes."""
    with listening_desk.host.database.write() as connection:
        connection.execute(text("UPDATE connections SET name = name"))
        for number in range(5):
            assert deliver(delivery(number)).status == 204
    assert len(kept(listening_desk)) == 5


def test_what_cannot_be_stored_is_not_acknowledged(listening_desk: Desk, deliver: Deliver) -> None:
    assert deliver(delivery(1)).status == 204
    database = listening_desk.host.webhooks.inbox.database

    @event.listens_for(database._reader, "commit")
    def fail(connection: object) -> None:
        raise DatabaseError("The disk is full.")

    try:
        assert deliver(delivery(2)).status == 503
    finally:
        event.remove(database._reader, "commit", fail)

    assert [it.key for it in kept(listening_desk)] == ["D1"]
    assert deliver(delivery(2)).status == 204


def test_deliveries_that_come_together_share_commits(
    listening_desk: Desk, deliver: Deliver
) -> None:
    deliver(delivery("before"))
    database = listening_desk.host.webhooks.inbox.database
    commits: list[object] = []
    gate = threading.Event()

    @event.listens_for(database._writer, "begin")
    def wait(connection: object) -> None:
        commits.append(connection)
        gate.wait(30)  # the first transaction lasts until the others have come

    with ThreadPoolExecutor(25) as pool:
        answers = [pool.submit(deliver, delivery("first"))]
        eventually(lambda: commits)
        answers += [pool.submit(deliver, delivery(number)) for number in range(24)]
        eventually(lambda: listening_desk.host.webhooks._writer._queue.qsize() >= 24)
        gate.set()
        assert {it.result().status for it in answers} == {204}
    event.remove(database._writer, "begin", wait)

    assert len(kept(listening_desk)) == 26
    assert len(commits) <= 4


def test_answers_wait_for_the_disk(listening_desk: Desk, deliver: Deliver) -> None:
    deliver(delivery(1))
    with listening_desk.host.webhooks.inbox.database.write() as connection:
        if listening_desk.host.database.is_sqlite:
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        else:  # although the tests' server is set up not to wait
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"


class Faulty:
    """A plugin whose hook does what a test says."""

    def __init__(self, verify: Callable[[], object]) -> None:
        self.verify = verify

    @hookimpl
    def halo_integrations(self) -> object:
        schema = {"type": "object", "properties": {}, "additionalProperties": False}
        yield Integration(
            slug="faulty",
            title="Faulty",
            description="Fails.",
            config_schema={
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                **schema,
            },
        )

    @hookimpl
    def halo_verify_webhook(self) -> object:
        return self.verify()


@pytest.mark.parametrize(
    ("verify", "status"),
    [
        (lambda: 1 / 0, 401),
        (lambda: "yes", 401),
        (lambda: None, 404),
        (lambda: WebhookVerdict(accepted=False), 401),
        (lambda: WebhookVerdict(accepted=False, reason="No." + "o" * 9999), 401),
    ],
)
def test_a_plugin_that_fails_lets_nothing_in(
    desk: Desk, verify: Callable[[], object], status: int
) -> None:
    desk.host.plugins.add("faulty", Faulty(verify))
    desk.host.connections.enable("faulty", {}, slug="faulty", agent=AGENT)

    answer = desk.host.webhooks.receive("faulty", {}, lambda limit: b"{}")

    assert answer.status == status
    assert len(answer.message) <= 200
    assert kept(desk) == []


def test_connections_that_lack_their_key_ask_to_come_again(
    listening_desk: Desk, deliver: Deliver
) -> None:
    listening_desk.host.settings.key_file.unlink()

    answer = listening_desk.host.webhooks.receive(
        CONNECTION, signed(delivery(1)), lambda limit: delivery(1)
    )

    assert (answer.status, answer.message) == (503, "The connection's secrets cannot be read.")


def test_rejections_are_counted_by_day_and_reason(
    listening_desk: Desk, deliver: Deliver, clock: Clock
) -> None:
    for _ in range(3):
        deliver(delivery(1), acme_signature="wrong")
    clock.advance(days=1)
    deliver(delivery(1), acme_signature="wrong")
    deliver(delivery(1), slug="nobody")
    deliver(delivery(1), slug="nobody-else")

    def counted() -> set[tuple[str, str, str, int]]:
        found = listening_desk.host.webhooks.tallies()
        return {(it.day, it.connection, it.reason, it.count) for it in found}

    wrong = "Its signature is wrong."
    expected = {
        ("2026-03-02", CONNECTION, wrong, 3),
        ("2026-03-03", CONNECTION, wrong, 1),
        ("2026-03-03", "", "There is no such connection.", 2),
    }
    eventually(lambda: counted() == expected)


def test_what_is_counted_is_written_when_the_host_is_closed(
    listening_desk: Desk, deliver: Deliver
) -> None:
    deliver(delivery(1))
    listening_desk.host.webhooks.close()

    assert [it.count for it in listening_desk.host.webhooks.tallies()] == [1]
    listening_desk.host.webhooks.inbox.close()


def test_the_integrator_is_told_once_of_many_deliveries(
    listening_desk: Desk, deliver: Deliver
) -> None:
    for number in range(30):
        deliver(delivery(number, an_event(number)))

    (job,) = eventually(lambda: listening_desk.host.jobs.list(CONNECTION))
    assert (job.kind, job.why, job.agent) == ("webhooks", "webhook", "webhook")
    assert listening_desk.host.webhooks.connections_with_work() == [CONNECTION]


def test_the_inbox_of_a_newer_version_is_left_alone(listening_desk: Desk, deliver: Deliver) -> None:
    deliver(delivery(1))
    webhooks = listening_desk.host.webhooks
    with webhooks.inbox.database.write() as connection:
        connection.execute(inbox_version.update().values(version=99))
    webhooks.inbox.close()
    del webhooks.inbox.__dict__["database"]

    with pytest.raises(DatabaseError, match="belongs to a newer version"):
        webhooks.open()
