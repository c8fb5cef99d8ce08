"""The queue that wakes integrators: where it lies, what it takes, what it never does."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from support.acme import CONNECTION, Desk

from halo_host.errors import InvalidInput
from halo_host.jobs.queue import Queue, queue_address
from halo_host.settings import Settings, settings_from

INTEGRATORS = 8


@pytest.fixture
def address(desk: Desk) -> str:
    return queue_address(desk.host.settings)


@pytest.fixture
def heard() -> list[int]:
    return []


@pytest.fixture
def queue(address: str, heard: list[int]) -> Iterator[Queue]:
    """As an integrator opens it."""
    queue = Queue(address, answer=heard.append)
    yield queue
    queue.close()


def answer_all(queue: Queue) -> None:
    while (task := queue.huey.dequeue()) is not None:
        queue.huey.execute(task)


def test_a_queued_job_rings_with_its_number(desk: Desk, queue: Queue, heard: list[int]) -> None:
    job = desk.host.jobs.enqueue("sync", CONNECTION, why="hand", agent="Olive")
    desk.host.jobs.enqueue("sync", CONNECTION, why="hand", agent="Olive")  # waits already

    answer_all(queue)

    assert heard == [job.id]


def test_integrators_that_begin_at_once_all_find_their_queue(address: str) -> None:
    together = Barrier(INTEGRATORS)

    def begin(number: int) -> None:
        together.wait()
        queue = Queue(address, answer=lambda number: None)
        queue.ring(number)
        queue.close()

    with ThreadPoolExecutor(INTEGRATORS) as pool:
        for _ in pool.map(begin, range(INTEGRATORS)):
            pass

    queue = Queue(address, answer=lambda number: None)
    assert queue.huey.storage.queue_size() == INTEGRATORS
    queue.close()


def test_without_an_integrator_nothing_is_made(desk: Desk) -> None:
    desk.host.jobs.enqueue("sync", CONNECTION, why="hand", agent="Olive")

    assert not (desk.host.settings.data / "queue.db").exists()
    if not desk.host.database.is_sqlite:
        with desk.host.database.read() as connection:
            found = connection.exec_driver_sql("SELECT to_regclass('halo_queue_task')").scalar()
        assert found is None


class _Harmful:
    """Unpickled, it would leave a file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[object, tuple[Path, str]]:
        return Path.write_text, (self.file, "harmed")


@pytest.mark.parametrize("forged", ["pickle", "json", "nothing"])
def test_what_the_host_did_not_write_is_not_carried_out(
    queue: Queue, heard: list[int], tmp_path: Path, forged: str
) -> None:
    file = tmp_path / "harmed"
    messages = {
        "pickle": pickle.dumps(_Harmful(file)),
        "json": b'["an id", "os.system", 1]',
        "nothing": b"",
    }
    queue.huey.storage.enqueue(messages[forged])

    with pytest.raises(Exception, match=r"."):
        answer_all(queue)
    queue.ring(7)
    answer_all(queue)

    assert heard == [7]
    assert not file.exists()


def test_a_queue_that_is_away_does_not_keep_a_job_from_being_queued(
    desk: Desk, tmp_path: Path, database_url: str
) -> None:
    away = "postgresql://nobody@127.0.0.1:1/nowhere?connect_timeout=1"
    bell = Queue(away)
    bell.ring(1)
    bell.close()


def test_the_queue_lies_where_the_database_does_unless_named(tmp_path: Path) -> None:
    embedded = Settings(data=tmp_path, database_url=f"sqlite:///{tmp_path}/halo-host.db")
    server = Settings(data=tmp_path, database_url="postgresql+psycopg://halo@db/halo")
    named = settings_from(
        {"HALO_HOST_QUEUE": "redis://cache:6379/1", "HALO_HOST_DATABASE_URL": "postgresql://h@d/x"},
        data=tmp_path,
    )

    assert queue_address(embedded) == f"sqlite:///{tmp_path}/queue.db"
    assert queue_address(server) == "postgresql+psycopg://halo@db/halo"
    assert queue_address(named) == "redis://cache:6379/1"


@pytest.mark.parametrize("wrong", ["amqp://queue", "queue.db", "sqlite://"])
def test_an_address_that_is_none_is_refused(wrong: str) -> None:
    with pytest.raises(InvalidInput, match="HALO_HOST_QUEUE"):
        Queue(wrong)


@pytest.mark.parametrize("value", ["0", "65", "two"])
def test_a_wrong_number_of_workers_is_refused(tmp_path: Path, value: str) -> None:
    with pytest.raises(InvalidInput, match="HALO_HOST_WORKERS"):
        settings_from({"HALO_HOST_WORKERS": value}, data=tmp_path)


def test_a_receiver_that_is_no_address_is_refused(tmp_path: Path) -> None:
    settings = settings_from({"HALO_HOST_ALERT_TO": "a@b.example, c@d.example"}, data=tmp_path)
    assert settings.alert_to == ("a@b.example", "c@d.example")

    with pytest.raises(InvalidInput, match="HALO_HOST_ALERT_TO"):
        settings_from({"HALO_HOST_ALERT_TO": "Ann"}, data=tmp_path)


def test_secrets_among_the_settings_are_not_shown(tmp_path: Path) -> None:
    settings = settings_from(
        {
            "HALO_HOST_QUEUE": "redis://:hush@cache",
            "HALO_HOST_SMTP_URL": "smtp://halo:hush@mail",
            "HALO_HOST_ALERT_WEBHOOK": "https://chat/hush",
            "HALO_HOST_ALERT_WEBHOOK_SECRET": "hush",
        },
        data=tmp_path,
    )

    assert "hush" not in repr(settings)
