"""`halo-host health`: each thing that can be wrong is said, and ends with status 1."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.acme import AGENT
from support.clock import Clock
from support.mirror import Mirror

from halo_host.alerts.raising import NewAlert, raise_alerts
from halo_host.cli import main
from halo_host.errors import NotFound, ProviderError
from halo_host.host import Host
from halo_host.jobs.presence import Presence
from halo_host.payments.health import HostHealth, MirrorHealth


@pytest.fixture
def integrator(host: Host, clock: Clock) -> Presence:
    """An integrator that says every now and then that it runs."""
    return Presence(host.database, clock, 1)


@pytest.fixture
def synced(host: Host, mirror: Mirror, clock: Clock, integrator: Presence) -> Mirror:
    """A mirror that was filled a minute ago, by a run that is kept, and proved since."""
    integrator.renew()
    with host.jobs.holding("sync", "bank", agent=AGENT) as held:
        held.result = "Read the changes."
    mirror.filled(clock())
    mirror.proof(clock(), payers=1_204)
    clock.advance(minutes=1)
    integrator.renew()
    return mirror


def only(health: HostHealth) -> MirrorHealth:
    (mirror,) = health.mirrors
    return mirror


@pytest.mark.usefixtures("synced")
def test_a_mirror_that_is_recent_and_proved_is_healthy(host: Host) -> None:
    health = host.health.look()

    assert health.is_healthy
    mirror = only(health)
    assert mirror.age == timedelta(minutes=1)
    assert mirror.proof is not None
    assert (mirror.proof.differences, mirror.proof.payers) == (0, 1_204)
    assert mirror.last_run is not None
    assert mirror.last_run.result == "Read the changes."
    assert mirror.next_run is not None
    assert mirror.next_run.due == host.clock() + timedelta(minutes=4)


def test_a_mirror_that_was_never_filled_is_not(host: Host, mirror: Mirror) -> None:
    found = only(host.health.look())

    assert found.problems == ("The mirror has not been filled yet.",)
    assert found.age is None


@pytest.mark.usefixtures("synced")
def test_a_mirror_that_grows_old_is_not(host: Host, clock: Clock, integrator: Presence) -> None:
    clock.advance(hours=2)
    integrator.renew()

    health = host.health.look()

    assert only(health).problems == ("The mirror is older than it should be.",)
    assert health.problems == ()


@pytest.mark.usefixtures("synced")
def test_what_rests_on_purpose_is_healthy_however_old(
    host: Host, clock: Clock, integrator: Presence
) -> None:
    clock.advance(days=3)
    integrator.renew()
    host.schedules.pause("bank", agent=AGENT)
    assert host.health.look().is_healthy

    host.schedules.resume("bank", agent=AGENT)
    host.schedules.set("bank", agent=AGENT, quiet_from="08:00", quiet_to="10:00")
    assert host.health.look().is_healthy
    host.schedules.set("bank", agent=AGENT, quiet_from=None, quiet_to=None)
    assert not host.health.look().is_healthy


@pytest.mark.usefixtures("synced")
def test_without_an_integrator_nothing_is_synced(host: Host, clock: Clock) -> None:
    clock.advance(minutes=3)

    health = host.health.look()

    assert not health.is_healthy
    assert "No integrator runs" in health.problems[0]


def test_differences_that_are_left_are_a_problem(host: Host, clock: Clock, synced: Mirror) -> None:
    synced.proof(clock(), differences=1, repaired=2)
    assert only(host.health.look()).problems == (
        "The mirror differed from the provider in 1 record when it was verified.",
    )

    synced.proof(clock(), differences=0, repaired=3)
    assert host.health.look().is_healthy


def test_records_that_could_not_be_read_are_a_problem(
    host: Host, clock: Clock, synced: Mirror
) -> None:
    synced.failed_record("PM1", clock())

    mirror = only(host.health.look())

    assert mirror.failed_records == 1
    assert mirror.problems == ("1 record could not be read.",)


def test_alerts_about_money_are_counted_and_others_are_problems(
    host: Host, clock: Clock, synced: Mirror
) -> None:
    def alert(kind: str, text: str) -> None:
        with host.database.write() as connection:
            raise_alerts(connection, [NewAlert(synced.id, kind, kind, text, "CU1", clock())])

    alert("chargeback", "PM1 was charged back.")
    assert host.health.look().is_healthy
    assert only(host.health.look()).money_alerts == 1

    alert("sync_failing", "The last 3 syncs failed.")
    mirror = only(host.health.look())
    assert mirror.problems == ("The last 3 syncs failed.",)
    assert (mirror.alerts, mirror.money_alerts) == (1, 1)


@pytest.mark.usefixtures("synced")
def test_the_last_run_tells_why_it_failed(host: Host) -> None:
    with (
        pytest.raises(ProviderError),
        host.jobs.holding("sync", "bank", agent=AGENT),
    ):
        raise ProviderError("The provider is down.")

    mirror = only(host.health.look())

    assert mirror.last_run is not None
    assert (mirror.last_run.state, mirror.last_run.error) == ("failed", "The provider is down.")
    name = host.connections.get("bank").name
    said = f"The last sync of {name} failed. It said: The provider is down."
    assert mirror.problems == (said,)

    owner = host.connections.get("bank").id
    alert = NewAlert(owner, "sync_failing", "sync_failing:sync", said, "", host.clock())
    with host.database.write() as connection:
        raise_alerts(connection, [alert])
    assert only(host.health.look()).problems == (said,)  # once

    with host.jobs.holding("sync", "bank", agent=AGENT):
        pass
    assert "The provider is down." not in str(only(host.health.look()).last_run)


def test_payments_that_wait_for_a_user_are_counted(host: Host, synced: Mirror) -> None:
    synced.payment("PM1", "CU1")
    synced.payment("PM2", "CU1")

    health = host.health.look()

    assert (only(health).waiting.payments, only(health).waiting.payers) == (2, 1)
    assert health.is_healthy


@pytest.mark.usefixtures("synced")
def test_other_connections_and_disabled_ones(host: Host) -> None:
    host.connections.enable(
        "acme-pay", {"ledger": "x", "api_key": "a-secret-key"}, slug="plain", agent=AGENT
    )
    assert host.health.look().unmirrored == ("plain",)
    assert host.health.look("plain").mirrors == ()
    assert host.health.look("bank").unmirrored == ()

    host.connections.disable("bank", agent=AGENT)
    assert host.health.look().mirrors == ()
    with pytest.raises(NotFound):
        host.health.look("nowhere")


# --- the command -------------------------------------------------------------------------------

Run = Callable[..., str]


@pytest.fixture
def halo(host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command at the time of the test's clock."""
    from halo_host.cli import face

    monkeypatch.setattr(face, "Host", partial(Host, clock=host.clock))

    def run(*arguments: str, status: int = 0) -> str:
        given = ["--data", str(tmp_path / "data"), "--database", host.settings.database_url]
        result = CliRunner().invoke(main, [*given, *arguments])
        assert result.exit_code == status, result.output
        return result.output

    return run


