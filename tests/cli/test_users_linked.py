"""Linking and unlinking a payer by hand, on the command line."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import CliRunner
from support.acme import CONNECTION, Desk
from support.mirror import Mirror

from halo_host.cli import main

Run = Callable[..., str]


@pytest.fixture
def halo(desk: Desk) -> Run:
    """What a command says; `status` is how it must end."""
    settings = desk.host.settings

    def run(*arguments: str, status: int = 0) -> str:
        place = ("--data", str(settings.data), "--database", settings.database_url)
        result = CliRunner().invoke(main, [*place, *arguments])
        assert result.exit_code == status, result.output
        return result.output

    return run


def test_a_payer_is_linked_to_a_user_and_unlinked_again(desk: Desk, halo: Run) -> None:
    Mirror(desk.host, CONNECTION).payer("CU1", "Ann Archer", "ann@acme.example")
    ann = desk.add_user("Acme Ltd/Warehouse", given_name="Ann", email="ann@acme.example")

    linked = halo("users", "link", "ann@acme.example", CONNECTION, "CU1")
    assert f"CU1 is linked to user {ann}, Ann." in linked
    assert "CU1" in halo("users", "show", "ann@acme.example")
    assert "linked to user" in halo("users", "link", str(ann), CONNECTION, "CU1", status=1)

    unlinked = halo("users", "unlink", "ann@acme.example", CONNECTION, "CU1")
    assert f"CU1 is no longer linked to user {ann}." in unlinked
    assert "CU1" not in halo("users", "show", "ann@acme.example")
    assert "is not linked" in halo("users", "unlink", str(ann), CONNECTION, "CU1", status=1)
