"""The hooks, as the host calls them, against a twin over HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import halo_gocardless
import pytest
import requests
from halo_gocardless import plugin
from halo_gocardless.twin import Fault, FaultKind, Knobs, TwinConfig, TwinServer
from jsonschema import Draft202012Validator

from halo_host import (
    Connection,
    DemoCustomer,
    DemoPerson,
    EndOfList,
    ExternalUser,
    PaymentQuery,
    ProviderError,
    Secret,
    User,
)

CUSTOMERS = 1200
USER = User(
    id=1, name="A", given_name=None, family_name=None, email=None, customer="C", site="Main"
)


@pytest.fixture(scope="module")
def twin():
    with TwinServer(TwinConfig(customers=CUSTOMERS)) as server:
        yield server


@pytest.fixture
def connection(twin, monkeypatch):
    monkeypatch.setenv("HALO_GOCARDLESS_ALLOW_API_URL", twin.url)
    yield connection_to(twin.url, twin.access_token)
    twin.reset()


def connection_to(url, token):
    return Connection(
        id=1,
        slug="gocardless",
        integration="gocardless",
        name="Twin",
        settings={"access_token": Secret(token), "environment": "sandbox", "api_url": url},
    )


def oldest_payers(connection, number):
    """Those who have paid the most often; the list of customers begins with the newest."""
    *users, _ = plugin.halo_import_users(connection)
    return tuple(user.id for user in users[-number:])


def test_the_plugin_is_found_by_its_entry_point():
    (found,) = entry_points(group="halo_host.plugins", name="gocardless")
    assert found.load() is plugin
    assert found.dist.version == halo_gocardless.__version__


def test_the_plugin_under_test_is_the_installed_one():
    expected = os.environ.get("HALO_GOCARDLESS_EXPECTED_LOCATION", Path(__file__).parents[1])
    assert Path(halo_gocardless.__file__).is_relative_to(Path(expected).resolve())


def test_loading_the_plugin_brings_no_twin():
    code = "import halo_gocardless.plugin, sys; print('flask' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"


def test_the_tile_describes_its_settings():
    (integration,) = plugin.halo_integrations()
    schema = integration.config_schema
    Draft202012Validator.check_schema(schema)

    assert (integration.slug, integration.title) == ("gocardless", "GoCardless")
    assert schema["properties"]["access_token"]["writeOnly"] is True
    assert schema["properties"]["webhook_secrets"]["writeOnly"] is True
    assert all(rules["title"] and rules["description"] for rules in schema["properties"].values())


@pytest.mark.parametrize(
    ("settings", "fits"),
    [
        ({"access_token": "live_x"}, True),
        ({"access_token": "live_x", "environment": "sandbox"}, True),
        ({"access_token": "x", "api_url": "http://127.0.0.1:8080"}, True),
        ({"access_token": " live_x\n"}, True),
        ({"access_token": "x", "webhook_secrets": "one"}, True),
        ({"access_token": "x", "webhook_secrets": " old new\n"}, True),
        ({"access_token": "x", "webhook_secrets": ""}, False),
        ({"access_token": "x", "webhook_secrets": " \n"}, False),
        ({"access_token": "x", "webhook_secrets": "sécret"}, False),
        ({}, False),
        ({"access_token": ""}, False),
        ({"access_token": "live x"}, False),
        ({"access_token": "live_x\nlive_y"}, False),
        ({"access_token": "live_x", "environment": "test"}, False),
        ({"access_token": "live_x", "api_url": "https://user@host"}, False),
        ({"access_token": "live_x", "colour": "red"}, False),
    ],
)
def test_the_schema_takes_what_can_work(settings, fits):
    (integration,) = plugin.halo_integrations()
    assert Draft202012Validator(integration.config_schema).is_valid(settings) is fits


def test_every_customer_of_the_twin_is_imported(twin, connection):
    *users, end = plugin.halo_import_users(connection)

    assert end == EndOfList(records=CUSTOMERS)
    assert len({user.id for user in users}) == CUSTOMERS
    assert all(isinstance(user, ExternalUser) for user in users)
    assert all(user.company or (user.given_name and user.family_name) for user in users)


def test_faults_on_the_way_lose_no_customer(twin, connection):
    kinds = [FaultKind.RESET, FaultKind.HTML_ERROR, FaultKind.TRUNCATED]
    twin.twin.set_knobs(Knobs(faults=tuple(Fault(kind, path="/customers") for kind in kinds)))

    *users, end = plugin.halo_import_users(connection)
    assert end == EndOfList(records=CUSTOMERS)
    assert len({user.id for user in users}) == CUSTOMERS


def test_a_page_that_is_malformed_in_the_middle_ends_the_import_unvouched(twin, connection):
    fault = Fault(FaultKind.MALFORMED_PAGE, path="/customers", after=1)
    twin.twin.set_knobs(Knobs(faults=(fault,)))

    users = plugin.halo_import_users(connection)
    read = [next(users) for _ in range(500)]
    assert all(isinstance(user, ExternalUser) for user in read)
    with pytest.raises(ProviderError, match="Page 2 of GoCardless's list of customers"):
        next(users)


def test_metadata_keys_can_be_mapped(connection):
    fields = list(plugin.halo_mappable_fields(connection))
    assert {field.key for field in fields} == {"office", "contract", "account_manager"}
    assert all(field.sample and field.label for field in fields)


def test_a_user_page_gets_a_tab_without_asking_anyone(connection):
    (tab,) = plugin.halo_user_tabs(connection, USER)
    assert tab.title == "GoCardless Payments"


def test_the_payments_of_a_payer_are_listed_and_their_links_open(twin, connection):
    query = PaymentQuery(external_user_ids=oldest_payers(connection, 20), limit=10)
    page = plugin.halo_list_payments(connection, query)

    assert len(page.payments) == 10
    assert page.next_cursor
    times = [payment.created_at for payment in page.payments]
    assert times == sorted(times, reverse=True)
    payment = page.payments[0]
    assert payment.url == f"{twin.url}/dashboard/payments/{payment.id}"
    opened = requests.get(payment.url, timeout=10)
    assert opened.status_code == 200
    assert payment.id in opened.text


@pytest.mark.parametrize("sort", ["newest", "oldest", "largest", "smallest"])
def test_pages_add_up_to_the_whole_list_in_every_order(connection, sort):
    ids = oldest_payers(connection, 10)
    whole = PaymentQuery(external_user_ids=ids, sort=sort, limit=100_000)
    expected = [payment.id for payment in plugin.halo_list_payments(connection, whole).payments]
    assert len(expected) > 14

    found, cursor = [], None
    while cursor is not None or not found:
        query = PaymentQuery(external_user_ids=ids, sort=sort, limit=7, cursor=cursor)
        page = plugin.halo_list_payments(connection, query)
        found += [payment.id for payment in page.payments]
        cursor = page.next_cursor
    assert found == expected


def test_filters_hold_what_they_promise(connection):
    ids = oldest_payers(connection, 30)
    everything = plugin.halo_list_payments(
        connection, PaymentQuery(external_user_ids=ids, limit=100_000)
    ).payments
    paid_out = [payment for payment in everything if payment.status == "paid_out"]
    days = sorted(payment.charge_date for payment in paid_out)
    first, last = days[len(days) // 4], days[len(days) // 2]
    query = PaymentQuery(
        external_user_ids=ids,
        statuses=("paid_out", "failed"),
        charged_from=first,
        charged_to=last,
        limit=100_000,
    )
    found = {payment.id for payment in plugin.halo_list_payments(connection, query).payments}
    assert 0 < len(found) < len(everything)
    assert found == {
        payment.id
        for payment in everything
        if payment.status in query.statuses and first <= payment.charge_date <= last
    }


def test_without_the_operators_word_the_twin_is_not_reached(twin, monkeypatch):
    monkeypatch.delenv("HALO_GOCARDLESS_ALLOW_API_URL", raising=False)
    with pytest.raises(ProviderError, match="this machine does not allow it"):
        plugin.halo_check_connection(connection_to(twin.url, twin.access_token))


def test_the_demo_brings_a_twin_that_knows_the_demos_customers(tmp_path, monkeypatch):
    monkeypatch.delenv("HALO_GOCARDLESS_ALLOW_API_URL", raising=False)
    demo = plugin.halo_demo()
    people = (DemoPerson(given_name="Ada", family_name="Byron", email="ada@byron.example"),)
    customers = [DemoCustomer(name="Byron Engines", sites=("Main",), people=people)]

    with demo.start(customers, tmp_path) as offered:
        (integration,) = plugin.halo_integrations()
        assert demo.integration == integration.slug
        assert Draft202012Validator(integration.config_schema).is_valid(offered.settings)
        connection = connection_to(offered.settings["api_url"], offered.settings["access_token"])
        assert plugin.halo_check_connection(connection).ok
        *users, end = plugin.halo_import_users(connection)
        assert end.records == 300
        assert any(user.company == "Byron Engines" for user in users)
        keys = {field.key for field in plugin.halo_mappable_fields(connection)}
        assert keys >= offered.mappings.keys()
        assert any(offered.settings["api_url"] in hint for hint in offered.hints)
    assert "HALO_GOCARDLESS_ALLOW_API_URL" not in os.environ


def test_the_package_brings_the_files_that_it_reads_at_run_time():
    folder = Path(halo_gocardless.__file__).parent
    json.loads((folder / "config.schema.json").read_bytes())
    for name in ("py.typed", "templates/payments.html", "templates/mirrored_history.html"):
        assert (folder / name).is_file()
