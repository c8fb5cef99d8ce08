"""Whatever order, repetition and loss of events and deliveries, with syncs in between: the mirror
ends in the provider's state."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.bank import Bank, BankPlugin
from support.clock import Clock

from halo_host import StreamKind
from halo_host.errors import PluginError
from halo_host.host import Host
from halo_host.plugins import Plugins
from halo_host.settings import Settings

from .conftest import AGENT, Mirrored

# No status is final: each of these has followed each other in the life of some payment.
PAYMENT_LIFE = ("pending", "submitted", "confirmed", "paid_out", "failed", "charged_back")
MANDATE_LIFE = ("pending", "active", "cancelled", "failed", "expired", "suspended")

payment = st.integers(0, 5).map("PM{}".format)
mandate = st.integers(0, 2).map("MD{}".format)
move = st.one_of(
    st.tuples(st.just("payment"), payment, mandate, st.sampled_from(PAYMENT_LIFE)),
    st.tuples(st.just("mandate"), mandate, st.sampled_from(MANDATE_LIFE)),
    st.tuples(st.just("silent"), payment, st.sampled_from(PAYMENT_LIFE)),
    st.tuples(st.just("rename"), st.integers(0, 2), st.text(max_size=5)),
    st.tuples(st.just("sync")),
    st.tuples(st.just("deliver"), st.lists(st.integers(0, 40), min_size=1, max_size=6)),
    st.tuples(st.just("wait"), st.sampled_from([1, 50, 70, 1500, 6000])),
    st.tuples(st.just("break"), st.integers(1, 6)),
    st.tuples(st.just("hide"), st.integers(0, 50)),
)


@contextmanager
def fresh(folder: Path) -> Iterator[tuple[Mirrored, Bank, Clock]]:
    clock = Clock()
    bank = Bank(clock)
    for number in range(3):
        bank.payer(f"CU{number}")
    plugins = Plugins(strict=True)
    plugins.add("bank", BankPlugin(bank))
    url = f"sqlite:///{folder}/halo-host.db"
    with Host(Settings(data=folder, database_url=url), clock=clock, plugins=plugins) as host:
        host.connections.enable("bank", {}, slug="bank", agent=AGENT)
        yield Mirrored(host, bank), bank, clock


def _act(mirrored: Mirrored, bank: Bank, clock: Clock, step: tuple[Any, ...]) -> None:
    match step:
        case "payment", identity, of, status:
            bank.payment(identity, of, status)
        case "mandate", identity, status:
            bank.mandate(identity, f"CU{identity[2:]}", status)
        case "silent", identity, status if identity in bank.records[StreamKind.PAYMENTS]:
            bank.put(StreamKind.PAYMENTS, identity, status=status)
        case "rename", number, name:
            bank.payer(f"CU{number}", given_name=name)
        case ("sync",):
            mirrored.sync()
        case "deliver", numbers:
            events = list(bank.records[StreamKind.EVENTS].values())
            mirrored.deliver(*(events[number] for number in numbers if number < len(events)))
        case "wait", minutes:
            clock.advance(minutes=minutes)
        case "break", after:
            _broken_sync(mirrored, bank, after)
        case "hide", minutes:
            bank.visible_after = timedelta(minutes=minutes)


def _broken_sync(mirrored: Mirrored, bank: Bank, after: int) -> None:
    """A sync whose connection breaks after some requests."""
    left = iter(range(after))

    def maybe_break(method: str, kind: StreamKind) -> None:
        if next(left, None) is None:
            raise ConnectionError("the line is dead")

    bank.before_page = maybe_break
    with suppress(PluginError):
        mirrored.sync()
    bank.before_page = lambda method, kind: None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=False)
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(move, max_size=25))
def test_any_story_ends_in_the_providers_state(
    database_url: str, steps: list[tuple[Any, ...]]
) -> None:
    with TemporaryDirectory() as folder, fresh(Path(folder)) as (mirrored, bank, clock):
        for step in steps:
            _act(mirrored, bank, clock, step)
        bank.visible_after = timedelta(0)
        clock.advance(days=1)
        mirrored.sync()

        for kind in (StreamKind.PAYMENTS, StreamKind.MANDATES):
            assert mirrored.statuses(kind) == {
                key: it["status"] for key, it in bank.records[kind].items()
            }
        rows = mirrored.rows(StreamKind.PAYMENTS)
        payers = {key: it["payer"] for key, it in bank.records[StreamKind.MANDATES].items()}
        assert {key: row.external_user_id for key, row in rows.items()} == {
            key: payers.get(it["mandate"], "")
            for key, it in bank.records[StreamKind.PAYMENTS].items()
        }
        for identity in bank.records[StreamKind.PAYMENTS]:
            assert mirrored.story(identity) == [
                key
                for key, it in bank.records[StreamKind.EVENTS].items()
                if it["resource"] == identity
            ]
        assert mirrored.verify().differences == []
