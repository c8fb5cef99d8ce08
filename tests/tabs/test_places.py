"""What plugins do while a page waits is bounded: in number and in time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextvars import ContextVar
from functools import partial

import pytest
from support.serving import eventually

from halo_host.errors import PluginError, ProviderError
from halo_host.tabs.places import Places

SHORT = 0.05  # seconds; for what never ends
LONG = 30.0  # for what ends at once


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Whoever waits for it hangs, until the test is over."""
    gate = threading.Event()
    yield gate
    gate.set()


def test_work_is_done_elsewhere_and_its_result_comes_back() -> None:
    places = Places()

    errand = places.begin("acme", lambda: threading.current_thread().name)

    assert errand.result(LONG) == "tab of acme"
    eventually(lambda: places.taken("acme") == 0)


def test_what_hangs_is_given_up_and_keeps_its_place_until_it_comes_back(
    gate: threading.Event,
) -> None:
    places = Places()
    errand = places.begin("acme", lambda: gate.wait(LONG))

    with pytest.raises(PluginError, match=r"acme did not answer within 0.05 seconds"):
        errand.result(SHORT)
    assert not errand.ends(SHORT)
    assert places.taken("acme") == 1

    gate.set()
    eventually(lambda: places.taken("acme") == 0)
    assert errand.ends(SHORT)


def test_a_full_connection_refuses_at_once_and_harms_no_other(gate: threading.Event) -> None:
    places = Places(each=2, patience=0)
    for _ in range(2):
        places.begin("acme", lambda: gate.wait(LONG))

    with pytest.raises(PluginError, match="at work on 2 earlier requests"):
        places.begin("acme", lambda: None)
    assert places.begin("other", lambda: 7).result(LONG) == 7


def test_who_asks_while_all_are_at_work_gets_a_place_as_soon_as_one_has_ended() -> None:
    places = Places(each=2, patience=LONG)
    first, other = threading.Event(), threading.Event()
    ended = [places.begin("acme", partial(gate.wait, LONG)) for gate in (first, other)]
    found: list[int] = []

    waiting = threading.Thread(
        target=lambda: found.append(places.begin("acme", lambda: 7).result(LONG))
    )
    waiting.start()
    first.set()
    waiting.join(LONG)

    assert found == [7]
    other.set()
    assert all(errand.result(LONG) for errand in ended)


def test_errors_come_back_as_they_are_and_bugs_without_their_text() -> None:
    places = Places()

    def refuse() -> None:
        raise ProviderError("The token is revoked.")

    def crash() -> None:
        raise LookupError("sk_live_secret")

    with pytest.raises(ProviderError, match="revoked"):
        places.begin("acme", refuse).result(LONG)
    with pytest.raises(PluginError, match="acme failed: LookupError") as caught:
        places.begin("acme", crash).result(LONG)
    assert "secret" not in str(caught.value)


def test_what_marks_the_request_in_the_log_goes_along() -> None:
    mark: ContextVar[str] = ContextVar("mark")
    mark.set("request 7")

    assert Places().begin("acme", mark.get).result(LONG) == "request 7"
