"""The Integrator tab of a connection: schedules, runs, failed records."""

from __future__ import annotations

import re

import pytest
from support.acme import Desk
from support.bank import provider_down
from support.banked import BY, Banked
from support.pages import Visitor, mistakes

from halo_host import StreamKind
from halo_host.host import Host
from halo_host.jobs.job import JobState

TAB = "/integrations/bank/integrator"


@pytest.fixture
def banked(host: Host) -> Banked:
    return Banked(host)


def test_it_tells_last_next_and_how_often(banked: Banked, viewer: Visitor) -> None:
    before = viewer.get(TAB).text
    assert "Waits for a first sync" in before
    banked.sync()

    page = viewer.get(TAB)

    assert mistakes(page.text) == []
    assert "in 5 minutes" in page.text
    assert "every 5 minutes" in page.text
    assert "Filled customers" in page.text
    assert "No integrator runs" in page.text


def test_it_tells_that_payments_come_with_the_first_sync(banked: Banked, viewer: Visitor) -> None:
    assert "Payments come with the first sync, which begins by itself." in viewer.get(TAB).text
    banked.host.schedules.pause("bank", agent=BY)
    assert "it does not begin by itself: paused." in viewer.get(TAB).text

    banked.sync()

    assert "come with the first sync" not in viewer.get(TAB).text


def test_sync_now_queues_a_run_in_the_agents_name(banked: Banked, operator: Visitor) -> None:
    answer = operator.post(f"{TAB}/sync", {"part": "payments"})

    assert answer.status_code == 303
    (job,) = banked.host.jobs.list("bank")
    assert (job.kind, job.state, job.agent) == ("sync", JobState.QUEUED, "Operator Jones")
    page = operator.get(TAB)
    assert mistakes(page.text) == []
    assert "Waits for an integrator" in page.text
    assert 'hx-trigger="every 2s"' in page.text


def test_all_parts_are_queued_at_once_and_nonsense_is_refused(
    banked: Banked, operator: Visitor
) -> None:
    operator.post(f"{TAB}/sync", {"part": "all"})

    assert {it.kind for it in banked.host.jobs.list("bank")} == {"sync", "verify"}
    assert operator.post(f"{TAB}/sync", {"part": "money"}).status_code == 422
    assert operator.post(f"{TAB}/sync", {"part": "users"}).status_code == 422


def test_a_failure_is_told_with_its_reason_and_can_be_tried_again(
    banked: Banked, operator: Visitor
) -> None:
    banked.bank.before_page = lambda method, kind: provider_down()
    banked.sync()
    banked.bank.before_page = lambda method, kind: None

    page = operator.get(TAB)
    assert mistakes(page.text) == []
    assert "The last run failed" in page.text
    assert "The bank does not answer." in page.text
    run = operator.get(f"{TAB}/runs/1")
    assert mistakes(run.text) == []
    assert "Try again later." in run.text

    again = operator.post(f"{TAB}/runs/1/again")
    assert again.headers["Location"] == f"{TAB}/runs/2"
    banked.work()
    assert banked.host.jobs.get(2).state is JobState.DONE
    assert "The last run failed" not in operator.get(TAB).text


def test_a_run_is_cancelled(banked: Banked, operator: Visitor) -> None:
    operator.post(f"{TAB}/sync", {"part": "payments"})

    assert operator.post(f"{TAB}/runs/1/cancel").status_code == 303

    assert banked.host.jobs.get(1).state is JobState.CANCELLED
    assert operator.post(f"{TAB}/runs/1/cancel").status_code == 422


def test_a_run_of_another_connection_is_not_there(
    banked: Banked, desk: Desk, operator: Visitor
) -> None:
    operator.post(f"{TAB}/sync", {"part": "payments"})

    assert operator.get("/integrations/acme-pay/integrator/runs/1").status_code == 404
    assert operator.post("/integrations/acme-pay/integrator/runs/1/cancel").status_code == 404
    assert banked.host.jobs.get(1).state is JobState.QUEUED


def test_runs_are_paged(banked: Banked, viewer: Visitor) -> None:
    for _ in range(25):
        job = banked.host.jobs.enqueue("sync", "bank", why="hand", agent=BY)
        banked.host.jobs.cancel(job.id, agent=BY)

    first = viewer.get(TAB).text
    assert f'href="{TAB}?before=6"' in first
    second = viewer.get(f"{TAB}?before=6").text
    assert f"{TAB}/runs/5" in second
    assert f'href="{TAB}/runs/6"' not in second
    assert "First" in second


