"""When everything is read anew, by hand or after a long silence, what happened since is news."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from halo_host import StreamKind

from ..twin.payers import payment_in
from .desk import AGENT, SLUG, Desk

PAYMENTS = StreamKind.PAYMENTS


@pytest.mark.parametrize(
    ("scenario", "kind"),
    [("payment_charged_back", "chargeback"), ("payment_late_failure", "late_failure")],
)
def test_a_loss_since_the_last_sync_is_told_though_the_operator_resets_it(
    desk: Desk, scenario: str, kind: str
) -> None:
    payment = payment_in(desk.api, "paid_out")
    payment_in(desk.api, "charged_back")  # history, at the first fill
    desk.fill()
    assert desk.money_alerts() == []

    desk.advance(days=3)
    desk.simulate(scenario, payment["id"])
    desk.host.sync.reset(SLUG, agent=AGENT)
    assert desk.fill().result.startswith("Filled customers")
    assert [key for key, _ in desk.money_alerts()] == [f"{kind}:{payment['id']}"]
    desk.assert_right()


def test_after_a_silence_longer_than_events_are_kept_everything_is_read_anew(
    make_desk: Callable[..., Desk],
) -> None:
    desk = make_desk(customers=20, living=True)
    payment = payment_in(desk.api, "paid_out")
    desk.fill()
    desk.simulate("payment_charged_back", payment["id"])
    desk.advance(days=560)

    job = desk.fill()
    assert "may have forgotten events" in job.result
    assert "Filled customers" in job.result
    assert f"chargeback:{payment['id']}" in dict(desk.money_alerts())
    desk.assert_right()


def test_what_was_changed_without_an_event_long_ago_is_found_by_a_comparison_and_mended(
    desk: Desk,
) -> None:
    payment = payment_in(desk.api, "paid_out")
    desk.fill()
    desk.advance(days=100)
    desk.fill()
    values = {"metadata": {"invoice": "7"}}
    desk.api.put(f"/payments/{payment['id']}", json={"payments": values}).raise_for_status()
    desk.advance(days=1)
    desk.fill()

    proof = desk.verify()
    assert [str(it) for it in proof.differences] == [
        f"payments {payment['id']} has not the same details in the mirror as at the provider"
    ]
    proof = desk.verify(repair=True)
    assert (proof.repaired, list(proof.left)) == (1, [])
    assert desk.host.payments.get(payment["id"]).raw["metadata"] == {"invoice": "7"}
    desk.assert_right()
