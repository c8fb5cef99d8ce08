"""The plugin in a real host, through the command line: against the twin and the official bodies."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable

import pytest
import requests
from click.testing import CliRunner
from halo_gocardless.twin import Fault, FaultKind, Knobs, TokenKind, TwinConfig, TwinServer

from halo_host.cli import main
from halo_host.host import Host
from halo_host.settings import settings_from

Halo = Callable[..., str]


@pytest.fixture
def twin():
    with TwinServer(TwinConfig(customers=1_203)) as twin:
        yield twin


@pytest.fixture
def halo(tmp_path, monkeypatch) -> Halo:
    """Run a command of the host; `fails=True` where it must end with status 1."""
    for name in ("HALO_HOST_DATABASE", "HALO_HOST_DATA", "HALO_HOST_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HALO_GOCARDLESS_ALLOW_API_URL", "loopback")

    def run(*arguments: str, fails: bool = False) -> str:
        result = CliRunner().invoke(main, ["--data", str(tmp_path / "data"), *arguments])
        assert result.exit_code == int(fails), result.output
        assert "Traceback" not in result.output
        return result.output

    run("customers", "add", "Hamilton Trading Ltd")
    run("customers", "add", "Unsorted")
    return run


def enable(halo: Halo, url: str, token: str, default_site: str = "Unsorted/Main") -> None:
    settings = [f"access_token={token}", "environment=sandbox", f"api_url={url}"]
    pairs = [part for setting in settings for part in ("--set", setting)]
    halo("connections", "enable", "gocardless", "--default-site", default_site, *pairs)


def test_the_twins_customers_become_users_and_stay_the_same(halo, twin):
    enable(halo, twin.url, twin.access_token)
    assert "works" in halo("connections", "check", "gocardless")
    halo("custom-fields", "add", "Office")
    halo("mappings", "add", "gocardless", "office", "Office")

    first = halo("import", "run", "gocardless")
    assert "1,203 payers fetched" in first
    users = list(csv.DictReader(io.StringIO(halo("directory", "export", "-"))))
    assert sum(bool(user["custom:Office"]) for user in users) > 100

    again = json.loads(halo("import", "run", "gocardless", "--json"))
    assert set(again["rows"]) <= {"conflict"}
    assert again["counts"]["unchanged"] + again["rows"]["conflict"]["open"] == 1_203


def test_a_change_and_a_removal_in_gocardless_arrive(halo, twin):
    enable(halo, twin.url, twin.access_token)
    halo("import", "run", "gocardless")
    headers = {
        "Authorization": f"Bearer {twin.access_token}",
        "GoCardless-Version": "2015-07-06",
        "Content-Type": "application/json",
    }
    items = json.loads(halo("import", "show", "1", "--action", "new", "--limit", "2", "--json"))
    changed, removed = (item["external_id"] for item in items["items"])
    requests.put(
        f"{twin.url}/customers/{changed}",
        json={"customers": {"city": "Whitby"}},
        headers=headers,
        timeout=10,
    ).raise_for_status()
    requests.delete(
        f"{twin.url}/customers/{removed}", headers=headers, timeout=10
    ).raise_for_status()

    second = json.loads(halo("import", "run", "gocardless", "--json"))
    assert second["rows"]["update"] == {"applied": 1}
    assert second["rows"]["removed"] == {"applied": 1}
    (update,) = json.loads(halo("import", "show", "2", "--action", "update", "--json"))["items"]
    assert update["after"] == {"city": "Whitby"}


def test_the_official_bodies_are_imported(halo, serve, official):
    first = official("customers")["list"]["body"]
    last = {"customers": [], "meta": {"cursors": {"before": "x", "after": None}, "limit": 50}}

    def answer(request):
        body = json.dumps(last if "after=" in request.path else first).encode()
        request.send_response(200)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    with serve(answer) as url:
        enable(halo, url, "sandbox_token")
        result = json.loads(halo("import", "run", "gocardless", "--json"))

    # The official list holds one customer twice.
    assert result["rows"] == {"new": {"applied": 1}, "skipped": {"noted": 1}}
    (user,) = json.loads(halo("users", "list", "--json"))
    assert (user["name"], user["customer"]) == ("Frank Osborne", "Hamilton Trading Ltd")
    assert user["region"] == "Greater London"


def test_a_payment_in_the_tab_opens_in_the_twin(halo, twin):
    enable(halo, twin.url, twin.access_token)
    halo("import", "run", "gocardless")
    pages = (
        halo("users", "tab", str(user["id"]), "gocardless")
        for user in json.loads(halo("users", "list", "--limit", "20", "--json"))
    )
    page = next(page for page in pages if "/payments/PM" in page)
    link = page.partition('href="')[2].partition('"')[0]

    assert link.startswith(f"{twin.dashboard_url}/payments/PM")
    assert requests.get(link, timeout=10).status_code == 200


def test_the_mirror_is_filled_proved_and_shown(halo, tmp_path):
    with TwinServer(TwinConfig(customers=150)) as twin:
        enable(halo, twin.url, twin.access_token)
        halo("import", "run", "gocardless")
        with Host(settings_from({}, data=tmp_path / "data")) as host:
            with host.jobs.holding("sync", "gocardless", agent="test") as held:
                host.sync.run(held.lease)
            with host.jobs.holding("verify", "gocardless", agent="test") as held:
                proof = host.sync.verify(held.lease)
    assert [str(each) for each in proof.differences] == []
    assert proof.counts["payments"]["mirror"]["records"] > 500

    # The twin is gone: what the tab shows now comes from the mirror.
    users = json.loads(halo("users", "list", "--limit", "200", "--json"))
    with Host(settings_from({}, data=tmp_path / "data")) as host:
        pages = (host.tabs.page(user["id"], "gocardless").html for user in users)
        page = next(page for page in pages if "/payments/PM" in page and "/payouts/PO" in page)
    assert "no differences" in page
    assert "History of PM" in page
    assert "Next possible charge" in page


def test_a_revoked_token_is_told_and_never_shown(halo, twin):
    token = twin.twin.token(TokenKind.REVOKED)
    enable(halo, twin.url, token)

    for command in (("connections", "check"), ("import", "run")):
        said = halo(*command, "gocardless", fails=True)
        assert "token" in said
        assert token not in said
    assert json.loads(halo("users", "list", "--json")) == []


@pytest.mark.parametrize("kind", [FaultKind.MALFORMED_PAGE, FaultKind.TRUNCATED])
def test_an_import_that_fails_half_way_changes_nothing_and_can_be_repeated(
    halo, twin, kind, monkeypatch
):
    monkeypatch.setattr("halo_gocardless.client.backoff", lambda attempt, jitter: 0.0)
    enable(halo, twin.url, twin.access_token)
    twin.twin.set_knobs(Knobs(faults=(Fault(kind, count=None, path="/customers", after=1),)))

    halo("import", "run", "gocardless", fails=True)
    assert json.loads(halo("users", "list", "--json")) == []

    twin.twin.set_knobs(Knobs())
    assert "1,203 payers fetched" in halo("import", "run", "gocardless")


def test_faults_that_pass_are_waited_out(halo, twin, monkeypatch):
    monkeypatch.setattr("halo_gocardless.client.backoff", lambda attempt, jitter: 0.0)
    enable(halo, twin.url, twin.access_token)
    faults = [
        Fault(kind, count=2, path="/customers", after=1)
        for kind in (FaultKind.SERVER_ERROR, FaultKind.HTML_ERROR, FaultKind.RESET)
    ]
    twin.twin.set_knobs(Knobs(faults=tuple(faults)))

    assert "1,203 payers fetched" in halo("import", "run", "gocardless")


def test_a_provider_that_is_down_is_named(halo, twin, monkeypatch):
    monkeypatch.setattr("halo_gocardless.client.backoff", lambda attempt, jitter: 0.0)
    enable(halo, twin.url, twin.access_token)
    twin.stop()

    said = halo("import", "run", "gocardless", fails=True)
    assert twin.url in said
    assert "failed" in halo("import", "list")