def test_records_that_could_not_be_read_are_listed_and_tried_again(
    banked: Banked, operator: Visitor
) -> None:
    banked.bank.put(StreamKind.PAYMENTS, "PM-BAD", broken=True)
    banked.sync()
    failed = banked.host.sync.failed("bank")
    assert [it.id for it in failed] == ["PM-BAD"]

    page = operator.get(TAB)
    assert mistakes(page.text) == []
    assert "PM-BAD" in page.text
    assert failed[0].reason in page.text

    banked.bank.put(
        StreamKind.PAYMENTS,
        "PM-BAD",
        broken=False,
        mandate="MD-CU1",
        status="paid_out",
        amount=100,
        currency="GBP",
    )
    assert operator.post(f"{TAB}/retry").status_code == 303
    banked.work()
    assert banked.host.sync.failed("bank") == []


def test_a_connection_is_paused_and_goes_on(banked: Banked, operator: Visitor) -> None:
    operator.post(f"{TAB}/pause")
    page = operator.get(TAB)
    assert mistakes(page.text) == []
    assert "Nothing begins by itself since" in page.text

    operator.post(f"{TAB}/resume")
    assert banked.host.schedules.get("bank").paused_at is None


def test_a_reset_by_an_administrator_has_the_next_sync_read_everything(
    banked: Banked, operator: Visitor, administrator: Visitor
) -> None:
    banked.sync()
    assert "Reset the last sync" not in operator.get(TAB).text
    assert operator.post(f"{TAB}/reset").status_code == 403

    assert administrator.post(f"{TAB}/reset").status_code == 303
    banked.sync()

    assert banked.host.jobs.list("bank")[0].result.startswith("Filled")


def test_the_schedule_is_changed_by_an_administrator(
    banked: Banked, administrator: Visitor
) -> None:
    form = administrator.get(f"{TAB}/schedule")
    assert mistakes(form.text) == []

    answer = administrator.post(
        f"{TAB}/schedule",
        {
            "payments_on": "1",
            "payments_minutes": "10",
            "verify_minutes": "1440",
            "quiet_from": "22:00",
            "quiet_to": "06:00",
            "alert_failures": "2",
            "alert_minutes": "0",
        },
    )

    assert answer.status_code == 303
    schedule = banked.host.schedules.get("bank")
    assert (schedule.payments_minutes, schedule.verify_on) == (10, False)
    assert (schedule.quiet_from, schedule.quiet_to) == ("22:00", "06:00")
    page = administrator.get(TAB).text
    assert "22:00 to 06:00" in page
    assert "only by hand" in page


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"payments_minutes": "often"}, "a whole number is needed"),
        ({"payments_minutes": "0"}, "must be a number from 1"),
        ({"quiet_from": "22:00"}, "Quiet hours need both"),
        ({"quiet_from": "soon", "quiet_to": "later"}, "soon"),
    ],
)
def test_a_schedule_that_cannot_be_is_refused(
    banked: Banked, administrator: Visitor, wrong: dict[str, str], said: str
) -> None:
    good = {
        "payments_minutes": "10",
        "verify_minutes": "60",
        "alert_failures": "2",
        "alert_minutes": "0",
    }

    answer = administrator.post(f"{TAB}/schedule", good | wrong)

    assert answer.status_code == 422
    assert mistakes(answer.text) == []
    assert said in answer.text
    assert banked.host.schedules.get("bank").payments_minutes == 5


def test_a_time_that_is_none_is_refused_beside_its_field(
    desk: Desk, administrator: Visitor
) -> None:
    url = "/integrations/acme-pay/integrator/schedule"
    sent = dict(
        re.findall(
            r'type="number" id="[^"]+" name="([^"]+)" value="([^"]+)"', administrator.get(url).text
        )
    )
    wrong = administrator.post(url, sent | {"quiet_from": "25:99", "quiet_to": "06:00"})
    assert wrong.status_code == 422
    assert 'id="field-quiet_from-error"' in wrong.text
    assert "such as 22:00" in wrong.text

    half = administrator.post(url, sent | {"quiet_from": "22:00", "quiet_to": ""})
    assert 'id="field-quiet_to-error"' in half.text
