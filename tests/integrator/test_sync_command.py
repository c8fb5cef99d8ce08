"""`halo-host sync` as a person types it."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from support.acme import AGENT, CONNECTION, Desk
from support.bank import Bank

from halo_host import StreamKind
from halo_host.cli import face, main
from halo_host.cli.face import with_host
from halo_host.errors import HostError
from halo_host.jobs.lease import Counts

from .conftest import SLUG, Office

Halo = Callable[..., str]


@pytest.fixture
def halo(office: Office, monkeypatch: pytest.MonkeyPatch) -> Halo:
    """Commands that work on the host with the bank, and on its clock."""

    class Given:
        def __init__(self, settings: object, *, begin: bool) -> None:
            pass

        def __enter__(self) -> object:
            return office.host

        def __exit__(self, *raised: object) -> None:
            pass

    monkeypatch.setattr(face, "Host", Given)

    def run(*arguments: str, fails: bool = False, answer: str | None = None) -> str:
        result = CliRunner().invoke(main, arguments, input=answer)
        assert result.exit_code == int(fails), result.output
        return result.output

    return run


def test_status_says_what_was_what_is_next_and_that_nobody_works(
    office: Office, halo: Halo
) -> None:
    said = halo("sync", "status")
    assert re.search(r"bank +payments +never +2026-03-02 09:00:00", said)
    assert "No integrator runs" in said

    office.turn()

    said = halo("sync", "status", SLUG)
    assert re.search(r"bank +payments +2026-03-02 09:00:00 +2026-03-02 09:05:00", said)
    assert re.search(r"bank +verify +never +2026-03-03 09:00:00", said)
    assert "An integrator runs on" in said
    (status,) = json.loads(halo("sync", "status", "--json"))["connections"]
    assert [it["part"] for it in status["parts"]] == ["payments", "verify"]
    assert "no connection nobody" in halo("sync", "status", "nobody", fails=True)


def test_status_shows_failures_records_and_alerts(office: Office, bank: Bank, halo: Halo) -> None:
    bank.put(StreamKind.PAYMENTS, "PM1", broken=True)
    office.turn()
    for _ in range(3):
        lease = office.host.jobs.begin("sync", SLUG, agent=AGENT)
        office.host.jobs.fail(lease, HostError("The bank is closed."))
    office.sweep.once()

    said = halo("sync", "status")

    assert "3 in a row: The bank is closed." in said
    assert "tried again after a failure" in said
    assert "bank has 1 open alert: halo-host alerts list bank" in said
    assert "bank has 1 record that could not be read: halo-host sync failed bank" in said
    assert "The bank wrote nonsense." in halo("sync", "failed", SLUG)
    bank.put(StreamKind.PAYMENTS, "PM1", broken=False, status="pending", amount=1, currency="GBP")
    bank.put(StreamKind.PAYMENTS, "PM1", mandate="MD1")

    halo("sync", "retry", SLUG)
    office.worker.work()

    assert json.loads(halo("sync", "failed", SLUG, "--json")) == []


def test_sync_now_is_queued_for_the_integrator(office: Office, halo: Halo) -> None:
    assert "Run 1 (sync) is queued." in halo("sync", "now", SLUG)
    assert "Run 1 (sync) is queued." in halo("sync", "now", SLUG)
    assert "Run 2 (verify) is queued." in halo("sync", "now", SLUG, "all")
    assert "offers no users" in halo("sync", "now", SLUG, "users", fails=True)

    office.worker.work()

    runs = halo("sync", "runs", SLUG)
    assert re.search(r"1 +bank +sync +hand +done +2026-03-02 09:00:00 +0\.0 s", runs)
    assert [it["kind"] for it in json.loads(halo("sync", "runs", "--json"))] == ["verify", "sync"]
    assert json.loads(halo("sync", "runs", "--state", "failed", "--json")) == []


def test_sync_now_can_be_watched(office: Office, halo: Halo) -> None:
    worker = threading.Thread(target=lambda: work_when_asked(office))
    worker.start()
    said = halo("sync", "now", SLUG, "--follow")
    worker.join(60)

    assert re.search(r"Run 1 is done: \d+ pages?, .*, \d+ requests?\.", said)
    assert said.count("Run 1 is done") == 1
    result = office.host.jobs.get(1).result
    assert result
    assert f"Run 1 (sync) is done: {result}" in said


def work_when_asked(office: Office) -> None:
    while not office.worker.work():
        pass


def test_one_run_is_shown_in_full(office: Office, halo: Halo) -> None:
    lease = office.host.jobs.begin("sync", SLUG, agent="Olive")
    with office.host.database.write() as connection:
        counts = Counts(pages=2, new=1_500, requests=3, waited_ms=2_400, rate_limited=1)
        lease.renew(connection, add=counts, step="Payments")

    running = halo("sync", "status")
    assert "run 1 (sync) is running: Payments, 2 pages, 1,500 new, 3 requests." in running
    office.host.jobs.finish(lease, "All is well.")

    said = halo("sync", "run", "1")
    assert re.search(r"result +All is well\.", said)
    assert re.search(r"waited ms +2,400 ms for the rate limit", said)
    assert json.loads(halo("sync", "run", "1", "--json"))["new"] == 1_500
    assert "no run 9" in halo("sync", "run", "9", fails=True)


def test_a_schedule_is_shown_and_changed(office: Office, halo: Halo) -> None:
    assert re.search(r"payments +on +every 5 minutes", halo("sync", "schedule", SLUG))

    said = halo(
        *("sync", "schedule", SLUG, "--payments-every", "120", "--no-verify"),
        *("--quiet", "22:00-6:00", "--alert-after", "5", "--alert-age", "90"),
    )

    assert re.search(r"payments +on +every 2 hours", said)
    assert re.search(r"verify +off", said)
    assert "Quiet hours (Europe/London): 22:00 to 06:00" in said
    assert "after 5 failures in a row; age 90 minutes" in said
    assert "Quiet hours (Europe/London): none" in halo("sync", "schedule", SLUG, "--quiet", "none")
    chosen: dict[str, Any] = json.loads(halo("sync", "schedule", SLUG, "--json"))
    assert (chosen["payments_minutes"], chosen["verify_on"]) == (120, False)
    wrong = CliRunner().invoke(main, ["sync", "schedule", SLUG, "--quiet", "22:00"])
    assert wrong.exit_code == 2
    assert "such as 22:00-06:00" in wrong.output


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--payments-every", "0", "0 is no number of minutes from 1 to 527,040."),
        ("--verify-every", "daily", "daily is no number of minutes from 1 to 527,040."),
        ("--alert-after", "2000", "2000 is no number of failures from 1 to 1,000."),
        ("--alert-age", "-1", "-1 is no number of minutes from 0 to 527,040."),
        ("--quiet", "foo", "such as 22:00-06:00"),
        ("--quiet", "25:00-06:00", "'25:00' is no time of day."),
        ("--quiet", "22:00-22:00", "would never end"),
    ],
)
def test_a_schedule_that_cannot_be_is_refused_in_words(
    halo: Halo, option: str, value: str, said: str
) -> None:
    result = CliRunner().invoke(main, ["sync", "schedule", SLUG, option, value])

    assert result.exit_code == 2
    assert said in result.output
    assert option in result.output


def test_empty_lists_are_said_in_a_sentence(office: Office, halo: Halo) -> None:
    assert halo("sync", "runs") == "Nothing has run yet.\n"
    assert halo("sync", "runs", "--state", "failed") == "There is no such run.\n"
    assert halo("sync", "failed", SLUG) == "Every record of bank could be read.\n"


def test_pause_and_resume(office: Office, halo: Halo) -> None:
    assert "bank is not paused; nothing was changed." in halo("sync", "resume", SLUG)
    assert "bank is paused; go on with" in halo("sync", "pause", SLUG)
    again = halo("sync", "pause", SLUG)
    assert "bank is paused already, since 2026-03-02 09:00:00 UTC; go on with" in again
    said = halo("sync", "status")
    assert "bank is paused since 2026-03-02 09:00:00 UTC." in said
    assert office.turn() == []

    resumed = halo("sync", "resume", SLUG)
    assert "synced again; it was paused since 2026-03-02 09:00:00 UTC." in resumed
    assert len(office.turn()) == 1


def test_reset_asks_first(office: Office, bank: Bank, halo: Halo) -> None:
    bank.payer("CU1")
    office.turn()
    bank.requests.clear()

    CliRunner().invoke(main, ["sync", "reset", SLUG], input="n\n")
    assert office.host.sync.freshness(SLUG).checked_at is not None
    assert "reads everything again" in halo("sync", "reset", SLUG, "--yes")
    assert office.host.sync.freshness(SLUG).checked_at is None

    halo("sync", "now", SLUG)
    office.worker.work()
    assert ("list", "payments") in bank.requests


def test_runs_can_be_cancelled_and_retried(office: Office, halo: Halo) -> None:
    halo("sync", "now", SLUG)
    assert "Run 1 is cancelled." in halo("sync", "cancel", "1")
    assert "ended already" in halo("sync", "cancel", "1", fails=True)

    assert "Run 2 (sync) is queued." in halo("sync", "retry", SLUG, "--run", "1")
    assert "Run 3 (reread) is queued." in halo("sync", "retry", SLUG)
    office.worker.work()
    assert json.loads(halo("sync", "failed", SLUG, "--json")) == []


def test_users_recur_only_after_a_first_import_by_hand(desk: Desk, tmp_path: Path) -> None:
    """Until then the mappings may not be chosen, and nobody wants users made unseen."""
    (planned,) = desk.host.schedules.plan(CONNECTION)
    assert (planned.part, planned.note) == ("users", "waits for a first import by hand")
    assert desk.host.schedules.enqueue_due() == []

    desk.run({"id": "CU1"})

    assert desk.host.schedules.enqueue_due() == []
    desk.host.clock.advance(hours=1)  # type: ignore[attr-defined]
    (job,) = desk.host.schedules.enqueue_due()
    assert (job.kind, job.why) == ("import", "schedule")


def test_the_commands_use_the_host_of_the_command_line() -> None:
    """What `halo` above replaces is what every command goes through."""
    assert with_host.__module__ == face.__name__
