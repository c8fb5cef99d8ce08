"""One bad plugin is reported by name, distribution and version; the host and the others go on."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from halo_host import Integration, hookimpl
from halo_host.errors import NotFound, PluginError
from halo_host.plugins import PluginReport, Plugins

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, acme_pay: None) -> Install:
    """Install a distribution: a .dist-info folder and a module, as pip leaves them."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)

    def install(
        name: str,
        source: str,
        *,
        entry_point: str | None = None,
        target: str | None = None,
        requires: str = "halo-host",
    ) -> None:
        module = name.replace("-", "_")
        monkeypatch.delitem(sys.modules, module, raising=False)
        (folder / f"{module}.py").write_text(f"from halo_host import *\n{source}")
        info = folder / f"{module}-3.4.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: 3.4\nRequires-Dist: {requires}\n"
        )
        (info / "entry_points.txt").write_text(
            f"[halo_host.plugins]\n{entry_point or name} = {target or module}\n"
        )

    return install


def refused(name: str) -> PluginReport:
    """The report of a plugin that is not used, after checking that Acme Pay is."""
    reports = Plugins.installed().reports
    assert reports["acme"].ready
    report = reports[name]
    assert not report.ready
    assert (report.distribution, report.version) == ("bad-pay", "3.4")
    assert report.reason
    assert report.advice
    return report


def test_a_plugin_that_cannot_be_imported(install: Install) -> None:
    install("bad-pay", "import no_such_module_anywhere")

    assert "no_such_module_anywhere" in (refused("bad-pay").reason or "")


def test_a_plugin_that_ends_the_program_when_imported(install: Install) -> None:
    install("bad-pay", "raise SystemExit(3)")

    assert "SystemExit" in (refused("bad-pay").reason or "")


def test_a_plugin_that_panics_in_a_hook(install: Install) -> None:
    install("bad-pay", "@hookimpl\ndef halo_integrations():\n    raise BaseException('panic')")

    assert "BaseException" in (refused("bad-pay").reason or "")


def test_what_a_plugin_prints_does_not_spoil_output(
    install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    install("bad-pay", "print('noise')")

    assert Plugins.installed().reports["bad-pay"].ready
    assert capsys.readouterr().out == ""


def test_an_unknown_hook_is_named(install: Install) -> None:
    install("bad-pay", "@hookimpl\ndef halo_import_user(connection): pass")

    assert "halo_import_user is no hook" in (refused("bad-pay").reason or "")


def test_an_unknown_argument_is_named_with_those_there_are(install: Install) -> None:
    install("bad-pay", "@hookimpl\ndef halo_user_tabs(connection, person): pass")

    report = refused("bad-pay")
    assert "person" in (report.reason or "")
    assert "connection, user" in (report.advice or "")


def test_a_class_instead_of_an_instance(install: Install) -> None:
    install("bad-pay", "class Pay: pass", target="bad_pay:Pay")

    assert "plugin = Pay()" in (refused("bad-pay").advice or "")


def test_an_object_without_a_hash(install: Install) -> None:
    install("bad-pay", "plugin = []", target="bad_pay:plugin")

    assert "no hash" in (refused("bad-pay").reason or "")


def test_a_hook_without_its_marker(install: Install) -> None:
    install("bad-pay", "def halo_integrations(): return []")

    assert "@hookimpl" in (refused("bad-pay").advice or "")


def test_an_integration_that_another_plugin_has(install: Install) -> None:
    install(
        "bad-pay",
        "@hookimpl\ndef halo_integrations():\n"
        "    yield Integration(slug='acme-pay', title='', description='', "
        "config_schema={'type': 'object'})",
    )

    assert "acme (acme-pay 1.2)" in (refused("bad-pay").reason or "")


def test_a_name_that_another_plugin_has(install: Install) -> None:
    install("bad-pay", "", entry_point="acme")

    assert "its name is taken" in (refused("acme (bad-pay)").reason or "")


def test_a_host_version_that_is_not_met(install: Install) -> None:
    install("bad-pay", "raise AssertionError('must not be imported')", requires="halo-host>=99")

    assert "needs halo-host >=99" in (refused("bad-pay").reason or "")


@pytest.mark.parametrize(
    ("schema", "complaint"),
    [
        ("{'type': 'array'}", "must be of type object"),
        ("{'type': 'object', 'properties': {'a': {'type': 'no-type'}}}", "no valid JSON Schema"),
        (
            "{'type': 'object', 'properties': {'a': {'properties': {'b': {'writeOnly': True}}}}}",
            "secret inside a",
        ),
    ],
)
def test_a_config_schema_that_the_host_cannot_use(
    install: Install, schema: str, complaint: str
) -> None:
    install(
        "bad-pay",
        "@hookimpl\ndef halo_integrations():\n"
        f"    yield Integration(slug='bad', title='', description='', config_schema={schema})",
    )

    assert complaint in (refused("bad-pay").reason or "")


def test_a_hook_that_fails_while_the_integrations_are_read(install: Install) -> None:
    install("bad-pay", "@hookimpl\ndef halo_integrations():\n    yield 1/0")

    assert "ZeroDivisionError" in (refused("bad-pay").reason or "")


def test_strict_raises_instead(install: Install) -> None:
    install("bad-pay", "import no_such_module_anywhere")

    with pytest.raises(PluginError, match=r"bad-pay \(bad-pay 3\.4\)"):
        Plugins.installed(strict=True)


def test_an_integration_that_is_missing_names_the_plugin_that_failed(install: Install) -> None:
    install("bad-pay", "import no_such_module_anywhere")

    with pytest.raises(NotFound, match="Not used because of an error: bad-pay"):
        Plugins.installed().integration("bad")


def test_a_refused_plugin_is_never_called() -> None:
    class Bad:
        @hookimpl
        def halo_integrations(self) -> list[Integration]:
            return [Integration(slug="NO", title="", description="", config_schema={})]

        @hookimpl
        def halo_demo(self) -> None:
            raise AssertionError("called")

    plugins = Plugins()
    plugins.add("bad", Bad())

    assert plugins.demos() == []
    assert plugins.integrations == []
