"""Tabs of plugins on a user's page: the page stands at once, the tab comes by itself."""

from __future__ import annotations

import csv
import importlib
import io
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.acme import AGENT, CONNECTION, Desk
from support.mirror import Mirror
from support.pages import Visitor, mistakes
from support.serving import eventually

from halo_host.host import Host

MIRRORED = Path(__file__).parents[1] / "payments" / "installed"


@pytest.fixture
def acme_pay(acme_pay: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mirrored Pay is installed, too."""
    monkeypatch.syspath_prepend(MIRRORED)


@pytest.fixture
def ann(desk: Desk) -> int:
    desk.run({"id": "CU1", "given_name": "Ann", "company": "Acme Ltd"})
    return desk.user_of("CU1")


@pytest.fixture
def south(desk: Desk) -> Iterator[Any]:
    settings = {"ledger": str(desk.ledger.path), "api_key": "a-secret-key", "region": "south"}
    desk.host.connections.enable("acme-pay", settings, slug="south", agent=AGENT)
    tabs = importlib.import_module("acme_pay.tabs")
    tabs.let_go.clear()
    yield tabs
    tabs.let_go.set()
    eventually(lambda: desk.host.tabs.places.taken("south") == 0)


@pytest.fixture
def bank(desk: Desk) -> Mirror:
    desk.host.connections.enable("mirrored-pay", {}, slug="bank", agent=AGENT)
    mirror = Mirror(desk.host, "bank")
    mirror.filled()
    return mirror


def url(user: int, connection: str = CONNECTION, slug: str = "payments") -> str:
    return f"/users/{user}/tabs/{connection}/{slug}"


def test_the_page_stands_before_the_tab_is_asked_for(viewer: Visitor, desk: Desk, ann: int) -> None:
    desk.ledger.path.unlink()

    answer = viewer.get(f"{url(ann)}?sort=amount")

    assert answer.status_code == 200
    assert mistakes(answer.text) == []
    assert "Ann" in answer.text
    assert re.search(r'hx-get="/users/\d+/tabs/acme-pay/payments\?sort=amount"', answer.text)
    assert re.search(r'href="/users/\d+/tabs/acme-pay/payments" aria-current="page"', answer.text)
    assert "£1,234.56" not in answer.text


def test_the_tab_comes_as_a_part(viewer: Visitor, ann: int) -> None:
    answer = viewer.htmx(url(ann))

    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<div id="user-tab"')
    assert "£1,234.56" in answer.text
    assert "&lt;paid&gt;" in answer.text
    assert "<html" not in answer.text


def test_a_tab_that_raises_says_so_and_offers_to_try_again(viewer: Visitor, ann: int) -> None:
    answer = viewer.htmx(url(ann, slug="broken"))

    assert answer.status_code == 200
    assert "This tab could not be loaded" in answer.text
    assert "acme (acme-pay 1.2) failed in the tab broken" in answer.text
    assert f'hx-get="{url(ann, slug="broken")}"' in answer.text
    assert viewer.get(f"/users/{ann}").status_code == 200


def test_a_tab_that_hangs_delays_nothing_but_itself(
    viewer: Visitor, south: Any, ann: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = time.monotonic()
    assert viewer.get(url(ann, "south", "slow")).status_code == 200
    assert time.monotonic() - began < 4, "the page waits for no tab"

    late = viewer.htmx(url(ann, "south", "slow"))

    assert "did not answer within 5 seconds" in late.text
    assert "£1,234.56" in viewer.htmx(url(ann)).text
    assert time.monotonic() - began < south.LONGEST


def test_scripts_in_every_field_are_shown_as_text(viewer: Visitor, south: Any, ann: int) -> None:
    text = viewer.htmx(url(ann, "south", "hostile")).text

    assert "&lt;script&gt;document.title" in text
    for part in ("<script", "<style", "style=", "onclick", "<iframe", "<img", "javascript:"):
        assert part not in text


def test_scripts_in_every_field_of_a_payer_are_shown_as_text(viewer: Visitor, desk: Desk) -> None:
    script = "<script>document.title = 'taken'</script>"
    names = ("given_name", "family_name", "company", "phone", "city", "email")
    desk.run({"id": "CU9", **dict.fromkeys(names, script)})

    text = viewer.get(url(desk.user_of("CU9"))).text

    assert "&lt;script&gt;document" in text
    assert "<script>document" not in text
    assert mistakes(text) == []


def test_payments_of_a_disabled_connection_stay_readable(
    operator: Visitor, desk: Desk, bank: Mirror, ann: int
) -> None:
    bank.link("CU1", ann)
    bank.payment("PM1")
    other = desk.add_user("Warehouse", given_name="Bob")
    desk.host.connections.disable("bank", agent=AGENT)
    address = url(ann, "bank", "mirror")

    assert f'href="{address}"' in operator.get(f"/users/{ann}").text
    page = operator.get(address)
    assert page.status_code == 200
    assert mistakes(page.text) == []
    tab = operator.htmx(address).text
    assert "PM1" in tab
    assert "is disabled" in tab
    assert "Refresh" not in tab
    rows = list(csv.DictReader(io.StringIO(operator.get(f"{address}/payments.csv").text)))
    assert [it["payment"] for it in rows] == ["PM1"]

    assert f'href="{url(other, "bank", "mirror")}"' not in operator.get(f"/users/{other}").text


def test_a_menu_of_a_row_can_name_the_provider(viewer: Visitor, bank: Mirror, ann: int) -> None:
    bank.link("CU1", ann)
    bank.payment("PM1")

    assert 'data-provider="Mirrored Pay"' in viewer.htmx(url(ann, "bank", "mirror")).text


def test_what_is_not_there_is_not_found(viewer: Visitor, ann: int) -> None:
    for path in (url(ann, slug="nowhere"), url(ann, "nowhere"), url(4711), url(10**30)):
        assert viewer.get(path).status_code == 404
        assert viewer.htmx(path).status_code == 404


def test_a_day_that_is_none_is_told_in_the_tabs_place(viewer: Visitor, ann: int) -> None:
    answer = viewer.htmx(f"{url(ann)}?from=yesterday")

    assert answer.status_code == 200
    assert "“yesterday” is no day" in answer.text
    assert "Show it from the start" in answer.text


# --- with a mirror ----------------------------------------------------------------------------


def test_what_the_viewer_asks_for_reaches_the_tab(viewer: Visitor, bank: Mirror, ann: int) -> None:
    bank.link("CU1", ann)
    bank.payment("PM1", status="paid_out", amount=100)
    bank.payment("PM2", status="failed", amount=200)

    text = viewer.htmx(f"{url(ann, 'bank', 'mirror')}?status=failed").text

    assert "PM2" in text
    assert "PM1" not in text
    assert '<option value="failed" selected>Failed</option>' in text
    assert "payments.csv?status=failed" in text


def test_long_lists_go_on_from_page_to_page(viewer: Visitor, bank: Mirror, ann: int) -> None:
    bank.link("CU1", ann)
    for number in range(51):
        bank.payment(f"PM{number:03}")

    first = viewer.htmx(url(ann, "bank", "mirror")).text
    following = re.search(r'href="([^"]+)" rel="next"', first)
    assert following is not None
    second = viewer.htmx(following[1].replace("&amp;", "&")).text

    assert "PM050" in first
    assert "PM000<" not in first
    assert "PM000<" in second
    assert 'rel="next"' not in second


def test_all_that_a_filter_finds_is_downloaded(viewer: Visitor, bank: Mirror, ann: int) -> None:
    bank.link("CU1", ann)
    bank.payment("PM1", amount=1_234)
    bank.payment("PM2", status="failed", description="=1+1")
    bank.payment("PM3", payer="CU2")

    answer = viewer.get(f"{url(ann, 'bank', 'mirror')}/payments.csv")

    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(it["payment"], it["amount"]) for it in rows] == [("PM2", "10.00"), ("PM1", "12.34")]
    assert rows[0]["description"] == "'=1+1"
    failed = viewer.get(f"{url(ann, 'bank', 'mirror')}/payments.csv?status=failed").text
    assert "PM2" in failed
    assert "PM1" not in failed


def test_an_operator_links_a_payer_where_none_is(
    operator: Visitor, viewer: Visitor, desk: Desk, bank: Mirror
) -> None:
    bank.payer("CU1", "Zoe Zimmer", "zoe@acme.example")
    bank.payer("CU2", "Other", "other@acme.example")
    bank.payment("PM1")
    zoe = desk.add_user("Acme Ltd/Warehouse", given_name="Zoe", email="zoe@acme.example")
    tab = url(zoe, "bank", "mirror")

    assert "Link a payer" not in viewer.htmx(tab).text
    assert "An operator can link a payer" in viewer.htmx(tab).text
    offered = operator.htmx(tab).text
    assert "Link a payer" in offered
    assert 'value="CU1"' in offered, "the one with the same address is suggested"
    assert "Other" in operator.htmx(f"{tab}/payers?q=oth").text
    assert viewer.get(f"{tab}/payers?q=oth").status_code == 403

    assert viewer.post(f"{tab}/link", {"payer": "CU1"}).status_code == 403
    answer = operator.post(f"{tab}/link", {"payer": "CU1"})

    assert (answer.status_code, answer.headers["Location"]) == (303, tab)
    assert "PM1" in operator.htmx(tab).text
    again = operator.post(f"{tab}/link", {"payer": "CU1"})
    assert again.status_code == 303
    assert "linked to user" in operator.get(tab).text


def test_refresh_is_for_operators_and_tells_what_came_of_it(
    operator: Visitor, viewer: Visitor, desk: Desk, bank: Mirror, ann: int
) -> None:
    bank.link("CU1", ann)
    tab = url(ann, "bank", "mirror")

    assert f"{tab}/refresh" in operator.htmx(tab).text
    assert f"{tab}/refresh" not in viewer.htmx(tab).text
    assert viewer.post(f"{tab}/refresh").status_code == 403
    answer = operator.post(f"{tab}/refresh")

    assert answer.headers["Location"] == tab
    assert "toast-danger" in operator.get(tab).text, "Mirrored Pay has no reader"


def test_refresh_says_that_a_sync_is_at_work(
    operator: Visitor, host: Host, bank: Mirror, ann: int
) -> None:
    bank.link("CU1", ann)
    tab = url(ann, "bank", "mirror")

    with host.jobs.holding("sync", "bank", agent=AGENT):
        operator.post(f"{tab}/refresh")

    assert "A sync of this connection is at work" in operator.get(tab).text
