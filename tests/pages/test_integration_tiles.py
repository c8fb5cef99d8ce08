"""Configuration > Integrations: the grid of tiles."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.acme import Desk
from support.agents import BY
from support.pages import Visitor, mistakes, visitor_with

from halo_host import Integration, hookimpl
from halo_host.agents.roles import Role
from halo_host.host import Host
from halo_host.plugins import Plugins
from halo_host.settings import Settings
from halo_host.web.answer_times import AnswerTimes
from halo_host.web.app import create_app

ENABLE = "/configuration/integrations/acme-pay"
TABS = ("details", "sites", "mappings", "integrator", "health")


def filled(desk: Desk, **more: str) -> dict[str, str]:
    """What an administrator types to enable Acme Pay."""
    return {
        "name": "Acme London",
        "setting-ledger": str(desk.ledger.path),
        "setting-api_key": "another-secret",
        "setting-region": "south",
        **more,
    }


def text_of(page: str) -> str:
    """What people read."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def test_a_tile_that_is_not_enabled_has_a_plus(administrator: Visitor) -> None:
    page = administrator.get("/integrations").text

    assert "Acme Pay" in page
    assert "Payers in a file." in page
    assert "Version 1.2" in page
    assert f'href="{ENABLE}" aria-label="Enable Acme Pay"' in page


def test_an_enabled_tile_opens_its_connection_and_takes_another(
    desk: Desk, administrator: Visitor
) -> None:
    page = administrator.get("/integrations").text

    assert 'aria-label="Enable Acme Pay"' not in page
    assert 'href="/integrations/acme-pay/details"' in page
    assert "Another connection" in page


def test_only_administrators_see_how_to_enable(operator: Visitor) -> None:
    page = operator.get("/integrations").text

    assert ENABLE not in page
    assert "An administrator can enable it." in page


def test_the_search_finds_tiles_by_title_and_by_the_names_of_connections(
    desk: Desk, administrator: Visitor
) -> None:
    desk.host.connections.configure("acme-pay", agent=BY, name="Leeds office")

    assert "Acme Pay" in administrator.htmx("/integrations?q=leeds").text
    nothing = administrator.htmx("/integrations?q=paypal").text
    assert "Acme Pay" not in nothing
    assert "Nothing found" in nothing
    assert "<html" not in nothing


class Broken:
    """A plugin that declares something that the host cannot use."""

    def halo_integrations(self) -> Iterator[object]:
        yield "nonsense"


def test_a_broken_plugin_is_a_tile_with_its_reason(settings: Settings) -> None:
    plugins = Plugins.installed()
    plugins.add("half-baked", Broken())
    with Host(settings, plugins=plugins) as host:
        visitor = visitor_with(create_app(host, AnswerTimes()), host, Role.VIEWER)

        page = visitor.get("/integrations")

    assert mistakes(page.text) == []
    assert "half-baked" in page.text
    assert "its function halo_integrations is not marked as a hook" in page.text
    assert "Acme Pay" in page.text


@pytest.fixture
def settings(host: Host) -> Settings:
    return host.settings


def test_a_connection_whose_plugin_is_gone_stays_readable(settings: Settings, desk: Desk) -> None:
    with Host(settings, plugins=Plugins()) as host:
        visitor = visitor_with(create_app(host, AnswerTimes()), host, Role.ADMINISTRATOR)
        assert "No installed plugin brings it any longer" in visitor.get("/integrations").text
        for tab in TABS:
            page = visitor.get(f"/integrations/acme-pay/{tab}")
            assert page.status_code == 200, tab
            assert mistakes(page.text) == []
            assert "The plugin of this connection cannot be used" in page.text
            assert "/details/edit" not in page.text


PICTURE = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><circle cx="4" cy="4" r="3"/></svg>'
)


class Pictured:
    """A plugin whose integrations have these icons."""

    def __init__(self, **icons: str | None) -> None:
        self.icons = icons

    @hookimpl
    def halo_integrations(self) -> Iterator[Integration]:
        for slug, icon in self.icons.items():
            yield Integration(
                slug=slug,
                title=slug.title(),
                description="Has a picture.",
                config_schema={"type": "object"},
                icon=icon,
            )


@pytest.fixture
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package with pictures in it."""
    package = tmp_path / "installed" / "pictured"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "sign.svg").write_bytes(PICTURE)
    (package / "large.png").write_bytes(b"x" * 70_000)
    (package / "secret.txt").write_text("secret")
    monkeypatch.syspath_prepend(package.parent)


def test_a_tile_shows_the_icon_of_its_plugin(
    host: Host, pictures: None, administrator: Visitor
) -> None:
    host.plugins.add("pictured", Pictured(good="pictured:sign.svg", none=None))

    page = administrator.get("/integrations")
    assert mistakes(page.text) == []
    assert 'src="/configuration/integrations/good/icon"' in page.text
    assert "/configuration/integrations/none/icon" not in page.text
    picture = administrator.get("/configuration/integrations/good/icon")
    assert (picture.mimetype, picture.data) == ("image/svg+xml", PICTURE)
    assert "default-src 'none'" in picture.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "icon",
    [
        "pictured:gone.svg",
        "pictured:secret.txt",
        "pictured:large.png",
        "pictured:",
        "sign.svg",
        "no_such_package:sign.svg",
        None,
    ],
)
def test_what_is_no_icon_is_not_there(
    host: Host, pictures: None, viewer: Visitor, icon: str | None
) -> None:
    host.plugins.add("pictured", Pictured(wrong=icon))

    assert viewer.get("/configuration/integrations/wrong/icon").status_code == 404
