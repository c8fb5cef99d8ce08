"""Tabs of plugins: rendered by the host in a sandbox; one that fails harms nothing else."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support.acme import CONNECTION, Desk

from halo_host.errors import NotFound, PluginError
from halo_host.plugins import Plugins
from halo_host.tabs.render import Renderer
from halo_host.types import Money


@pytest.fixture
def ann(desk: Desk) -> int:
    desk.run({"id": "CU1", "given_name": "<b>Ann</b>", "company": "Acme Ltd"})
    return desk.user_of("CU1")


def test_the_page_of_a_tab_is_whole_and_everything_in_it_is_escaped(desk: Desk, ann: int) -> None:
    page = desk.host.tabs.page(ann, CONNECTION).html

    assert page.startswith("<!doctype html>")
    assert "£1,234.56" in page
    assert "&lt;paid&gt;" in page
    assert "&lt;b&gt;Ann" in page
    assert "<b>Ann" not in page
    assert 'href="https://pay.example/CU1"' in page
    assert "Acme Ltd" in page


def test_headings_come_in_order_and_ask_the_provider_nothing(desk: Desk, ann: int) -> None:
    desk.ledger.path.unlink()

    headings = desk.host.tabs.headings(ann, CONNECTION)

    assert [heading.slug for heading in headings] == ["payments", "broken"]


def test_a_tab_that_fails_becomes_an_error_page_that_names_its_plugin(desk: Desk, ann: int) -> None:
    page = desk.host.tabs.page(ann, CONNECTION, "broken").html

    assert page.startswith("<!doctype html>")
    assert "could not be loaded" in page
    assert "acme (acme-pay 1.2)" in page
    assert "£" not in page


def test_a_user_without_a_payer_gets_an_empty_list(desk: Desk) -> None:
    user = desk.add_user("Acme Ltd/Warehouse", given_name="Zoe")

    assert "pay.example" not in desk.host.tabs.page(user, CONNECTION).html


def test_a_tab_that_is_not_there_names_those_that_are(desk: Desk, ann: int) -> None:
    with pytest.raises(NotFound, match="Tabs: payments, broken"):
        desk.host.tabs.page(ann, CONNECTION, "nowhere")
    with pytest.raises(NotFound, match="no user 4711"):
        desk.host.tabs.page(4711, CONNECTION)


@pytest.fixture
def template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    package = tmp_path / "hostile_pay"
    package.mkdir()
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "hostile_pay", raising=False)
    return package / "tab.html"


@pytest.mark.parametrize(
    "source",
    [
        "{{ missing }}",
        "{{ value.missing }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ value.__init__.__globals__ }}",
        "{{ range(3) }}",
        "{{ cycler }}",
        "{% include 'no-such.html' %}",
        "{% if %}",
    ],
)
def test_a_template_that_reaches_out_or_is_wrong_is_an_error(template: Path, source: str) -> None:
    template.write_text(source)
    plugins = Plugins()
    plugins.add("hostile", object())
    renderer = Renderer("en_GB", "UTC")

    with pytest.raises(PluginError, match="hostile"), plugins.attributed("hostile", "the tab"):
        renderer.fragment("hostile_pay:tab.html", {"value": Money(amount=1, currency="GBP")})


def test_one_plugin_cannot_render_the_files_of_another(template: Path) -> None:
    template.write_text("{% include 'acme_pay/payments.html' %}")
    plugins = Plugins()
    plugins.add("hostile", object())

    with pytest.raises(PluginError), plugins.attributed("hostile", "the tab"):
        Renderer("en_GB", "UTC").fragment("hostile_pay:tab.html", {})


@pytest.mark.parametrize(
    ("locale", "expected"), [("en_GB", "¥1,235"), ("de_DE", "1.235\xa0¥"), ("de-DE", "1.235\xa0¥")]
)
def test_amounts_are_written_in_the_operators_locale(
    template: Path, locale: str, expected: str
) -> None:
    template.write_text("{{ amount | money }}")
    amount = Money(amount=1235, currency="JPY")

    text = Renderer(locale, "UTC").fragment("hostile_pay:tab.html", {"amount": amount})

    assert text.replace("JP¥", "¥") == expected


def test_a_tab_is_addressed_as_package_and_path(template: Path) -> None:
    with pytest.raises(PluginError, match="package:path"):
        Renderer("en_GB", "UTC").fragment("tab.html", {})