@pytest.mark.usefixtures("synced")
def test_the_command_says_it_in_words_and_by_its_status(
    halo: Run, clock: Clock, integrator: Presence
) -> None:
    clock.advance(minutes=2)
    integrator.renew()

    said = halo("health")

    assert "bank (Mirrored Pay): healthy" in said
    assert "3 minutes old" in said
    assert "verified 3 minutes ago, 0 differences in 1,204 payers" in said
    assert "done 3 minutes ago: Read the changes." in said
    assert "in 2 minutes (2026-03-02 09:05 UTC)" in said

    clock.advance(hours=2)
    said = halo("health", status=1)
    assert "bank (Mirrored Pay): something is wrong" in said
    assert "! The mirror is older than it should be." in said
    assert "! No integrator runs" in said


@pytest.mark.usefixtures("synced")
def test_the_command_speaks_json(halo: Run) -> None:
    health = json.loads(halo("health", "--json"))

    assert health["healthy"] is True
    (mirror,) = health["mirrors"]
    assert mirror["waiting"] == {"payments": 0, "payers": 0}
    assert mirror["proof"]["payers"] == 1_204
    assert mirror["age_seconds"] == 60


def test_a_host_without_connections_is_healthy(halo: Run, host: Host) -> None:
    host.directory.add_customer("Acme Ltd", agent=AGENT)

    assert halo("health") == "No connection is enabled.\n"
